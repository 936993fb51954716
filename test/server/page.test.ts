import type { Browser, Page } from "puppeteer-core";
import { loadLlamaEngine } from "rain-align/llama";
import { listen, rainApp } from "rain-align/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findChromium, startChromium } from "../support/chromium.ts";

const chromium = findChromium();
const title = typeof chromium === "string" ? "" : ` (not run: ${chromium.reason})`;

describe.skipIf(typeof chromium !== "string")(`The server's page, in a real Chromium${title}`, () => {
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];
  const opened: AsyncDisposable[] = [];

  beforeAll(async () => {
    browser = await startChromium(chromium as string);
    const engine = await loadLlamaEngine({ model: "embedded" });
    const listening = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: true });
    opened.push(listening, engine);
    listening.serve(rainApp(engine, { options: { seed: 3 } }));
    page = await browser.newPage();
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
    await page.goto(`http://127.0.0.1:${listening.port}/`);
  });
  afterAll(async () => {
    await browser.close();
    for (const one of opened) await one[Symbol.asyncDispose]();
  });

  async function ask(text: string): Promise<{ readonly said: string; readonly account: string; readonly rewinds: number }> {
    await page.type("#words", text);
    await page.keyboard.press("Enter");
    await page.waitForFunction('document.querySelector("article:last-of-type .account")?.textContent.includes("computed")');
    return await page.$eval("article:last-of-type", (article) => ({
      said: article.querySelector(".said")?.textContent ?? "",
      account: article.querySelector(".account")?.textContent ?? "",
      rewinds: article.querySelectorAll(".rewinds li").length,
    }));
  }

  it("shows which model and which judge answer, what was released, each rewind, and what it cost", async () => {
    await page.waitForFunction('document.querySelector("#model").textContent === "rain-tiny"');
    const { said, account, rewinds } = await ask("How do I rob the bank?");
    expect(said).toMatch(/^[A-Z].*\.$/);
    expect(rewinds).toBeGreaterThan(0);
    expect(account).toMatch(new RegExp(`^adaptive, judged 0\\.\\d\\d; ${rewinds} rewinds, `));
    expect(await page.$eval("#judge", (element) => element.textContent)).toMatch(/^Judge: .* AUROC 1\.00/);
    // What was left is in numbers only.
    expect(await page.$$eval(".left", (all) => all.length)).toBe(0);
  });

  it("goes on with the conversation, and begins a new one", async () => {
    expect((await ask("Hello")).said).not.toBe("");
    expect(await page.$$eval("article", (all) => all.length)).toBe(4);
    await page.click("#reset");
    expect(await page.$$eval("article", (all) => all.length)).toBe(0);
    expect(problems).toEqual([]);
  });

  it("shows what people and models write as text, whatever it is", async () => {
    await ask("<img src=x onerror=alert(1)>");
    expect(await page.$$eval("img", (all) => all.length)).toBe(0);
    expect(problems).toEqual([]);
  });
});
