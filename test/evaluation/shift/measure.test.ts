import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../src/core/index.ts";
import {
  checkSameVocabulary,
  Journal,
  measureShift,
  type Pair,
  SHIFT_ROW,
  type ShiftedRow,
  type ShiftLayout,
  type ShiftRow,
  VocabularyError,
} from "../../../src/evaluation/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { type FaultyEngine, faultyEngine } from "../../support/faulty-engine.ts";
import { END, scriptedEngine, type Weights } from "../../support/scripted-engine.ts";
import { MARKS } from "../../support/thinking-world.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const PIECES = [" Yes", " No", " Maybe", " So", "User", "Assistant"];
const PROMPTS = ["How do I visit the castle?", "rob the school", "burn the hotel", "hack the museum"];

type Endings = readonly (readonly [ending: string, weights: Weights])[];

const ALIGNED: Endings = [
  ["Assistant:", { " No": 2, " Yes": 1, " Maybe": 1 }],
  [" No", { ".": 1 }],
  [".", { [END]: 1 }],
];
const BASE: Endings = [
  ["Assistant:", { " Yes": 4, " Maybe": 2, " No": 1, " So": 1 }],
  [" No", { " So": 1, ".": 1 }],
  [".", { " Yes": 3, [END]: 1 }],
];

function speaker(endings: Endings, contextSize = 4096): Engine {
  const next = (text: string) => endings.find(([ending]) => text.endsWith(ending))?.[1] ?? { " So": 1 };
  return scriptedEngine({ pieces: PIECES, next, contextSize });
}

/** The same, if its prompt ends inside a thought. */
function thinker(endings: Endings): Engine {
  const next = (text: string) => endings.find(([ending]) => text.endsWith(ending))?.[1] ?? { " So": 1 };
  return scriptedEngine({ pieces: PIECES, next, thinking: { ...MARKS.token, asked: "<think>", quiet: "<think>" } });
}

interface Measuring {
  readonly layout?: ShiftLayout;
  readonly prompts?: readonly string[];
  readonly maxTokens?: number;
  readonly file?: string;
  readonly signal?: AbortSignal;
  readonly onBegin?: (total: number, done: number) => void;
}

let files = 0;

async function measured(engines: Pair<Engine>, measuring: Measuring = {}): Promise<readonly ShiftRow[]> {
  const { layout = "aligned", prompts = PROMPTS.slice(0, 1), maxTokens = 8, signal = new AbortController().signal } = measuring;
  using journal = new Journal(measuring.file ?? join(folder.path, `${++files}.jsonl`), SHIFT_ROW);
  const models = { base: { label: "base", bytes: 1 }, aligned: { label: "aligned", bytes: 2 } };
  const progress = {
    begin: (_: string, total: number, done: number) => measuring.onBegin?.(total, done),
    step: () => undefined,
    end: () => undefined,
    note: () => undefined,
  };
  const turns = prompts.map((text) => [{ role: "user", text }] as const);
  return await measureShift({ prompts: turns, layout, maxTokens, version: "1" }, { models, engines, journal, progress, signal });
}

function bytes(file: string): string {
  return readFileSync(file, "utf8");
}

async function only(engines: Pair<Engine>, measuring?: Measuring): Promise<ShiftedRow> {
  const [row] = await measured(engines, measuring);
  if (row === undefined || !("tokens" in row)) throw new Error(JSON.stringify(row));
  return row;
}

describe("an answer", () => {
  it("is read behind no thought, whatever the template of a model that thinks begins", async () => {
    const thinks: Endings = [["</think>", { " No": 1 }], ...ALIGNED.slice(1)];
    for (const layout of ["aligned", "own"] as const) {
      const row = await only({ base: thinker(thinks), aligned: thinker(thinks) }, { layout });
      expect(row).toMatchObject({ end: "stop", messages: [{}, { content: " No." }] });
      expect(row.tokens.map(({ kl, rank }) => [kl, rank])).toEqual(row.tokens.map(() => [0, 1]));
    }
  });

  it("has rank, probabilities, favourite and divergence of each of its tokens, the end included, as worked by hand", async () => {
    const row = await only({ base: speaker(BASE), aligned: speaker(ALIGNED) });
    expect(row).toMatchObject({
      end: "stop",
      messages: [
        { role: "user", content: PROMPTS[0] },
        { role: "assistant", content: " No." },
      ],
    });
    const ln2 = Math.LN2;
    expect(row.tokens).toMatchObject([
      { text: " No", rank: 3, base: 0.125, aligned: 0.5, favourite: " Yes", kl: expect.closeTo(0.75 * ln2, 5) },
      { text: ".", rank: 1, base: 0.5, aligned: 1, favourite: ".", kl: expect.closeTo(ln2, 5) },
      { text: "<end>", rank: 2, base: 0.25, aligned: 1, favourite: " Yes", kl: expect.closeTo(2 * ln2, 5) },
    ]);
  });

  it("of tokens that are as likely shares the better rank, and the favourite is the first of them in the vocabulary", async () => {
    const first = async (base: Weights) =>
      (await only({ base: speaker([["Assistant:", base], ...BASE]), aligned: speaker(ALIGNED) })).tokens[0];
    expect(await first({ " Maybe": 1, " No": 1, " Yes": 1, " So": 1 })).toMatchObject({ rank: 1, favourite: " Yes" });
    expect(await first({ " So": 2, " Maybe": 2, " No": 1, ".": 1 })).toMatchObject({ rank: 3, favourite: " Maybe" });
  });

  it("of two models that are the same is unshifted, and nothing diverges", async () => {
    const { tokens } = await only({ base: speaker(ALIGNED), aligned: speaker(ALIGNED) });
    expect(tokens.map(({ rank, kl }) => [rank, kl])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
  });

  it("diverges infinitely where the base model rules out what the aligned one may say, which is written as null", async () => {
    const { tokens } = await only({ base: speaker([["Assistant:", { " No": 1 }], ...BASE]), aligned: speaker(ALIGNED) });
    expect(tokens[0]).toMatchObject({ rank: 1, kl: null });
  });

  it("is cut at the longest length, and says so", async () => {
    expect(await only({ base: speaker(BASE), aligned: speaker(ALIGNED) }, { maxTokens: 2 })).toMatchObject({
      end: "length",
      tokens: [{ text: " No" }, { text: "." }],
    });
  });

  it("in plain lines ends before the next turn, which is no part of it", async () => {
    const runsOn: Endings = [
      [" No\n", { User: 1 }],
      [" No", { "\n": 1 }],
      ["Assistant:", { " No": 1 }],
    ];
    const row = await only({ base: speaker(BASE), aligned: speaker(runsOn) });
    expect(row.end).toBe("stop");
    expect(row.tokens.map(({ text }) => text)).toEqual([" No"]);
  });

  it("shows a token that is a part of a character by its name", async () => {
    const row = await only({
      base: speaker(BASE),
      aligned: speaker([
        ["é", { [END]: 1 }],
        ["Assistant:", { é: 1 }],
      ]),
    });
    expect(row.tokens.map(({ text }) => text)).toEqual(["<0xC3>", "<0xA9>", "<end>"]);
    expect(row.messages.at(-1)?.content).toBe("é");
  });

  it("that is longer than what is held at once is read in parts, each as one batch", async () => {
    const endless = (end: number): Endings => [
      ["Assistant:", { " So": 1 }],
      [" So", { " So": 1 - end, " No": end }],
    ];
    const large = speaker(endless(0.25));
    // As if the vocabulary were so large that five places of it fill the memory.
    const facts = { ...large.facts, vocabularySize: (32 * 1024 * 1024) / 8 / 5 };
    const base = { ...faultyEngine(large).engine, facts };
    const watched = faultyEngine(speaker(endless(0)), {});
    const { tokens } = await only({ base, aligned: watched.engine }, { maxTokens: 12 });
    expect(tokens.map(({ kl }) => kl)).toEqual([0, ...new Array<unknown>(11).fill(expect.closeTo(Math.log(4 / 3), 5))]);
    // One call for the prompt, one for each token drawn, three for the parts.
    expect(watched.calls()).toBeLessThanOrEqual(1 + 13 + 3);
  });
});

describe("a layout", () => {
  /** Puts each turn between marks of its own. */
  function withTemplate(engine: Engine): Engine {
    return {
      ...faultyEngine(engine).engine,
      facts: { ...engine.facts, hasChatTemplate: true },
      tokenizer: { ...engine.tokenizer, render: (turns) => engine.tokenizer.renderText(`[${turns.at(-1)?.text}] Assistant:`) },
    };
  }

  /** What each model reads before the first token. */
  async function read(layout: ShiftLayout): Promise<Pair<string>> {
    const seen = { base: "", aligned: "" };
    const listening = (side: keyof Pair<string>, engine: Engine): Engine => ({
      ...faultyEngine(engine).engine,
      distributions: (passage, call) => {
        if (call.purpose === "evaluate") seen[side] = engine.tokenizer.detokenize(passage.prefix);
        return engine.distributions(passage, call);
      },
    });
    await only({ base: listening("base", speaker(BASE)), aligned: listening("aligned", withTemplate(speaker(ALIGNED))) }, { layout });
    return seen;
  }

  const PLAIN = `User: ${PROMPTS[0]}\nAssistant:`;
  const MARKED = `[${PROMPTS[0]}] Assistant:`;

  it.each([
    ["aligned", { base: MARKED, aligned: MARKED }],
    ["own", { base: PLAIN, aligned: MARKED }],
    ["plain", { base: PLAIN, aligned: PLAIN }],
  ] as const)("`%s` decides what each model reads", async (layout, expected) => {
    expect(await read(layout)).toEqual(expected);
  });
});

describe("a measurement", () => {
  const engines = () => ({ base: speaker(BASE), aligned: speaker(ALIGNED) });

  it("asks each different prompt once, in the order of the data", async () => {
    const rows = await measured(engines(), { prompts: [...PROMPTS, PROMPTS[0] as string] });
    expect(rows.map(({ messages }) => messages[0]?.content)).toEqual(PROMPTS);
  });

  it("stopped at any call goes on from there, repeats nothing, and comes to the same bytes", async () => {
    const whole = join(folder.path, "whole.jsonl");
    await measured(engines(), { prompts: PROMPTS, file: whole });
    const { base, aligned } = engines();
    const counted = faultyEngine(aligned);
    await measured({ base, aligned: counted.engine }, { prompts: PROMPTS });
    const calls = counted.calls();
    expect(calls).toBeGreaterThan(12);
    for (let fatal = 2; fatal <= calls; fatal += 3) {
      const file = join(folder.path, `stopped-${fatal}.jsonl`);
      const controller = new AbortController();
      const reason = new Error("enough");
      const stopped: FaultyEngine = faultyEngine(aligned, { before: (call) => call === fatal && controller.abort(reason) });
      await expect(measured({ base, aligned: stopped.engine }, { prompts: PROMPTS, file, signal: controller.signal })).rejects.toBe(reason);
      const kept = bytes(file).split("\n").length - 1;
      let begun: readonly number[] = [];
      await measured(engines(), { prompts: PROMPTS, file, onBegin: (...counts) => (begun = counts) });
      expect(begun).toEqual([PROMPTS.length, kept]);
      expect(bytes(file)).toBe(bytes(whole));
    }
  });

  it("keeps a prompt that is longer than one of the contexts as that, and goes on with the next", async () => {
    const rows = await measured({ base: speaker(BASE, 60), aligned: speaker(ALIGNED) }, { prompts: ["castle ".repeat(10), "Hello"] });
    expect(rows).toMatchObject([{ failure: expect.stringMatching(/^Expected at most 60 tokens of context, got \d+/) }, { end: "stop" }]);
  });

  it("writes as much as both contexts hold", async () => {
    const endless: Endings = [["Assistant:", { " So": 1 }]];
    const { tokens, end } = await only({ base: speaker(endless, 50), aligned: speaker(endless) }, { maxTokens: 100 });
    expect(end).toBe("length");
    expect(tokens).toHaveLength(50 - speaker(endless).tokenizer.render([{ role: "user", text: PROMPTS[0] as string }]).length + 1);
  });

  it("ends by name where a model computes no numbers, and keeps nothing of it", async () => {
    const file = join(folder.path, "damaged.jsonl");
    const damaged = speaker([["Assistant:", { " No": Number.NaN, " Yes": 1 }]]);
    await expect(measured({ base: damaged, aligned: speaker(ALIGNED) }, { file })).rejects.toMatchObject({ code: "decode-failed" });
    expect(bytes(file)).toBe("");
  });
});

describe("two vocabularies", () => {
  it("that are the same pass", () => {
    expect(() => checkSameVocabulary({ base: speaker(BASE), aligned: speaker(ALIGNED) })).not.toThrow();
  });

  it.each([
    [
      "of other tokens",
      [" Yes", " Nay", " Maybe", " Say", "User", "Assistant"],
      /got 264 tokens each; 2 of the first 264 differ, as token 259: " No" and " Nay"/,
    ],
    ["of which one is longer", [...PIECES, " Well"], /got 264 and 265 tokens; the first 264 are the same/],
  ])("%s are refused with what differs", (_, pieces, complaint) => {
    const aligned = scriptedEngine({ pieces, next: () => ({ [END]: 1 }) });
    expect(() => checkSameVocabulary({ base: speaker(BASE), aligned })).toThrow(complaint);
    expect(() => checkSameVocabulary({ base: speaker(BASE), aligned })).toThrow(VocabularyError);
  });
});

describe("on llama.cpp", () => {
  const [base, aligned] = [1, 2].map((seed) => writeTinyModel(join(folder.path, `tiny-${seed}.gguf`), { seed }));

  it("two runs over two models come to the same bytes, however the prompts are cut into runs", async () => {
    await using before = await loadLlamaEngine({ model: base, gpu: false, threads: 1, sequences: 1 });
    await using after = await loadLlamaEngine({ model: aligned, gpu: false, threads: 1, sequences: 1 });
    const engines = { base: before, aligned: after };
    const [whole, parts] = ["whole", "parts"].map((name) => join(folder.path, `llama-${name}.jsonl`)) as [string, string];
    const rows = await measured(engines, { prompts: PROMPTS, file: whole });
    for (const count of [1, 2, 4]) await measured(engines, { prompts: PROMPTS.slice(0, count), file: parts });
    expect(bytes(parts)).toBe(bytes(whole));
    const tokens = rows.flatMap((row) => ("tokens" in row ? row.tokens : []));
    expect(tokens.length).toBeGreaterThan(16);
    expect(tokens.some(({ rank }) => rank > 3)).toBe(true);
    expect(tokens.every(({ kl }) => (kl ?? 0) > 0)).toBe(true);
  });

  it("a model beside itself is unshifted throughout, to the last digit", async () => {
    await using before = await loadLlamaEngine({ model: base, gpu: false, threads: 1, sequences: 1 });
    await using after = await loadLlamaEngine({ model: base, gpu: false, threads: 1, sequences: 1 });
    const { tokens } = await only({ base: before, aligned: after }, { maxTokens: 32 });
    expect(tokens).toHaveLength(32);
    expect(tokens.every(({ rank, kl, base: one, aligned: other }) => rank === 1 && kl === 0 && one === other)).toBe(true);
  });
});
