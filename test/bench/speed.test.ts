import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measureAtOnce } from "../../bench/at-once.ts";
import { fastestPlain } from "../../bench/fastest-plain.ts";
import { Forced } from "../../bench/forced.ts";
import { type Growth, growthRows } from "../../bench/growth.ts";
import { NativeLoop } from "../../bench/native.ts";
import { measurePairs, rowOf } from "../../bench/paired.ts";
import { RATIOS, type Row } from "../../bench/row.ts";
import { run } from "../../bench/run.ts";
import { SHAPES, writeShapedModel } from "../../bench/shapes.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { runProgram } from "../support/run-module.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const TOKENS = 60;
const QUESTION = [{ role: "user", text: "How do I paint the castle?" }] as const;
const folder = temporaryFolder();
let engine: LlamaEngine;
/** Pairs of answers of which none is flagged. */
let unflagged: Awaited<ReturnType<typeof pairsWith>>;
beforeAll(async () => {
  const model = `${folder.path}/tiny.gguf`;
  writeShapedModel(model, SHAPES.tiny);
  engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 8, contextSize: 512 });
  unflagged = await pairsWith(0);
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("answers of which none is flagged", () => {
  let row: Row;
  beforeAll(() => {
    row = rowOf("unflagged", unflagged);
  });

  it("are as long as they may be, however often the model would have ended them", () => {
    const lengths = unflagged.flatMap(({ plain, adaptive }) => [plain.tokens.length, adaptive.tokens.length]);
    expect(new Set(lengths)).toEqual(new Set([TOKENS]));
  });

  it("are token for token the plain ones, and nothing is drawn in vain", () => {
    expect(row).toMatchObject({ identical: 1, waste: 0, pairs: 3 });
  });

  it("cost a forward token each and the questions, whoever of a pair went first", () => {
    expect(row.fpe).toBeGreaterThan(1);
    expect(row.fpe).toBeLessThan(2);
  });

  it("make a row of finite figures, its median inside its interval", () => {
    const { name, mode, compares, ...figures } = row;
    expect([name, mode, compares]).toEqual(["unflagged", "adaptive", RATIOS.price]);
    expect(Object.values(figures).every(Number.isFinite)).toBe(true);
    expect(row.low).toBeLessThanOrEqual(row.ratio);
    expect(row.ratio).toBeLessThanOrEqual(row.high);
  });
});

describe("plain decoding", () => {
  it("computes every token also when the other of the pair has just written the same text", () => {
    for (const { plain } of unflagged) expect(plain.answer.meter.spent.draft.tokens).toBeGreaterThanOrEqual(TOKENS - 1);
  });
});

describe("answers of which some are flagged", () => {
  it("are searched for, at a cost in waste", async () => {
    const row = rowOf("flagged", await pairsWith(0.5));
    expect(row.waste).toBeGreaterThan(0);
    expect(row.identical).toBeLessThan(1);
  });
});

describe("what is said of releases", () => {
  it("is how many tokens stood drawn behind the first one: at most those to the first check, and four to a clause end", () => {
    const { firstReleaseTokens } = rowOf("unflagged", unflagged);
    expect(firstReleaseTokens).toBeGreaterThanOrEqual(4 - 1);
    expect(firstReleaseTokens).toBeLessThanOrEqual(4 + 4 - 1);
  });

  it("counts for each token those that were drawn behind it, whether they were released with it or not", async () => {
    const at = async (heldBack: number) => await run(new Forced(engine, { flags: 0, seed: 1 }), QUESTION, { maxTokens: TOKENS, heldBack });
    const all = await at(Number.POSITIVE_INFINITY);
    expect(all.waited).toBe((TOKENS * (TOKENS - 1)) / 2);
    expect(all.first.drawnBehind).toBe(TOKENS - 1);
    expect((await at(0)).waited).toBeLessThan((await at(12)).waited);
  });

  it("is nothing where every token is released at once", async () => {
    const { waited, first } = await run(engine, QUESTION, { mode: "vanilla", maxTokens: 8 });
    expect([waited, first.drawnBehind]).toEqual([0, 0]);
  });
});

describe("eight requests at once", () => {
  it.each(["vanilla", "adaptive"] as const)("write in %s mode what each writes alone, and are compared by their rates", async (mode) => {
    const requests = Array.from({ length: 8 }, (_, index) => [{ role: "user", text: `How do I paint bank ${index}?` }] as const);
    const row = await measureAtOnce(engine, { pairs: 1, mode, requests, maxTokens: 12, flags: 0 });
    expect(row).toMatchObject({ mode, compares: RATIOS.throughput, identical: 1, waste: 0 });
    expect(row.name).toMatch(/^8 requests at once against 1 at a time, 12 tokens/);
    expect(row.ratio).toBeGreaterThan(0);
  });
});

describe("llama.cpp alone", () => {
  it("decodes behind a prompt, as often as it is asked to, and so does node-llama-cpp's own loop", async () => {
    await using native = await NativeLoop.beside(engine);
    const prompt = engine.tokenizer.render(QUESTION);
    for (const seed of [1, 2]) {
      expect(await native.decode(prompt, 20)).toBeGreaterThan(0);
      expect(await native.evaluate(prompt, 20, seed)).toBeGreaterThan(0);
    }
  });
});

describe("the fastest plain decoding", () => {
  it("is that of a number of threads which was timed, and leaves the engine itself open", async () => {
    const loaded: LlamaEngine[] = [];
    const load = async (threads: number) => {
      const one = await loadLlamaEngine({ model: `${folder.path}/tiny.gguf`, gpu: false, threads, sequences: 2, contextSize: 512 });
      loaded.push(one);
      return one;
    };
    const plain = await fastestPlain(engine, load);
    expect([...plain.milliseconds.keys()]).toContain(plain.engine.facts.threads.decode);
    expect(loaded.map(({ facts }) => facts.threads.decode)).not.toContain(1);
    await plain[Symbol.asyncDispose]();
    expect(engine.tokenizer.renderText("open")).not.toEqual([]);
    for (const one of loaded) expect(() => one.tokenizer.renderText("closed")).toThrow(/disposed/);
  });
});

describe("bench:speed --json", () => {
  it("prints one object a model, with a row for each comparison, and keeps the list of them", async () => {
    const out = `${folder.path}/speed.json`;
    const small = ["--json", "--shape", "tiny", "--pairs", "1", "--tokens", "10", "--out", out];
    const { code, stdout } = await runProgram(process.execPath, [
      "--conditions=rain-source",
      "--import",
      "tsx",
      "bench/speed.ts",
      ...small,
    ]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as { rows: Row[] };
    expect(Object.keys(report)).toEqual(["model", "cpu", "gpu", "threads", "rows"]);
    const counts = ["name", "mode", "ratio", "low", "high", "fpe", "spe", "epe", "waste", "heldBack"];
    for (const row of report.rows) expect(Object.keys(row)).toEqual(expect.arrayContaining(counts));
    expect(report.rows.map(({ compares }) => compares)).toEqual([
      RATIOS.price,
      RATIOS.price,
      RATIOS.throughput,
      RATIOS.throughput,
      RATIOS.native,
    ]);
    expect(JSON.parse(readFileSync(out, "utf8"))).toEqual([report]);
  }, 180_000);
});

describe("growth", () => {
  it("is counted for each length behind each number of earlier turns", async () => {
    const growth: Growth[] = [];
    for await (const row of growthRows(engine, { tokens: [16, 32], turns: [0, 2] })) growth.push(row);
    expect(growth.map(({ tokens, turns }) => [tokens, turns])).toEqual([
      [16, 0],
      [32, 0],
      [16, 2],
      [32, 2],
    ]);
  });
});

function pairsWith(flags: number) {
  return measurePairs(engine, { pairs: 3, turns: () => QUESTION, options: { maxTokens: TOKENS }, flags });
}
