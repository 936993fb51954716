import { setImmediate } from "node:timers/promises";
import {
  ContextFullError,
  checkOptions,
  type Engine,
  isFit,
  type NextTokenQuery,
  type NextTokens,
  type Prefix,
  type Principle,
  type Token,
  type Tokenizer,
} from "../../core/index.ts";
import {
  answersOf,
  auroc,
  aurocInterval,
  balanced,
  calibrateJudge,
  foundJudge,
  type KeptJudge,
  panelOf,
  type Scored,
  TurnJudge,
} from "../../judges/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { asExample, evenly, foldsOf, latestByText, missingOf } from "./decisions.ts";
import type { CalibrationReport, CalibrationWaiting, Decision, JudgeFigures } from "./inference.ts";
import { halvesOf } from "./pieces.ts";

/** What is learned of, and by whose judge it is measured. */
export interface GuildCalibration extends CalibrationWaiting {
  readonly engine: Engine;
  readonly principle: Principle;
  readonly decisions: readonly Decision[];
  /** The model's judge as it comes. */
  readonly model: TurnJudge;
  /** Whether the judge that works now is fit. */
  readonly isFitNow: boolean;
}

/** Labelled answers of the package that are read beside the decisions. */
const MOST_LABELLED = 200;

/** The first reading takes most of the time: what is fitted afterwards is read already. */
const READING = 0.8;

const INTERVAL_SEED = 1;

/** AUROC of a judge that guesses. */
const GUESSING = 0.5;

/**
 * Learns of a guild's decisions and of the principle's labelled answers, and finds out whether that judges the guild's messages better than the model
 * does as it comes. Every figure is of decisions that were not learned of: a fifth of them is asked about after the others were, five times.
 *
 * @returns what came of it, and the judge where it is to work from now on
 * @throws {EngineError} when the model cannot go on, {JudgeError} when a judge gives no verdict, and the reason of `signal`
 */
export async function calibrateGuild(calibration: GuildCalibration): Promise<readonly [CalibrationReport, KeptJudge | undefined]> {
  const { principle, model, signal, onProgress, isFitNow } = calibration;
  const decisions = latestByText(calibration.decisions);
  const labelled = balanced(await answersOf(principle), MOST_LABELLED);
  const missing = missingOf(decisions, labelled.length === 0);
  if (missing.missing > 0) return [{ outcome: "too-few", ...missing }, undefined];
  const settings = withPrompting(calibration.engine, checkOptions({ principle, preset: "strict" }));
  const { engine, remember } = rememberedEngine(calibration.engine);
  const examplesOf = (chosen: readonly Decision[]) => [...labelled, ...evenly(chosen).map(asExample)];
  const learn = async (chosen: readonly Decision[], onShare?: (share: number) => void) =>
    await calibrateJudge(engine, { answers: examplesOf(chosen), settings, signal, onProgress: onShare });

  const folds = foldsOf(decisions).map((fold) => ({ fold, others: decisions.filter((decision) => !fold.includes(decision)) }));
  const tokens: Token[] = [];
  for (const chosen of [decisions, ...folds.map(({ others }) => others)]) {
    tokens.push(...panelOf(engine, examplesOf(chosen)));
    // In between, other work comes to its turn.
    await setImmediate();
    signal?.throwIfAborted();
  }
  remember(tokens);

  const calibrated = await learn(decisions, (share) => onProgress?.(share * READING));
  const heldBack: Scored[] = [];
  for (const [index, { fold, others }] of folds.entries()) {
    const { fitted } = await learn(others);
    // It needs no examples to read: it is no judge by letters.
    const judge = new TurnJudge(engine, { judge: (own, ownSettings) => foundJudge(fitted, own, ownSettings) });
    heldBack.push(...(await scored(fold, judge, calibration)));
    onProgress?.(READING + ((index + 1) / (folds.length + 1)) * (1 - READING));
  }
  const after = figuresOf(heldBack);
  const before = figuresOf(await scored(decisions, model, calibration));
  onProgress?.(1);

  const fitness = { judge: calibrated.fitted.fitness.judge, principle: principle.name, ...after, n: decisions.length };
  const counts = { before, after, decisions: decisions.length, labelled: labelled.length };
  if (after.auroc <= before.auroc) return [{ outcome: "no-better", ...counts }, undefined];
  // By few decisions, chance alone may look like a judge.
  if (after.low <= GUESSING || (isFitNow && !isFit({ fitness }))) return [{ outcome: "weak", ...counts }, undefined];
  const source = sourceOf(decisions.length, labelled.length);
  return [
    { outcome: "taken", ...counts },
    { ...calibrated, fitted: { ...calibrated.fitted, fitness }, source },
  ];
}

function sourceOf(decisions: number, labelled: number): string {
  const own = `${decisions} decisions of this server's moderators`;
  return labelled === 0 ? own : `${own}, beside ${labelled} of the package's labelled answers`;
}

/** What this judge says of each decision, beside what the moderators said. */
async function scored(
  decisions: readonly Decision[],
  judge: TurnJudge,
  { principle, signal }: GuildCalibration,
): Promise<readonly Scored[]> {
  // As messages are judged: what is too long for the judge is judged in halves.
  const judged = async (text: string): Promise<number> => {
    try {
      return await judge.value([{ role: "assistant", text }], principle, signal);
    } catch (error) {
      const halves = ContextFullError.isInstance(error) ? halvesOf(text) : undefined;
      if (halves === undefined) throw error;
      return Math.min(await judged(halves[0]), await judged(halves[1]));
    }
  };
  const all: Scored[] = [];
  for (const { text, isGood } of decisions) all.push({ value: await judged(text), good: isGood, group: text });
  return all;
}

function figuresOf(values: readonly Scored[]): JudgeFigures {
  return { auroc: auroc(values), ...aurocInterval(values, { seed: INTERVAL_SEED }) };
}

/** An engine that remembers what it has computed. */
interface RememberedEngine {
  readonly engine: Engine;
  /** From now on, what is expected of these tokens behind a prefix is computed once; what is asked about others goes to the engine itself. */
  readonly remember: (tokens: readonly Token[]) => void;
}

/** The same engine, for a judge that is fitted several times to much the same answers: each text is cut into tokens once, and each prefix is read once. */
function rememberedEngine(engine: Engine): RememberedEngine {
  const cut = new Map<string, readonly Token[]>();
  const logits = new Map<string, readonly number[]>();
  let remembered: readonly Token[] = [];
  let places = new Map<Token, number>();

  const tokenize: Tokenizer["tokenize"] = (text) => {
    const tokens = cut.get(text) ?? engine.tokenizer.tokenize(text);
    cut.set(text, tokens);
    return [...tokens];
  };
  async function logitsBehind(prefix: Prefix, call: Parameters<Engine["next"]>[1]): Promise<readonly number[]> {
    const key = prefix.join(" ");
    const known = logits.get(key) ?? (await engine.next([{ prefix, tokens: remembered }], call))[0]?.logits ?? [];
    logits.set(key, known);
    return known;
  }
  const next: Engine["next"] = async (queries, call) => {
    call.signal?.throwIfAborted();
    const isKnown = ({ topK = 0, tokens = [] }: NextTokenQuery) => topK === 0 && tokens.every((token) => places.has(token));
    if (!queries.every(isKnown)) return await engine.next(queries, call);
    const all: NextTokens[] = [];
    for (const { prefix, tokens: asked = [] } of queries) {
      const known = await logitsBehind(prefix, call);
      all.push({ likeliest: [], logits: asked.map((token) => known[places.get(token) as number] as number) });
    }
    return all;
  };
  const remember = (tokens: readonly Token[]) => {
    logits.clear();
    remembered = [...new Set(tokens)];
    places = new Map(remembered.map((token, index) => [token, index]));
  };
  return { engine: overridden(engine, { next, tokenizer: overridden(engine.tokenizer, { tokenize }) }), remember };
}

/** The same object but for these members. Methods of a class go on seeing what is private to it. */
function overridden<Target extends object>(target: Target, members: Partial<Target>): Target {
  const get = (_: Target, name: string | symbol): unknown => {
    if (Object.hasOwn(members, name)) return Reflect.get(members, name);
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  return new Proxy(target, { get });
}
