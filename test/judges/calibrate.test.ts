import {
  type Calibrated,
  type CalibrateOptions,
  ContextFullError,
  calibrateJudge,
  checkOptions,
  type Engine,
  EngineError,
  HARMLESS,
  isFit,
  type LabelledAnswer,
  OptionError,
  TRUTHFUL,
} from "rain-align";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auroc, type MeasuredJudge, type PlaceName, promptKey } from "../../src/judges/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { drawer } from "../support/planted.ts";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";
import { worldAnswers } from "../support/world-answers.ts";

const SETTINGS = checkOptions({ principle: HARMLESS });
const ANSWERS = worldAnswers(60);

let engine: LlamaEngine;
beforeAll(async () => {
  engine = await load();
});
afterAll(() => engine[Symbol.asyncDispose]());

function load(): Promise<LlamaEngine> {
  return loadLlamaEngine({ model: "embedded", gpu: false, threads: 1 });
}

function calibrate(options: Partial<CalibrateOptions> = {}): Promise<Calibrated> {
  return calibrateJudge(engine, { answers: ANSWERS, settings: SETTINGS, ...options });
}

/** All figures of a calibration. */
function figuresOf({ candidates, questionTokensPerToken }: Calibrated): number[] {
  const figures = candidates.flatMap(({ auroc: area, low, high, balancedAccuracy, ece, aurocOfBeginnings = 0.5 }) => [
    area,
    low,
    high,
    balancedAccuracy,
    ece,
    aurocOfBeginnings,
  ]);
  return [...figures, Math.min(1, questionTokensPerToken)];
}

describe("A judge of the embedded model, fitted on sixty answers that its world's oracle has labelled", () => {
  const PLACES: readonly Exclude<PlaceName, "answer">[] = ["options", "turn"];
  const progress: number[] = [];
  const measured = new Map<string, MeasuredJudge>();
  let found: Calibrated;
  beforeAll(async () => {
    found = await calibrate({
      places: PLACES,
      onProgress: (share) => progress.push(share),
      onMeasured: (name, one) => measured.set(name, one),
    });
  });

  it("tells good answers from bad ones, and is fit", () => {
    const { fitness } = found.fitted;
    expect(fitness.auroc).toBeGreaterThan(0.95);
    expect(fitness).toMatchObject({ principle: "harmless", n: 60 });
    expect(fitness.low).toBeLessThanOrEqual(fitness.auroc);
    expect(fitness.high).toBeGreaterThanOrEqual(fitness.auroc);
    expect(isFit({ fitness })).toBe(true);
    expect(fitness.judge).toContain("behind the answer");
  });

  it("is one of several, all of which were measured on the same answers; one is chosen", () => {
    const { candidates, fitted } = found;
    // Behind the answer, each question alone and with it, and what was chosen of these.
    expect(candidates).toHaveLength(1 + 2 * PLACES.length + 1);
    expect(new Set(candidates.map(({ name }) => name)).size).toBe(candidates.length);
    expect(figuresOf(found).every((figure) => figure >= 0 && figure <= 1)).toBe(true);
    for (const { auroc: area, low, high, milliseconds } of candidates) {
      expect(low <= area && area <= high).toBe(true);
      expect(milliseconds).toBeUndefined();
    }
    const chosen = candidates.filter((candidate) => candidate.chosen);
    expect(chosen).toHaveLength(1);
    expect(chosen[0]).toMatchObject({ auroc: fitted.fitness.auroc, low: fitted.fitness.low, high: fitted.fitness.high });
  });

  it("costs nothing behind the answer, and the tokens of its question behind that", () => {
    const tokens = found.candidates.map(({ tokensPerVerdict }) => tokensPerVerdict);
    expect(tokens[0]).toBe(0);
    expect(tokens.slice(1, -1).every((one) => one >= 4 && one < 60)).toBe(true);
  });

  it("says why it was chosen", () => {
    expect(found.why).toMatch(/^[A-Z].*\.$/);
    expect(found.why).not.toContain("\n");
    if (found.fitted.question === undefined) expect(found.why).toContain("No question");
    else expect(found.why).toMatch(/AUROC 0\.\d\d|AUROC 1\.00/);
  });

  it.each([true, false])("keeps what it said of answers that are good: %s, for its thresholds", (isGood) => {
    const kept = isGood ? found.fitted.ofGood : found.fitted.ofBad;
    const { whole, lowest = [] } = [...measured.values()].find((one) => one.chosen) as MeasuredJudge;
    const said = whole.map(({ value, good }, index) => ({ good, values: [value, lowest[index]] }));
    expect(kept.map((one) => [one.whole, one.lowest])).toEqual(said.flatMap(({ good, values }) => (good === isGood ? [values] : [])));
    expect(kept).toHaveLength(30);
    expect(kept.filter((one) => one.lowest !== undefined).length).toBeGreaterThan(10);
  });

  it("keeps besides what it says where the question is always asked, if it is not anyway", async () => {
    expect(found.fitted.sureFrom).not.toBeNull();
    expect([found.fitted.alwaysAsked?.ofGood.length, found.fitted.alwaysAsked?.ofBad.length]).toEqual([30, 30]);
    expect(found.fitted.alwaysAsked).not.toEqual({ ofGood: found.fitted.ofGood, ofBad: found.fitted.ofBad });
    const both = [...measured].find(([name]) => name.startsWith("both"))?.[1] as MeasuredJudge;
    const said = both.whole.flatMap(({ value, good }) => (good ? [value] : []));
    expect(found.fitted.alwaysAsked?.ofGood.map(({ whole }) => whole)).toEqual(said);
    const { fitted } = await calibrate({ questionBudget: Number.POSITIVE_INFINITY });
    expect([fitted.sureFrom, fitted.alwaysAsked]).toEqual([null, undefined]);
  });

  it("tells what each way has said of the answers, in their order", () => {
    expect([...measured.keys()]).toEqual(found.candidates.map(({ name }) => name));
    for (const [name, { whole }] of measured) {
      expect(whole.map(({ good }) => good)).toEqual(ANSWERS.map(({ verdict }) => verdict === "good"));
      expect(whole.map(({ group }) => group)).toEqual(ANSWERS.map(promptKey));
      expect(auroc(whole)).toBe(found.candidates.find((candidate) => candidate.name === name)?.auroc);
    }
  });

  it("tells how far it is, up to all", () => {
    expect(progress).toHaveLength(60);
    expect(progress).toEqual(progress.toSorted((left, right) => left - right));
    expect(progress.at(-1)).toBe(1);
  });

  it("is plain data, and the same when it is fitted again by the same model", async () => {
    await using another = await load();
    const again = await calibrateJudge(another, { answers: ANSWERS, settings: SETTINGS, places: PLACES });
    expect(again).toEqual(found);
    expect(JSON.parse(JSON.stringify(again))).toEqual(JSON.parse(JSON.stringify(found)));
  });

  it("is as good when the model has read other things before", async () => {
    const again = await calibrate({ places: PLACES });
    for (const [index, figure] of figuresOf(again).entries()) expect(figure).toBeCloseTo(figuresOf(found)[index] as number, 1);
  });
});

describe("A judge by a principle that is judged by whole answers", () => {
  it("reads whole answers only", async () => {
    const settings = checkOptions({ principle: TRUTHFUL });
    const { fitted, candidates } = await calibrate({ answers: worldAnswers(60, { principle: TRUTHFUL }), settings });
    expect(fitted.ofGood.every(({ lowest }) => lowest === undefined)).toBe(true);
    expect(fitted.fitness).toMatchObject({ principle: "truthful", n: 60 });
    expect(candidates.every(({ aurocOfBeginnings }) => aurocOfBeginnings === undefined)).toBe(true);
  });
});

describe("A judge without questions", () => {
  it("reads behind the answer, and says that none was tried", async () => {
    const { fitted, candidates, why, questionTokensPerToken } = await calibrate({ places: [] });
    expect(fitted.question).toBeUndefined();
    expect(candidates.map(({ chosen }) => chosen)).toEqual([false, true]);
    expect([why, questionTokensPerToken]).toEqual(["No question was tried.", 0]);
  });
});

describe("Texts that nobody asked for", () => {
  it("are read as well as answers, each as a prompt of its own", async () => {
    const texts = ANSWERS.slice(0, 40).map(({ turns, verdict }): LabelledAnswer => ({ turns: turns.slice(-1), verdict }));
    const { fitted } = await calibrate({ answers: texts, places: [] });
    expect(fitted.fitness.n).toBe(40);
    expect(fitted.fitness.auroc).toBeGreaterThan(0.8);
  });
});

describe("In a small context", () => {
  const long = "I like the river and the park. ".repeat(60);
  const loadSmall = () => loadLlamaEngine({ model: "embedded", gpu: false, threads: 1, sequences: 1, contextSize: 256 });
  const said = (answer: LabelledAnswer, index: number): LabelledAnswer => ({
    ...answer,
    turns: answer.turns.map((turn, at) => (at === index ? { ...turn, text: `${turn.text} ${long}` } : turn)),
  });

  it("as much of an answer is read as there is room for, and what is asked too much for is left out", async () => {
    await using small = await loadSmall();
    const [first, second, ...others] = ANSWERS as readonly [LabelledAnswer, LabelledAnswer, ...LabelledAnswer[]];
    const answers = [said(first, 0), said(second, 1), ...others];
    const measured: MeasuredJudge[] = [];
    await calibrateJudge(small, { answers, settings: SETTINGS, onMeasured: (_, one) => measured.push(one) });
    for (const { whole } of measured) expect(whole.map(({ group }) => group)).toEqual([second, ...others].map(promptKey));
  });

  it("that has room for hardly any of them, it fails by name", async () => {
    await using small = await loadSmall();
    const failure = calibrateJudge(small, { answers: ANSWERS.map((answer) => said(answer, 0)), settings: SETTINGS });
    await expect(failure).rejects.toThrow(
      /Expected at most \d+ tokens of context, got \d+ \(too few labelled answers fit, \d+: choose a larger context\)/,
    );
    await expect(failure).rejects.toThrow(ContextFullError);
  });
});

describe("A clock", () => {
  it("times questions, and not what is read for nothing", async () => {
    let now = 0;
    const { candidates } = await calibrate({ answers: ANSWERS.slice(0, 24), places: ["line"], now: () => ++now });
    expect(candidates.map(({ milliseconds }) => milliseconds !== undefined && milliseconds > 0)).toEqual([false, true, true, false]);
  });
});

/** A model whose expectations say, behind its answer, roughly what these answers are; and when it is asked, exactly. */
function doubtful(answers: readonly LabelledAnswer[], { blur, seed = 3 }: { readonly blur: number; readonly seed?: number }): Engine {
  const { normal } = drawer(seed);
  const known = new Map(answers.map(({ turns, verdict }) => [turns.at(-1)?.text.trim() ?? "", verdict === "good" ? 1 : -1]));
  const noise = new Map<string, number>();
  const noiseOf = (text: string) => {
    noise.set(text, noise.get(text) ?? blur * normal());
    return noise.get(text) as number;
  };
  const line = "\n\n(This answer is";
  return scriptedEngine({
    pieces: ["Yes", "No", " Yes", " No", "Sorry", "Sure", "User:", "Assistant:", line],
    contextSize: 8192,
    next: (text) => {
      const said = text.slice(text.lastIndexOf("Assistant:") + "Assistant:".length);
      const isAsked = said.endsWith(line);
      const answer = (isAsked ? said.slice(0, -line.length) : said).trim();
      // Beginnings are what their answers are.
      const side = known.get(answer) ?? [...known].find(([whole]) => whole.startsWith(answer))?.[1] ?? 0;
      const odds = side + (isAsked ? 0 : noiseOf(answer));
      const shaken =
        [...(isAsked ? `${answer}?` : answer)].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) % 9973, 7) / 9973;
      return { Yes: Math.exp(2 * odds + shaken), No: 1, " Yes": 1 + shaken, " No": 1.5 - shaken, Sorry: 0.5 + shaken ** 2, Sure: 1 };
    },
  });
}

describe("What may be asked", () => {
  /** All different in their first letters. */
  const answers = Array.from({ length: 80 }, (_, index): LabelledAnswer => {
    const [tens, ones] = [Math.floor(index / 10), index % 10];
    const text = `${"abcdefgh"[tens]}${"klmnopqrst"[ones]} goes on for a while, and says nothing more`;
    return {
      turns: [
        { role: "user", text: `Say ${index}.` },
        { role: "assistant", text },
      ],
      verdict: (index + tens) % 2 === 0 ? "good" : "bad",
    };
  });
  const learn = (questionBudget?: number, blur = 1) =>
    calibrateJudge(doubtful(answers, { blur }), {
      answers,
      settings: SETTINGS,
      places: ["line"],
      ...(questionBudget === undefined ? {} : { questionBudget }),
    });

  it("keeps within the budget, and all of it is worth something", async () => {
    const skills: number[] = [];
    for (const budget of [0, 0.01, 0.05, 0.2]) {
      const { fitted, questionTokensPerToken } = await learn(budget);
      expect(fitted.question?.place).toBe("line");
      expect(fitted.sureFrom).not.toBeNull();
      expect(questionTokensPerToken).toBeLessThanOrEqual(budget + 1e-9);
      skills.push(fitted.fitness.auroc);
    }
    expect(skills).toEqual(skills.toSorted((left, right) => left - right));
    expect(skills.at(-1)).toBeGreaterThan(skills[0] as number);
  });

  it("is 0.05 tokens for each written one, where nobody says how much", async () => {
    const { questionTokensPerToken, why } = await learn();
    expect(questionTokensPerToken).toBeGreaterThan(0);
    expect(questionTokensPerToken).toBeLessThanOrEqual(0.05);
    expect(why).toContain("AUROC");
  });

  it("is everything where the budget is", async () => {
    const { fitted, questionTokensPerToken } = await learn(Number.POSITIVE_INFINITY);
    expect(fitted.sureFrom).toBeNull();
    expect(fitted.fitness.auroc).toBeGreaterThan(0.97);
    expect(questionTokensPerToken).toBeGreaterThan(0.05);
  });

  it("is everything where what is read behind the answer tells nothing, whatever the budget", async () => {
    const { fitted } = await learn(0.05, 30);
    expect(fitted.sureFrom).toBeNull();
    expect(fitted.fitness.auroc).toBeGreaterThan(0.9);
  });

  it("is nothing where a question tells no more", async () => {
    const { fitted, why, questionTokensPerToken } = await learn(0.05, 0);
    expect(fitted.question).toBeUndefined();
    expect(questionTokensPerToken).toBe(0);
    expect(why).toContain("No question tells more");
  });
});

describe("Answers that count less than others", () => {
  const own = worldAnswers(24, { seed: 5 });
  const others = worldAnswers(36, { seed: 6 }).map((answer): LabelledAnswer => ({ ...answer, weight: 0.2 }));
  const flipped = others.map((answer): LabelledAnswer => ({ ...answer, verdict: answer.verdict === "good" ? "bad" : "good" }));
  let alone: Calibrated;
  beforeAll(async () => {
    alone = await calibrate({ answers: own, places: [] });
  });

  it("are learned from and not measured on", async () => {
    const heard: MeasuredJudge[] = [];
    const { fitted } = await calibrate({ answers: [...others, ...own], places: [], onMeasured: (_, measured) => heard.push(measured) });
    expect(fitted.fitness.n).toBe(24);
    expect(fitted.ofGood).toHaveLength(12);
    for (const { whole } of heard) expect(whole.map(({ group }) => group)).toEqual(own.map(promptKey));
    expect(fitted.fitness.auroc).toBeGreaterThanOrEqual(alone.fitted.fitness.auroc);
  });

  it("help where they help: they have part in the read-out", async () => {
    const { fitted } = await calibrate({ answers: [...own.slice(0, 20), ...others], places: [] });
    expect(fitted.fitness.n).toBe(20);
    expect(fitted.fitness.auroc).toBeGreaterThan(0.9);
  });

  it("do no harm where they mislead", async () => {
    const { fitted } = await calibrate({ answers: [...own, ...flipped], places: [] });
    expect(fitted.fitness.auroc).toBeGreaterThanOrEqual(alone.fitted.fitness.auroc - 0.05);
  });

  it("are all that is measured on where the others are of one kind only", async () => {
    const good = own.filter(({ verdict }) => verdict === "good");
    const { fitted } = await calibrate({ answers: [...good, ...others], places: [] });
    expect(fitted.fitness.n).toBe(good.length + others.length);
  });

  it.each([
    [2, 1],
    [6, 2],
    [8, 4],
  ])("make up for those that are too few to be measured on by themselves: %i of them, to %i prompts", async (count, prompts) => {
    const few = own.slice(0, count).map((answer, index): LabelledAnswer => {
      const asked = own[(index % prompts) * 2]?.turns[0];
      return { ...answer, turns: [asked as LabelledAnswer["turns"][number], ...answer.turns.slice(1)] };
    });
    const { fitted } = await calibrate({ answers: [...few, ...others], places: [] });
    expect(fitted.fitness.n).toBeGreaterThanOrEqual(count);
  });
});

describe("Labelled answers that are no ground for a judge are refused before anything is read:", () => {
  const sameAs = (turns: LabelledAnswer["turns"]) => (answer: LabelledAnswer) => ({
    ...answer,
    turns: [...turns.slice(0, -1), ...answer.turns.slice(-1)],
  });

  it.each<[string, readonly LabelledAnswer[], string]>([
    ["too few", ANSWERS.slice(0, 19), "19 answers"],
    ["none at all", [], "0 answers"],
    ["good ones only", ANSWERS.filter(({ verdict }) => verdict === "good").slice(0, 25), "25 answers (25 good, 0 bad)"],
    ["bad ones only", ANSWERS.filter(({ verdict }) => verdict === "bad").slice(0, 25), "25 answers (0 good, 25 bad)"],
    ["answers to one prompt", ANSWERS.map(sameAs(ANSWERS[0]?.turns ?? [])), "to 1 prompts"],
    ["answers to four prompts", ANSWERS.map((answer, index) => sameAs(ANSWERS[2 * (index % 4)]?.turns ?? [])(answer)), "to 4 prompts"],
  ])("%s", async (_, answers, got) => {
    const progress: number[] = [];
    const refused = calibrate({ answers, onProgress: (share) => progress.push(share) });
    await expect(refused).rejects.toThrow(OptionError);
    await expect(refused).rejects.toMatchObject({ option: "answers", message: expect.stringContaining(got) });
    await expect(refused).rejects.toThrow(/^Expected at least 20 labelled answers, .*rain calibrate --label.*$/);
    expect(progress).toEqual([]);
  });
});

describe("A calibration", () => {
  it("that is aborted stops with the signal's reason, and reads no more", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const progress: number[] = [];
    const running = calibrate({
      signal: controller.signal,
      onProgress: (share) => {
        progress.push(share);
        if (share > 0.3 && !controller.signal.aborted) controller.abort(reason);
      },
    });
    await expect(running).rejects.toBe(reason);
    expect(progress.at(-1)).toBeLessThan(0.35);
    await expect(calibrate({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("fails by name where the model gives no numbers", async () => {
    using folder = temporaryFolder();
    const model = writeTinyModel(`${folder.path}/broken.gguf`, { outputWeight: Number.NaN });
    await using broken = await loadLlamaEngine({ model, gpu: false, threads: 1 });
    const failed = calibrateJudge(broken, { answers: ANSWERS, settings: checkOptions({ prompting: "chat" }) });
    await expect(failed).rejects.toThrow(EngineError);
    await expect(failed).rejects.toMatchObject({ code: "decode-failed" });
  });
});
