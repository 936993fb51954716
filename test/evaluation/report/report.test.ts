import { describe, expect, it } from "vitest";
import { HARMLESS, type Mode } from "../../../src/core/index.ts";
import {
  type About,
  csvReport,
  htmlReport,
  type Measure,
  markdownReport,
  type Result,
  type Summary,
  summaryOf,
} from "../../../src/evaluation/index.ts";

const ABOUT: About = {
  task: "hh",
  purpose: "harmless answers",
  data: "own.jsonl",
  models: [{ label: "small.gguf", bytes: 4e6, parameters: 2e6, isEmbedded: false, notice: undefined, warnings: [] }],
  modes: ["vanilla", "adaptive"],
  decoding: "",
  judge: "gpt at http://127.0.0.1/v1",
  questions: 40,
  seed: 1,
  badRows: 0,
  command: "rain eval hh --data own.jsonl --model small.gguf",
  bill: undefined,
};

const SHARE: Measure = { name: "harmless", kind: "share", wanted: "high", principle: HARMLESS };

interface Made {
  readonly id: number;
  readonly mode: Mode;
  /** `undefined`: not judged. */
  readonly outcome: number | undefined;
  readonly model?: string;
  readonly text?: string;
  readonly milliseconds?: number;
  readonly kind?: "share" | "grade" | "win";
  readonly isAnswered?: boolean;
}

function result({
  id,
  mode,
  outcome,
  model = "small.gguf",
  text = "Fine.",
  milliseconds = 100,
  kind = "share",
  isAnswered = true,
}: Made): Result {
  const measure = { ...SHARE, kind } as Measure;
  const turns = [{ role: "user", text: `Question ${id}` }] as const;
  const question = { id: String(id), group: "all", turns, seed: id, options: {}, measures: [measure] };
  const key = `${id} ${mode}`;
  const said = { key, text, finishReason: "stop", rewinds: 1, emitted: 10, forward: 30, calls: 20, evaluations: 5, milliseconds } as const;
  const row = isAnswered ? said : { key, failure: "too long" };
  return { model, attempt: { job: { question, mode, options: {}, key }, row, plain: undefined }, outcomes: { harmless: outcome } };
}

/** Outcomes of as many questions, in both modes. */
function paired(before: readonly (number | undefined)[], after: readonly (number | undefined)[], more: Partial<Made> = {}): Result[] {
  return before.flatMap((outcome, id) => [
    result({ id, mode: "vanilla", outcome, ...more }),
    result({ id, mode: "adaptive", outcome: after[id], milliseconds: 250, ...more }),
  ]);
}

function summary(results: readonly Result[], about: Partial<About> = {}): Summary {
  return summaryOf({ ...ABOUT, ...about }, results);
}

describe("a summary", () => {
  it("has Wilson's interval of each share, and McNemar's exact test of the same questions", () => {
    const results = paired([0, 0, 0, 0, 0, 0, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1]);
    const [plain, adaptive] = summary(results).cells;
    expect(plain).toMatchObject({ mode: "vanilla", n: 8, estimate: { mean: 0.25 }, versus: undefined });
    expect(adaptive).toMatchObject({
      n: 8,
      estimate: { mean: 1 },
      versus: { difference: 0.75, pairs: 8, p: expect.closeTo(0.03125), test: "McNemar, exact" },
    });
    expect(adaptive?.estimate?.low).toBeCloseTo(0.676, 3);
    expect(adaptive?.estimate?.high).toBeCloseTo(1);
  });

  it("compares grades by the bootstrap, and wins by a sign test against chance", () => {
    const graded = summary(paired([2, 2, 3, 3], [4, 4, 4, 4], { kind: "grade" })).cells[1];
    expect(graded).toMatchObject({ estimate: { mean: 4 }, versus: { difference: 1.5, test: "bootstrap" } });
    const [won, ...none] = summary(paired([undefined, undefined, undefined], [1, 0.5, 1], { kind: "win" })).cells;
    expect(none).toEqual([]);
    expect(won).toMatchObject({ mode: "adaptive", n: 3, versus: { p: 0.5, test: "sign test, exact" } });
  });

  it("leaves out what is missing, and counts it", () => {
    const results = [...paired([1, 1], [undefined, 0]), result({ id: 7, mode: "adaptive", outcome: undefined, isAnswered: false })];
    expect(summary(results).cells[1]).toMatchObject({ n: 1, unanswered: 1, unjudged: 1, versus: { pairs: 1 } });
  });

  it("has the cost for each emitted token, and the time over that of the plain answers to the same questions", () => {
    const [plain, adaptive] = summary(paired([1, 1], [1, 1])).spendings;
    expect(plain).toMatchObject({ fpe: 3, spe: 2, epe: 0.5, wallRatio: 1, answers: 2 });
    expect(adaptive).toMatchObject({ wallRatio: 2.5, rewinds: 1, tokens: 10 });
  });

  const caveats = (about: Partial<About>, results = paired(Array<number>(40).fill(1), Array<number>(40).fill(1))) =>
    summary(results, about).caveats;
  const toy = {
    label: "embedded",
    bytes: 4e6,
    parameters: 2e6,
    isEmbedded: true,
    notice: undefined,
    warnings: ["It cannot judge itself."],
  };

  it("says before any number why numbers may mean less than they seem to, and nothing where there is no reason", () => {
    expect(caveats({})).toEqual([]);
    expect(caveats({ models: [toy] })[0]).toContain("THE NUMBERS OF THE EMBEDDED MODEL ARE MEANINGLESS HERE");
    expect(caveats({ judge: "self" })[0]).toContain("The judge is the model itself");
    expect(caveats({ models: [{ ...toy, isEmbedded: false }] })).toEqual(["It cannot judge itself."]);
    expect(caveats({ badRows: 3 })).toEqual(["3 rows of the data could not be read and are left out."]);
    expect(caveats({}, paired([1], [undefined]))).toEqual([
      expect.stringContaining("1 verdicts are missing"),
      expect.stringContaining("Some rates rest on 0 answers"),
    ]);
  });
});

const HOSTILE = '<script>alert("1")</script>|\n# *not* [a](http://b) \u202e</pre>';

describe("reports of hostile texts", () => {
  const results = paired([1, 0], [1, 1], { text: HOSTILE, model: HOSTILE });
  const told = summary(results, {
    models: [{ label: HOSTILE, bytes: 4e6, parameters: 2e6, isEmbedded: false, notice: HOSTILE, warnings: [HOSTILE] }],
    decoding: HOSTILE,
    data: HOSTILE,
    bill: HOSTILE,
  });

  it("are one page that runs nothing and fetches nothing", () => {
    const page = htmlReport(told, results);
    expect(page).not.toMatch(/<script|<img|<link|src=|href=|url\(/);
    expect(page).toContain("&#x3C;script>alert(");
    expect(page).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;">`,
    );
    expect(page.match(/<\/pre>/g)).toHaveLength(page.match(/<pre /g)?.length ?? 0);
  });

  it("are Markdown whose tables keep their columns and whose text means nothing", () => {
    const text = markdownReport(told);
    expect(text).not.toContain("<script");
    const columns = text.split("\n").filter((line) => line.startsWith("| \\"));
    for (const line of columns) expect(line.replaceAll("\\|", "").match(/\|/g)).toHaveLength(11);
  });

  it("are a table in which nothing is a formula, and numbers are numbers", () => {
    const worse = summary(paired([1, 1], [0, 1]), { data: "=HYPERLINK(1)" });
    const [head = "", , line = ""] = csvReport(worse).split("\n");
    const cell = (name: string) => line.split(",")[head.split(",").indexOf(name)];
    expect(cell("data")).toBe("'=HYPERLINK(1)");
    expect(Number(cell("difference"))).toBe(-0.5);
  });
});

describe("a page of results", () => {
  it("has a chart for each measure, and of sizes where there are several models, which say in words what they show", () => {
    const models = ["small.gguf", "large.gguf"].map(
      (label, index) => ({ ...ABOUT.models[0], label, parameters: 2.1e6 * 3500 ** index }) as About["models"][0],
    );
    const results = models.flatMap(({ label }) => paired([1, 0], [1, 1], { model: label }));
    const page = htmlReport(summary(results, { models }), results);
    const labels = [...page.matchAll(/<svg [^>]*role="img"><title>([^<]*)<\/title>/g)].map(([, label]) => label);
    expect(labels).toHaveLength(3);
    expect(labels[2]).toBe(
      "harmless. small.gguf, vanilla: 50.0 % at 2.1 M; small.gguf, adaptive: 100.0 % at 2.1 M; large.gguf, vanilla: 50.0 % at 7.3 B; large.gguf, adaptive: 100.0 % at 7.3 B.",
    );
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });

  it("can be sent on: of answers that were not judged harmless the first words alone can be read", () => {
    const text = "First of all, you take\nthe \u00dcbeltat";
    const shown = (made: Partial<Made>, counts?: "bad") => {
      const [one] = paired([1], [1], { text, ...made }) as [Result];
      const measures = one.attempt.job.question.measures.map((measure) => ({ ...measure, ...(counts && { counts }) }) as Measure);
      const question = { ...one.attempt.job.question, measures };
      const outcomes = { harmless: made.outcome };
      const results = [{ ...one, outcomes, attempt: { ...one.attempt, job: { ...one.attempt.job, question } } }];
      return htmlReport(summary(results), results);
    };
    const masked = "First of all, you \u2588\u2588\u2588\u2588\n\u2588\u2588\u2588 \u2588\u2588\u2588\u2588\u2588\u2588\u2588";
    for (const page of [shown({ outcome: 1 }), shown({ outcome: 0 }, "bad"), shown({ outcome: 4, kind: "grade" })])
      expect(page).toContain(text);
    for (const page of [
      shown({ outcome: 0 }),
      shown({ outcome: undefined }),
      shown({ outcome: 1 }, "bad"),
      shown({ outcome: 2, kind: "grade" }),
    ]) {
      expect(page).toContain(masked);
      expect(page).not.toContain("take");
    }
  });

  it("says how to find it all again", () => {
    const results = paired([1], [1]);
    expect(htmlReport(summary(results), results)).toContain(ABOUT.command);
  });

  it("has no chart where nothing was judged", () => {
    const results = paired([undefined], [undefined]);
    expect(htmlReport(summary(results), results)).not.toContain('role="img"');
  });

  it("fits on a narrow screen: pictures shrink, and wide tables move within frames that the keyboard reaches", () => {
    const results = paired([1], [1]);
    const page = htmlReport(summary(results), results);
    expect(page).toContain('content="width=device-width, initial-scale=1"');
    expect([...page.matchAll(/<svg [^>]*width="(\d+)"/g)].every(([, width]) => Number(width) <= 336)).toBe(true);
    expect(page.match(/<div class="wide" role="region" tabindex="0" aria-label="[^"]+"><table>/g)).toHaveLength(2);
  });
});
