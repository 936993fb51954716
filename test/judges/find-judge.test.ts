import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  answer,
  type Call,
  checkOptions,
  type Engine,
  type FoundJudge,
  fittedJudge,
  HARMLESS,
  JudgeError,
  Meter,
  OptionError,
  PRINCIPLES,
  type Principle,
  prime,
  principle,
  type Turn,
} from "rain-align";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type JudgeKey, judgeFile, judgeKey, type KeptJudge, readJudge, writeJudge } from "../../src/judges/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { temporaryFolder } from "../support/tiny-model.ts";
import { watchedEngine } from "../support/watched-engine.ts";
import { worldAnswers } from "../support/world-answers.ts";

const ASK: readonly Turn[] = [{ role: "user", text: "How do I paint the castle?" }];

/** In words that no judge that comes with the package was fitted on. */
const GENTLE: Principle = principle({
  name: "gentle",
  question: "Is the answer gentle?",
  good: "gentle",
  bad: "rough",
  examples: worldAnswers(24),
});

/** Its file is a copy, in a folder that no other test knows. */
const models = temporaryFolder();
const model = join(models.path, "copy.gguf");
let engine: LlamaEngine;
let other: LlamaEngine;
let home: ReturnType<typeof temporaryFolder>;
let notices: string[];

beforeAll(async () => {
  copyFileSync(fileURLToPath(new URL("../../models/rain-tiny.gguf", import.meta.url)), model);
  engine = await load();
  other = await load();
});
afterAll(async () => {
  await engine[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  models[Symbol.dispose]();
});
beforeEach(() => {
  home = temporaryFolder();
  notices = [];
});
afterEach(() => home[Symbol.dispose]());

function load(): Promise<LlamaEngine> {
  return loadLlamaEngine({ model, gpu: false, threads: 1 });
}

/** Where judges are kept. Nobody has made it. */
function folder(): string {
  return join(home.path, "judges");
}

/** What the next start of a program finds: the same files, in a place of which this process remembers nothing. */
function restarted(): string {
  const again = join(home.path, `judges-${readdirSync(home.path).length}`);
  cpSync(folder(), again, { recursive: true });
  return again;
}

interface Looking {
  readonly asked?: Engine;
  readonly at?: string;
  readonly by?: Principle;
  readonly signal?: AbortSignal;
  readonly onProgress?: (share: number) => void;
}

async function look({ asked = engine, at = folder(), by = GENTLE, signal, onProgress }: Looking = {}): Promise<FoundJudge> {
  const find = fittedJudge({ folder: at, onNotice: (notice) => notices.push(notice), onProgress });
  return await find(asked, checkOptions({ principle: by, signal }));
}

/** A judge is remembered by the model's file. */
function withFile(scripted: Engine): Engine {
  return { ...watchedEngine(scripted), facts: { ...scripted.facts, file: model } as Engine["facts"] };
}

function call(): Call {
  return { purpose: "evaluate", meter: new Meter() };
}

function fits(): number {
  return notices.filter((notice) => notice.startsWith("Reading ")).length;
}

/** All files there, the hidden and unfinished ones too. */
function filesIn(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

describe("The judge of a model, where there are labelled answers enough,", () => {
  it("is fitted once, with one notice, and kept: no second call, engine or start of a program fits it again", async () => {
    const shares: number[] = [];
    const first = await look({ onProgress: (share) => shares.push(share) });
    expect(first.fitness).toMatchObject({ principle: "gentle", n: 24 });
    expect(first.schedule).toBeDefined();
    // Of one's own principle.
    expect(first.source).toBe("the principle's examples");
    expect(notices).toEqual([expect.stringMatching(/^Reading 24 labelled answers with .*"gentle".*remembered\.$/)]);
    expect(shares.at(-1)).toBe(1);
    expect(filesIn(folder())).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.json$/)]);

    for (const looking of [{}, { asked: other }, { at: restarted() }, { at: restarted(), asked: other }]) {
      const again = await look(looking);
      expect(again.fitness).toEqual(first.fitness);
      expect([again.threshold, again.beginningThreshold]).toEqual([first.threshold, first.beginningThreshold]);
      expect(again.source).toBe(first.source);
    }
    expect(notices).toHaveLength(1);
  });

  it("is fitted once where two look for it at the same time, also with two engines, and both get it", async () => {
    const found = await Promise.all([look(), look({ asked: other }), look()]);
    expect(fits()).toBe(1);
    expect(new Set(found.map(({ fitness }) => JSON.stringify(fitness))).size).toBe(1);
    expect(filesIn(folder())).toHaveLength(1);
  });

  it("judges the answer for which it was looked for, which says so", async () => {
    const judge = fittedJudge({ folder: folder(), onNotice: (notice) => notices.push(notice) });
    const { judge: report, meter } = await answer(engine, ASK, { principle: GENTLE, judge, maxTokens: 16 });
    expect(report).toMatchObject({ fitness: { principle: "gentle", n: 24 } });
    if (report?.isFit === true) expect(meter.evaluations).toBeGreaterThan(0);
    else expect(meter.evaluations).toBe(0);
  });

  it("is another one for another wording, and the same one for a principle that says the same", async () => {
    const settings = (by: Principle) => checkOptions({ principle: by });
    const nameOf = async (by: Principle) => judgeFile(await judgeKey(engine, settings(by)));
    const same = await nameOf(GENTLE);
    expect(await nameOf(structuredClone(GENTLE))).toBe(same);
    expect(await nameOf({ ...GENTLE, question: "Is it gentle?" })).not.toBe(same);
    expect(await nameOf({ ...GENTLE, good: "soft" })).not.toBe(same);
    expect(await nameOf({ ...GENTLE, bad: "hard" })).not.toBe(same);
    expect(await nameOf({ ...GENTLE, horizon: "end" })).not.toBe(same);
    expect(await nameOf({ ...GENTLE, examples: GENTLE.examples.slice(1) })).not.toBe(same);
    expect(await nameOf({ ...GENTLE, name: "tender" })).toBe(same);
    const urial = judgeFile(await judgeKey(engine, checkOptions({ principle: GENTLE, prompting: "urial" })));
    expect(urial).not.toBe(same);
  });

  it("is remembered by what is in the model's file, wherever that is: the same file elsewhere has the same judges, another none of them", async () => {
    const settings = checkOptions({ principle: GENTLE });
    await using embedded = await loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
    expect(await judgeKey(embedded, settings)).toEqual(await judgeKey(engine, settings));
    const bytes = readFileSync(model);
    const changed = join(models.path, "changed.gguf");
    // One weight, far from the beginning.
    bytes.writeUInt8((bytes.readUInt8(bytes.length - 100) + 1) % 256, bytes.length - 100);
    writeFileSync(changed, bytes);
    const key = await judgeKey(
      { ...watchedEngine(engine, () => undefined), facts: { ...engine.facts, file: changed } as object as Engine["facts"] },
      settings,
    );
    expect(key.model).not.toBe((await judgeKey(engine, settings)).model);
  });

  it("is looked for again where the model's file could not be read for a while", async () => {
    const late = join(home.path, "late.gguf");
    const facts: object = { ...engine.facts, file: late };
    const asked = { ...watchedEngine(engine, () => undefined), facts: facts as Engine["facts"] };
    await expect(look({ asked, by: HARMLESS })).rejects.toThrow("ENOENT");
    copyFileSync(model, late);
    expect((await look({ asked, by: HARMLESS })).fitness?.principle).toBe("harmless");
  });

  it("is not looked for where the model has no file to remember it by: one line says so", async () => {
    const scripted = scriptedEngine({ pieces: [], next: () => ({ a: 1 }) });
    const found = look({ asked: scripted });
    await expect(found).rejects.toThrow(OptionError);
    await expect(found).rejects.toThrow(/^Expected an engine whose model is a file or has an `identity`, got scripted$/);
  });
});

describe("A judge's file", () => {
  let key: JudgeKey;
  let kept: KeptJudge;
  let path: string;
  beforeAll(async () => {
    using elsewhere = temporaryFolder();
    await look({ at: elsewhere.path });
    key = await judgeKey(engine, checkOptions({ principle: GENTLE }));
    kept = (await readJudge(elsewhere.path, key)) as KeptJudge;
  });
  beforeEach(async () => {
    await writeJudge(folder(), key, kept);
    path = join(folder(), judgeFile(key));
  });

  /** Changes what the file says. */
  function change(edit: (content: Record<string, unknown> & { fitted: Record<string, unknown> }) => unknown): void {
    const content = JSON.parse(readFileSync(path, "utf8"));
    edit(content);
    writeFileSync(path, JSON.stringify(content));
  }

  const faults: Readonly<Record<string, () => void>> = {
    "is empty": () => writeFileSync(path, ""),
    "was half written": () => writeFileSync(path, readFileSync(path).subarray(0, 1000)),
    "is no JSON": () => writeFileSync(path, "judge"),
    "is JSON of something else": () => writeFileSync(path, "[1, 2]"),
    "is a folder": () => {
      rmSync(path);
      mkdirSync(path);
    },
    "is of another version": () => change((content) => (content["version"] = 1)),
    "is of no version": () => change((content) => delete content["version"]),
    "is another model's": () => change((content) => (content["model"] = "f".repeat(64))),
    "lacks a part": () => change(({ fitted }) => delete fitted["watch"]),
    "lacks what its thresholds follow from": () => change(({ fitted }) => (fitted["ofGood"] = [])),
    "has a weight that is no number": () => change(({ fitted }) => ((fitted["watch"] as { weights: unknown[] }).weights[3] = null)),
    "has a weight less than tokens": () => change(({ fitted }) => (fitted["watch"] as { weights: unknown[] }).weights.pop()),
    "says that it is better than perfect": () => change(({ fitted }) => ((fitted["fitness"] as { auroc: number }).auroc = 1.5)),
    "has no place to read at": () =>
      change(
        ({ fitted }) => (fitted["question"] = { place: "nowhere", readout: fitted["watch"], joint: { bias: 0, watch: 1, question: 1 } }),
      ),
  };

  it.each(Object.entries(faults))("is as if it were not there: one that %s", async (_, spoil) => {
    expect(await readJudge(folder(), key)).toEqual(kept);
    spoil();
    expect(await readJudge(folder(), key)).toBeUndefined();
  });

  it("is read once while it stays as it is, and again when another is in its place", async () => {
    const read = await readJudge(folder(), key);
    expect(await readJudge(folder(), key)).toBe(read);
    await writeJudge(folder(), key, { ...kept, why: "another" });
    expect(await readJudge(folder(), key)).toEqual({ ...kept, why: "another" });
  });

  it.each(["was half written", "is of another version", "is another model's"])(
    "is fitted anew, and written anew: one that %s",
    async (fault) => {
      (faults[fault] as () => void)();
      const at = restarted();
      const { fitness } = await look({ at });
      expect(fits()).toBe(1);
      expect(fitness?.n).toBe(24);
      expect((await readJudge(at, key))?.fitted.fitness).toEqual(fitness);
      expect(filesIn(at)).toEqual([judgeFile(key)]);
    },
  );
});

describe("A folder that cannot be written", () => {
  it("gives one notice that names it, and the judge all the same, which this process remembers", async () => {
    const file = join(home.path, "no-folder");
    writeFileSync(file, "");
    const at = join(file, "judges");
    const first = await look({ at });
    expect(first.fitness?.n).toBe(24);
    expect(notices).toEqual([expect.stringMatching(/^Reading /), expect.stringContaining(at)]);
    expect((await look({ at })).fitness).toEqual(first.fitness);
    expect(notices).toHaveLength(2);
    const judge = fittedJudge({ folder: at });
    expect((await answer(engine, ASK, { principle: GENTLE, judge, maxTokens: 12 })).judge?.fitness).toEqual(first.fitness);
  });
});

describe("An abort while a judge is fitted", () => {
  const reason = new Error("enough");

  it("ends the answer with its reason and leaves no file; who comes next fits it", async () => {
    const controller = new AbortController();
    const shares: number[] = [];
    const judge = fittedJudge({
      folder: folder(),
      onNotice: (notice) => notices.push(notice),
      onProgress: (share) => {
        shares.push(share);
        if (shares.length === 3) controller.abort(reason);
      },
    });
    await expect(answer(engine, ASK, { principle: GENTLE, judge, signal: controller.signal })).rejects.toBe(reason);
    expect((await look()).fitness?.n).toBe(24);
    // Nothing of the first fit went on beside the second one.
    expect(shares.length).toBeLessThanOrEqual(4);
    expect(filesIn(folder())).toHaveLength(1);
    expect(fits()).toBe(2);
  });

  it("leaves no file, whole or unfinished", async () => {
    const controller = new AbortController();
    const found = look({ signal: controller.signal, onProgress: (share) => share > 0.5 && controller.abort(reason) });
    await expect(found).rejects.toBe(reason);
    // What is still under way ends with the call that it is in.
    await prime(engine, [engine.tokenizer.renderText("Hello")], { purpose: "prompt", meter: new Meter() });
    expect(filesIn(folder())).toEqual([]);
  });

  it("does not take the judge from others who wait for it", async () => {
    const controller = new AbortController();
    // Whichever of them comes first does the reading, and is told how far it is.
    const onProgress = (share: number) => share > 0.3 && controller.abort(reason);
    const leaving = look({ signal: controller.signal, onProgress });
    const staying = look({ asked: other, onProgress });
    await expect(leaving).rejects.toBe(reason);
    expect((await staying).fitness?.n).toBe(24);
    expect(fits()).toBe(1);
  });

  it("begins nothing where it came before", async () => {
    await expect(look({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(filesIn(folder())).toEqual([]);
  });
});

describe("A principle with too few labelled answers", () => {
  const brief = principle({ name: "brief", question: "Is the answer brief?", good: "brief", bad: "long" });

  it.each([
    ["none", []],
    ["nineteen", worldAnswers(24).slice(0, 19)],
    ["many, all of them good", worldAnswers(60).filter(({ verdict }) => verdict === "good")],
  ])("is asked, not read: nothing is fitted, kept or claimed of it (%s)", async (_, examples) => {
    const { judge, fitness } = await look({ by: { ...brief, examples } });
    const [verdict] = await judge.verdicts(judge.conversation(ASK), [engine.tokenizer.tokenize(" Yes.")], call());
    // By letters in both orders, at least.
    expect(verdict?.byOrder.length).toBeGreaterThan(1);
    expect(fitness).toBeUndefined();
    expect(notices).toEqual([]);
    expect(filesIn(folder())).toEqual([]);
  });

  it.each<[string, () => Engine]>([
    ["the embedded model", () => engine],
    [
      "a model with words for all replies",
      () => withFile(scriptedEngine({ pieces: ["Yes", "No", "A", "B"], next: () => ({ Yes: 2, No: 1, A: 1, B: 3 }) })),
    ],
  ])("is asked as the next turn, by Yes and No and by letters in both orders, as far as there are tokens for them: %s", async (_, make) => {
    const model = make();
    const asked: string[] = [];
    const spied: Engine = {
      ...watchedEngine(model, () => undefined),
      next: async (queries, given: Call) => {
        asked.push(...queries.map(({ prefix }) => model.tokenizer.detokenize(prefix)));
        return await model.next(queries, given);
      },
    };
    const { judge } = await look({ asked: spied, by: brief });
    const text = "Buy some paint.";
    const [verdict] = await judge.verdicts(judge.conversation(ASK), [model.tokenizer.tokenize(` ${text}`)], call());
    expect(Math.abs(verdict?.value ?? 9)).toBeLessThanOrEqual(1);
    const aboutIt = asked.filter((prefix) => prefix.includes(text));
    const hasWords = model.tokenizer.tokenize("Yes").length === 1 && model.tokenizer.tokenize("No").length === 1;
    expect(aboutIt.filter((prefix) => prefix.includes("Is the answer brief? Reply with Yes or No."))).toHaveLength(hasWords ? 1 : 0);
    expect(aboutIt.filter((prefix) => prefix.includes("(A) brief or (B) long"))).toHaveLength(1);
    expect(aboutIt.filter((prefix) => prefix.includes("(A) long or (B) brief"))).toHaveLength(1);
    for (const prefix of aboutIt) expect(prefix.startsWith(model.tokenizer.detokenize(model.tokenizer.render(ASK)))).toBe(true);
    expect(verdict?.byOrder).toHaveLength(aboutIt.length);
  });

  it("means the word that it was asked for: Yes and the good option's letter speak for an answer, whichever comes first", async () => {
    const minds = (isGood: boolean) =>
      scriptedEngine({
        pieces: ["Yes", "No", "A", "B"],
        next: (text) => {
          if (!text.includes("paint.")) return { Yes: 1, No: 1, A: 1, B: 1 };
          const isGoodFirst = text.includes("(A) brief");
          return isGood === isGoodFirst
            ? { Yes: isGood ? 9 : 1, No: isGood ? 1 : 9, A: 9, B: 1 }
            : { Yes: isGood ? 9 : 1, No: isGood ? 1 : 9, A: 1, B: 9 };
        },
      });
    for (const isGood of [true, false]) {
      const model = minds(isGood);
      const { judge } = await look({ asked: withFile(model), by: brief });
      const [verdict] = await judge.verdicts(judge.conversation(ASK), [model.tokenizer.tokenize(" Buy some paint.")], call());
      expect(verdict?.value).toBeCloseTo(isGood ? 0.8 : -0.8, 6);
      for (const value of verdict?.byOrder ?? []) expect(value).toBeCloseTo(isGood ? 0.8 : -0.8, 6);
    }
  });

  it("says nothing of an answer without content: what a model favours whatever it is asked does not count", async () => {
    const { judge } = await look({ by: brief });
    const conversation = judge.conversation([{ role: "user", text: "N/A" }]);
    const [verdict] = await judge.verdicts(conversation, [engine.tokenizer.tokenize("N/A")], call());
    expect(verdict?.value).toBeCloseTo(0, 2);
  });

  it("has its judge drive an answer, which says that it was never measured", async () => {
    const judge = fittedJudge({ folder: folder() });
    const whole = await answer(engine, ASK, { principle: brief, judge, maxTokens: 16 });
    expect(whole.judge).toMatchObject({ fitness: undefined, isFit: true });
    expect(whole.meter.evaluations).toBeGreaterThan(0);
  });

  it("is no worse off for somebody who asks at the same time and leaves", async () => {
    const model = scriptedEngine({ pieces: ["Yes", "No", "A", "B"], next: () => ({ Yes: 2, No: 1, A: 1, B: 1 }) });
    const { judge } = await look({ asked: withFile(model), by: brief });
    const controller = new AbortController();
    const ask = (signal?: AbortSignal) =>
      judge.verdicts(judge.conversation(ASK), [model.tokenizer.tokenize(" Yes.")], { ...call(), signal });
    const [leaving, staying] = [ask(controller.signal), ask()];
    controller.abort(new Error("enough"));
    await expect(leaving).rejects.toThrow("enough");
    await expect(staying).resolves.toHaveLength(1);
    await expect(ask()).resolves.toHaveLength(1);
  });

  it("fails closed where the reply is no number", async () => {
    const broken: Engine = {
      ...watchedEngine(engine, () => undefined),
      next: async (queries) => queries.map(({ tokens = [] }) => ({ likeliest: [], logits: tokens.map(() => Number.NaN) })),
    };
    const { judge } = await look({ asked: broken, by: brief });
    const verdicts = judge.verdicts(judge.conversation(ASK), [engine.tokenizer.tokenize(" Yes.")], call());
    await expect(verdicts).rejects.toThrow(JudgeError);
  });

  it("cannot be asked of a model without tokens for the replies: one line says so", async () => {
    const scripted = scriptedEngine({ pieces: [], next: () => ({ a: 1 }) });
    const tokenize = (text: string) => [...scripted.tokenizer.tokenize(text), 5, 6];
    const mute = { ...watchedEngine(scripted), tokenizer: { ...scripted.tokenizer, tokenize } };
    await expect(look({ asked: withFile(mute), by: brief })).rejects.toThrow(
      /^Expected scripted to have a token for Yes and No, or A and B/,
    );
  });
});

describe("The judges that come with the embedded model", () => {
  it.each(Object.values(PRINCIPLES))("are found and fit, and nothing is read for them: $name", async (by) => {
    for (const asked of [engine, other]) {
      const { fitness, source } = await look({ asked, by });
      expect(fitness).toMatchObject({ principle: by.name });
      expect(fitness?.auroc).toBeGreaterThan(0.95);
      expect(fitness?.n).toBeGreaterThan(200);
      expect(source).toContain("world");
    }
    expect(notices).toEqual([]);
    expect(filesIn(folder())).toEqual([]);
  });

  it.each(Object.values(PRINCIPLES))("judge where nobody says anything: $name", async (by) => {
    const told: string[] = [];
    await using embedded = await loadLlamaEngine({
      gpu: false,
      threads: 1,
      judgeFolder: folder(),
      onNotice: (notice) => told.push(notice),
    });
    const whole = await answer(embedded, ASK, { principle: by, maxTokens: 12 });
    expect(whole.judge).toMatchObject({ isFit: true, fitness: { principle: by.name } });
    expect(whole.meter.evaluations).toBeGreaterThan(0);
    expect(told).toEqual([]);
    expect(filesIn(folder())).toEqual([]);
  });

  it("give way to one that was kept since", async () => {
    const key = await judgeKey(engine, checkOptions({ principle: HARMLESS }));
    const shipped = (await readJudge(fileURLToPath(new URL("../../models/judges/", import.meta.url)), key)) as KeptJudge;
    await writeJudge(folder(), key, { ...shipped, source: "somebody's labels" });
    expect((await look({ by: HARMLESS })).source).toBe("somebody's labels");
  });
});
