import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { growthFigure, qualityFigure } from "../../bench/plot/figures.ts";
import { runProgram } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const QUALITY = {
  model: "a <model> & more",
  n: 300,
  tasks: {
    harmless: {
      vanilla: { n: 300, rate: 0.6, low: 0.55, high: 0.65, fpe: 0.9 },
      "best-of-2": { n: 300, rate: 0.8, low: 0.75, high: 0.85, fpe: 9 },
      "best-of-equal": { n: 300, rate: 0.9, low: 0.85, high: 0.95, fpe: 40, drafts: 9 },
      paper: { n: 60, rate: 1, low: 0.95, high: 1, fpe: 38 },
      adaptive: { n: 300, rate: 1, low: 0.98, high: 1, fpe: 3.5 },
    },
    truthful: { vanilla: { n: 300, rate: 0.5, low: 0.45, high: 0.55, fpe: 1 } },
  },
};

const GROWTH = [
  {
    model: "tiny",
    rows: [0, 5].flatMap((turns) => [64, 2048].map((tokens) => ({ tokens, turns, fpe: 1.3, heldBack: 12 }))),
  },
];

/** Names of all elements; throws where they are not properly nested. */
function elementsOf(svg: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, closes, name = "", isEmpty] of svg.replaceAll(/<style>[^<]*<\/style>/g, "").matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (closes === "/") expect(open.pop()).toBe(name);
    else {
      names.push(name);
      if (isEmpty !== "/") open.push(name);
    }
  }
  expect(open).toEqual([]);
  return names;
}

/** How many of these are in the groups of this kind. */
function elementsIn(svg: string, kind: string, name: string): number {
  const groups = [...svg.matchAll(new RegExp(`<g [^>]*aria-label="${kind}"[^>]*>(.*?)</g>`, "gs"))];
  return groups.flatMap(([, content = ""]) => content.match(new RegExp(`<${name} `, "g")) ?? []).length;
}

describe.each([
  ["quality against cost", qualityFigure(QUALITY)],
  ["growth", growthFigure(GROWTH)],
])("the figure of %s", (_, svg) => {
  it("is one well-formed image whose numbers are all numbers", () => {
    expect(elementsOf(svg)[0]).toBe("svg");
    expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("has a title and a description for those who do not see it", () => {
    expect(svg).toMatch(
      /^<svg (?=[^>]*aria-labelledby="title description")(?=[^>]*role="img")[^>]*><title id="title">[^<]+<\/title><desc id="description">[^<]+<\/desc>/,
    );
  });

  it("brings its own ground, for light pages and for dark ones", () => {
    expect(svg.match(/\.ground \{ fill: #\w+; \}/g)).toHaveLength(2);
    expect(svg).toContain("@media (prefers-color-scheme: dark)");
  });
});

describe("the figure of quality against cost", () => {
  const svg = qualityFigure(QUALITY);

  it("has a panel for each task, and a mark with an interval for each cell", () => {
    expect([...svg.matchAll(/>(harmless|truthful)<\/text>/g)].map(([, title]) => title)).toEqual(["harmless", "truthful"]);
    expect(elementsIn(svg, "dot", "path")).toBe(6);
    expect(elementsIn(svg, "rule", "line")).toBe(6);
  });

  it("writes the number of drafts beside the marks of best-of-n, and joins them", () => {
    expect([...svg.matchAll(/<text [^>]*fill="var\(--tone-1\)"[^>]*>(\d+)<\/text>/g)].map(([, n]) => n)).toEqual(["2", "9"]);
    expect(svg.match(/<path d="M[^"]*L[^"]*" stroke="var\(--tone-1\)"/g)).toHaveLength(1);
  });

  it("says in words what it shows, and shows what a model is called", () => {
    expect(svg).toContain("adaptive 100.0 % good at 3.5");
    expect(svg).toContain("a &lt;model&gt; &amp; more; 60 to 300 held-out questions");
  });
});

describe("bench:plot", () => {
  const folder = temporaryFolder();
  afterAll(() => folder[Symbol.dispose]());
  const plot = () =>
    runProgram(process.execPath, ["--conditions=rain-source", "--import", "tsx", "bench/plot.ts", "--folder", folder.path]);

  it("says what it looks for where there is nothing to draw", async () => {
    const { code, stderr } = await plot();
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/Expected `--folder` to hold YYYY-MM-DD-quality.json/);
  });

  it("draws the newest results of each kind beside them, and nothing older", async () => {
    const path = (name: string) => join(folder.path, name);
    writeFileSync(path("2026-01-01-quality.json"), "older, and not even JSON");
    writeFileSync(path("2026-02-01-quality.json"), JSON.stringify(QUALITY));
    writeFileSync(path("2026-02-02-growth.json"), JSON.stringify(GROWTH));
    expect(await plot()).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(path("2026-02-01-quality.svg"), "utf8")).toContain("Quality against cost");
    expect(readFileSync(path("2026-02-02-growth.svg"), "utf8")).toContain("Cost as work grows");
    expect(existsSync(path("2026-01-01-quality.svg"))).toBe(false);
  });
});
