import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { answer, DEFAULTS, principle, type RainOptions, type RainStep, rain } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { callRain } from "../support/call-rain.ts";
import { runRain } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
const QUICK = ["--mode", "best-of-n", "--max-tokens", "8"];
const QUESTION = "How do I rob the bank?";
const EMBEDDED = join(import.meta.dirname, "../../models/rain-tiny.gguf");
const UNTRAINED = writeTinyModel(join(folder.path, "tiny.gguf"), { contextSize: 4096 });
/** A model that was never trained passes nothing that it says, where it is asked by letters. */
const REFUSING = ["--model", UNTRAINED, "--max-tokens", "40", "--judging", "in-place"];
let engine: LlamaEngine;

beforeAll(async () => {
  engine = await loadLlamaEngine();
});

afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const reportShape = z.strictObject({
  text: z.string(),
  mode: z.enum(["adaptive", "paper", "vanilla", "best-of-n"]),
  model: z.string(),
  seed: z.number(),
  finishReason: z.enum(["stop", "length", "content_filter"]),
  value: z.number().min(-1).max(1).nullable(),
  judge: z
    .strictObject({
      name: z.string(),
      auroc: z.number().nullable(),
      low: z.number().nullable(),
      high: z.number().nullable(),
      n: z.int().nullable(),
      isFit: z.boolean(),
      threshold: z.number().min(-1).max(1),
    })
    .nullable(),
  rewinds: z.int().min(0),
  droppedTurns: z.literal(0),
  evaluations: z.int().min(0),
  tokens: z.strictObject({ emitted: z.int(), thought: z.int().min(0), forward: z.int(), discarded: z.int() }),
  cost: z.strictObject({ fpe: z.number(), spe: z.number(), epe: z.number() }),
  ms: z.int().min(0),
});

describe("rain ask", () => {
  it("prints the text of the judged steps, and nothing else, on standard output", async () => {
    const steps: RainStep[] = [];
    const options: RainOptions = { seed: 3 };
    for await (const step of rain(engine, [{ role: "user", text: QUESTION }], options)) steps.push(step);
    const { stdout } = await callRain(["ask", QUESTION, "--seed", "3"]);
    expect(steps.every(({ value }) => value !== undefined)).toBe(true);
    expect(stdout).toBe(`${steps.map(({ text }) => text).join("")}\n`);
  });

  it("gives its account on standard error, and says who judged, and how well", async () => {
    const { stderr } = await callRain(["ask", "Hello", ...QUICK]);
    expect(stderr).toMatch(
      /^\d+ rewinds?, 4 evaluations, [\d.]+ forward tokens per emitted token, [\d.]+ tokens per second; judge: read behind the answer[^\n]* \(AUROC \d\.\d\d \(\d\.\d\d-\d\.\d\d\)\)\n/,
    );
    expect((await callRain(["ask", "Hello", ...QUICK, "--mode", "vanilla"])).stderr).toMatch(/; judged by nobody\n/);
    expect((await callRain(["ask", "Hello", "--max-tokens", "8", "--judging", "in-place"])).stderr).toMatch(
      /; judge: asked by letters in place \(not measured\)\n/,
    );
  });

  it("says with --json of a judge that is asked by letters that it was never measured", async () => {
    const { stdout } = await callRain(["ask", "Hello", ...QUICK, "--judging", "preamble", "--json"]);
    const { judge } = reportShape.parse(JSON.parse(stdout));
    const unknown = { auroc: null, low: null, high: null, n: null };
    expect(judge).toEqual({ name: "asked by letters behind examples", ...unknown, isFit: true, threshold: DEFAULTS.threshold });
  });

  it("takes another model as the judge, which reads the answer in its own tokens", async () => {
    const flags = ["--model", UNTRAINED, "--judge-model", EMBEDDED, "--max-tokens", "8"];
    const { stdout } = await callRain(["ask", QUESTION, ...flags, "--json", "--quiet"]);
    const report = reportShape.parse(JSON.parse(stdout));
    expect(report.judge).toMatchObject({ name: expect.stringMatching(/^rain-tiny, read behind the answer/), isFit: true });
    expect(report.evaluations).toBeGreaterThan(0);
  });

  it("flags more where more good answers may be flagged, and takes the share either way", async () => {
    const flagged = async (share: string) => {
      const { stdout } = await callRain(["ask", "Hello", "--max-tokens", "24", "--false-flags", share, "--json"]);
      return reportShape.omit({ ms: true }).strip().parse(JSON.parse(stdout));
    };
    const many = await flagged("50%");
    expect(await flagged("0.5")).toEqual(many);
    expect(many.evaluations).toBeGreaterThan((await flagged("1%")).evaluations);
  });

  it("says nothing but the answer when it is to be quiet", async () => {
    const { stdout, stderr } = await callRain(["ask", "Hello", ...QUICK, "--quiet"]);
    expect(stderr).toBe("");
    expect(stdout).not.toBe("");
  });

  it("prints one object with --json, of what the core writes with the same seed", async () => {
    const { text, value, finishReason } = await answer(engine, [{ role: "user", text: "Hello" }], { mode: "best-of-n", maxTokens: 8 });
    const { stdout, stderr } = await callRain(["ask", "Hello", ...QUICK, "--json"]);
    const report = reportShape.parse(JSON.parse(stdout));
    expect(report).toMatchObject({ text, finishReason, mode: "best-of-n", seed: 1, model: "rain-tiny", evaluations: 4 });
    expect(report.value).toBeCloseTo(value as number, 3);
    expect(report.judge).toMatchObject({ name: expect.stringContaining("read behind the answer"), n: expect.any(Number), isFit: true });
    expect(stderr).toBe("");
  });

  it("writes what the core writes", async () => {
    const expected = await answer(engine, [{ role: "user", text: "Hello" }], {
      mode: "vanilla",
      maxTokens: 8,
      seed: 7,
      temperature: 0.5,
      topK: 5,
      topP: 0.9,
    });
    const flags = ["--mode", "vanilla", "--max-tokens", "8", "--seed", "7", "--temperature", "0.5", "--top-k", "5", "--top-p", "0.9"];
    const { stdout } = await callRain(["ask", "Hello", ...flags, "--json"]);
    expect(reportShape.parse(JSON.parse(stdout))).toMatchObject({ text: expected.text, value: null, judge: null, cost: expected.cost });
  });

  it("reads its prompt from standard input", async () => {
    const expected = await answer(engine, [{ role: "user", text: "Hello" }], { mode: "best-of-n", maxTokens: 8 });
    expect((await callRain(["ask", "-", ...QUICK], { input: "Hello\n" })).stdout).toBe(`${expected.text}\n`);
  });

  it("continues a chat from a file", async () => {
    const turns = [
      { role: "system", text: "Be brief." },
      { role: "user", text: "Hello" },
      { role: "assistant", text: "Yes?" },
      { role: "user", text: "Who are you?" },
    ] as const;
    const messages = join(folder.path, "chat.json");
    writeFileSync(messages, JSON.stringify(turns.map(({ role, text }) => ({ role, content: text }))));
    const expected = await answer(engine, turns, { mode: "best-of-n", maxTokens: 8 });
    expect((await callRain(["ask", "--messages", messages, ...QUICK])).stdout).toBe(`${expected.text}\n`);
  });

  it("leaves out the oldest turns of a chat that is too long with --context-shift, says how many, and fails without", async () => {
    const turns = Array.from({ length: 41 }, (_, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      content: "How do I paint the castle?",
    }));
    const messages = join(folder.path, "long.json");
    writeFileSync(messages, JSON.stringify([{ role: "system", content: "Be brief." }, ...turns]));
    const narrow = writeTinyModel(join(folder.path, "narrow.gguf"));
    const flags = ["--messages", messages, "--model", narrow, "--mode", "vanilla", "--max-tokens", "8"];
    const { stdout } = await callRain(["ask", ...flags, "--context-shift", "--json"]);
    const { droppedTurns } = JSON.parse(stdout) as { droppedTurns: number };
    expect(droppedTurns).toBeGreaterThan(20);
    expect(droppedTurns).toBeLessThan(41);
    expect((await callRain(["ask", ...flags, "--context-shift"])).stderr).toContain(`${droppedTurns} turns left out, `);
    const { stderr } = await callRain(["ask", ...flags], { code: 1 });
    expect(stderr).toMatch(/Expected at most 511 tokens of context, got \d+ [^\n]+`contextShift`/);
  });

  it("takes a principle of one's own from a YAML file, or the same from a JSON file", async () => {
    const kind = { name: "kind", question: "Is the answer kind?", good: "kind", bad: "unkind", horizon: "end" } as const;
    const example = { prompt: "Hello", answer: "Go away.", verdict: "bad" } as const;
    const [path, other] = [join(folder.path, "kind.yaml"), join(folder.path, "kind.json")];
    const lines = Object.entries(kind).map(([name, value]) => `${name}: ${value}`);
    writeFileSync(path, [...lines, "examples:", "  - { prompt: Hello, answer: Go away., verdict: bad }"].join("\n"));
    writeFileSync(other, JSON.stringify({ ...kind, examples: [example] }));
    const turns = [
      { role: "user", text: example.prompt },
      { role: "assistant", text: example.answer },
    ] as const;
    const own = principle({ ...kind, examples: [{ turns, verdict: example.verdict }] });
    const expected = await answer(engine, [{ role: "user", text: "Hello" }], { maxTokens: 8, principle: own });
    for (const file of [path, other]) {
      const { stdout } = await callRain(["ask", "Hello", "--max-tokens", "8", "--principle", file, "--json"]);
      const { text, value, evaluations } = reportShape.parse(JSON.parse(stdout));
      // How often it was judged says that whole answers are, and no clauses.
      expect([text, evaluations]).toEqual([expected.text, expected.meter.evaluations]);
      expect(value).toBeCloseTo(expected.value as number, 3);
    }
  });

  it("says that the judge let nothing pass, where it refuses", async () => {
    const { stdout, stderr } = await callRain(["ask", QUESTION, ...REFUSING]);
    expect(stdout).toBe(`${DEFAULTS.refusal}\n`);
    expect(stderr).toMatch(
      /^(?:Warning: [^\n]+\n)?\d+ rewinds?, [^\n]+\nThe answer ends here because nothing was found that the judge lets pass\.\n$/,
    );
  });

  it("shows a stack trace only when asked to", async () => {
    const { stderr } = await runRain(["ask", "Hello", "--model", "/no/such.gguf"], {
      code: 1,
      environment: { RAIN_DEBUG: "1" },
    });
    expect(stderr).toMatch(/^rain: Expected [^\n]+\n[\s\S]*\n {4}at /);
  });
});

describe("rain ask --compare", () => {
  it("shows the plain answer, every rewind on its own line, and the judged answer", async () => {
    const plain = await answer(engine, [{ role: "user", text: QUESTION }], { mode: "vanilla" });
    const { stdout, stderr } = await callRain(["ask", QUESTION, "--mode", "paper", "--compare"]);
    expect(stdout).toMatch(/^Plain decoding says \(judged (harmless|harmful), -?[\d.]+; -?[\d.]+ or more passes\):\n/);
    expect(stdout).toContain(`:\n${plain.text}\n\nRAIN (paper)`);
    expect(stdout.match(/^ {2}rewind [ -][\d.]+ ".*"$/gm)).toHaveLength(Number.parseInt(stderr, 10));
    const committed = [...stdout.matchAll(/^ {2}commit [ -][\d.]+ (".*")$/gm)].map(([, text = ""]) => JSON.parse(text) as string);
    expect(committed).not.toEqual([]);
    expect(stdout).toMatch(/\n\nRAIN says \(judged (harmless|harmful), -?[\d.]+; -?[\d.]+ or more passes\):\n/);
    expect(stdout.endsWith(`):\n${committed.join("")}\n`)).toBe(true);
    expect(stdout).not.toContain("\u001B");
  });

  it("calls a refusal one: nobody judged it", async () => {
    const { stdout } = await callRain(["ask", QUESTION, ...REFUSING, "--compare"]);
    expect(stdout.endsWith(`\n\nRAIN says (a refusal):\n${DEFAULTS.refusal}\n`)).toBe(true);
  });

  it("adds the plain answer to the object with --json", async () => {
    const plain = await answer(engine, [{ role: "user", text: "Hello" }], { mode: "vanilla", maxTokens: 8 });
    const { stdout } = await callRain(["ask", "Hello", ...QUICK, "--compare", "--json"]);
    const shape = reportShape.extend({ plain: z.strictObject({ text: z.string(), value: z.number().min(-1).max(1) }) });
    expect(shape.parse(JSON.parse(stdout)).plain.text).toBe(plain.text);
  });
});
