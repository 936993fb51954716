import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type ShiftAbout, type ShiftRow, shiftPage, shiftSummary, type TokenRow } from "../../../src/evaluation/index.ts";
import { findChromium, startChromium } from "../../support/chromium.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const chromium = findChromium();
const title = typeof chromium === "string" ? "" : ` (not run: ${chromium.reason})`;
const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** What a vocabulary may hold. */
const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "</style></span>",
  "\u202Eevil",
  "\0\u0007\u001B[31m\u007F\u0085",
  "\u200B\uFEFF",
  "\n\n",
  "\r\n\t",
  "<0xE2>",
  "שלום",
  "a".repeat(300),
];

const ABOUT: ShiftAbout = {
  base: { label: "<b>base.gguf", bytes: 4e6, isEmbedded: false },
  aligned: { label: "chat\u202E.gguf", bytes: 4e6, isEmbedded: false },
  data: "<i>prompts.txt",
  badRows: 0,
  layout: "aligned",
  maxTokens: 64,
};

function token(text: string, rank: number): TokenRow {
  return { token: rank, text, rank, base: 0.000001, aligned: 0.75, favourite: "<script>", kl: 1.5 };
}

function answer(texts: readonly string[], question = "<script>How do I visit the castle?"): ShiftRow {
  const messages = [
    { role: "user", content: question },
    { role: "assistant", content: "not shown" },
  ];
  return { key: question, messages, end: "length", tokens: texts.map((text, index) => token(text, (index % 5) + 1)) };
}

function pageOf(rows: readonly ShiftRow[]): string {
  return shiftPage(shiftSummary(ABOUT, rows), rows, "2026-11-21");
}

describe("a page of shifts", () => {
  it("runs nothing and fetches nothing, whatever tokens say", () => {
    const page = pageOf([answer(HOSTILE)]);
    // Between quotation marks nothing begins an element.
    const elements = page.replaceAll(/="[^"]*"/g, "");
    expect(elements).not.toMatch(/<script|<img|<link|<b>|<i>|<[a-z]+[^>]*\s(src|href|on[a-z]+)|url\(/);
    expect(elements.match(/<span/g)).toHaveLength(elements.match(/<\/span>/g)?.length ?? 0);
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;">`,
    );
    expect(elements.match(/<\/?style>/g)).toHaveLength(2);
  });

  it("shows what is invisible, and what would turn the direction of writing, by signs", () => {
    const page = pageOf([answer(HOSTILE)]);
    const body = page.slice(page.indexOf("<body>"));
    expect(/[^\P{Cc}\n]|\p{Cf}/u.exec(body)).toBeNull();
    for (const sign of [
      "&#x3C;U+202E>evil",
      "&#x3C;U+0000>&#x3C;U+0007>&#x3C;U+001B>[31m&#x3C;U+007F>&#x3C;U+0085>",
      "&#x3C;U+200B>",
      "↵<br>↵<br>",
      "&#x3C;U+000D>↵<br>⇥",
      "שלום",
    ])
      expect(body).toContain(sign);
  });

  it("says of each token what both models make of it, and lets the keyboard reach those that are shifted", () => {
    const page = pageOf([answer([" so", " the", " to", " no"])]);
    const about = "“ no”: shifted, rank 4; base 1e-4 %, aligned 75.0 %; the base model&#x27;s favourite is “<script>”; KL 1.50";
    const [so = "", the = "", , no] = page.match(/<span class="token .*?<\/span>/g) ?? [];
    expect(no).toBe(`<span class="token shifted" title="${about}" tabindex="0" role="note" aria-label="${about}"> no</span>`);
    expect(the).toMatch(/^<span class="token marginal" title="[^"]+" tabindex="0" role="note"/);
    expect(so).toMatch(/^<span class="token unshifted" title="[^"]+" tabindex="-1"> so<\/span>$/);
  });

  it("says what was measured, when, and on how many answers, with the paper's figures beside", () => {
    const page = pageOf([answer([" so"])]);
    for (const said of ["2026-11-21", "both read the same tokens", "1, greedy, at most 64 tokens long", "77.7 %", "rest on 1 answers"])
      expect(page).toContain(said);
    expect(page).toMatch(/<svg [^>]*role="img"><title>Shares by position\. token 1: 100\.0 % unshifted/);
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("stays one that a browser opens: it shows the first answers and says how many there are", () => {
    const many = pageOf(Array.from({ length: 70 }, (_, index) => answer([" so"], `Question ${index}`)));
    expect(many.match(/<details>/g)).toHaveLength(50);
    expect(many).toContain("The first 50 of 70; all are in shift.jsonl.");
    const long = pageOf(Array.from({ length: 5 }, (_, index) => answer(new Array<string>(9000).fill(" so"), `Question ${index}`)));
    expect(long.match(/<details>/g)).toHaveLength(2);
  });

  it("of nothing is a page all the same", () => {
    expect(pageOf([])).toContain("<h2>Answers</h2>");
    expect(pageOf([{ key: "k", messages: [], failure: "too long" }])).not.toMatch(/NaN|undefined|role="img"/);
  });
});

describe.skipIf(typeof chromium !== "string")(`The page of shifts, in a real Chromium${title}`, () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  beforeAll(async () => {
    browser = await startChromium(chromium as string);
  });
  afterAll(() => browser.close());
  afterEach(() => page.close());

  async function open(rows: readonly ShiftRow[], width: number): Promise<void> {
    const file = join(folder.path, "shift.html");
    writeFileSync(file, pageOf(rows));
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => problems.push(message.text()));
    page.on("dialog", (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) problems.push(`asked for ${request.url()}`);
    });
    await page.setViewport({ width, height: 800 });
    await page.goto(pathToFileURL(file).href);
    await page.$$eval("details", (all) => {
      for (const one of all) one.open = true;
    });
  }

  it.each([360, 1000])("fits at %i pixels with everything opened, and nothing in it is run or fetched", async (width) => {
    await open([answer([...HOSTILE, ...new Array<string>(200).fill(" so")]), answer(HOSTILE)], width);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
    expect(problems).toEqual([]);
  });

  it("goes by the keyboard from one shifted token to the next, and shows what is known of it at the foot of the window", async () => {
    await open([answer([" so", " the", " to", " no", " yes", " so", " a"])], 360);
    await page.focus("summary");
    const reached: unknown[] = [];
    for (let step = 0; step < 5; step++) {
      await page.keyboard.press("Tab");
      reached.push(await page.evaluate("document.activeElement.textContent"));
    }
    expect(reached).toEqual([" the", " to", " no", " yes", " a"]);
    const shown = await page.evaluate("getComputedStyle(document.activeElement, '::after').content");
    expect(shown).toContain("“ a”: marginal, rank 2");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(360);
  });

  it("tells kinds of tokens apart by more than their colour", async () => {
    await open([answer([" so", " the", " to", " no"])], 360);
    const lineOf = "(one) => getComputedStyle(one).textDecorationStyle + ' ' + getComputedStyle(one).textDecorationLine";
    const lines = await page.evaluate(`[...document.querySelectorAll(".answer .token")].map(${lineOf})`);
    expect(lines).toEqual(["solid none", "dotted underline", "dotted underline", "solid underline"]);
  });
});
