import { setImmediate } from "node:timers/promises";
import {
  checkOptions,
  type Engine,
  type FindJudge,
  isFit,
  type NextTokenQuery,
  type NextTokens,
  type Prefix,
  type Principle,
  type Settings,
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
  type LabelledAnswer,
  panelOf,
  type Scored,
  TurnJudge,
} from "../../judges/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { asExample, evenly, foldsOf, latestByText, missingOf } from "./decisions.ts";
import type { CalibrationReport, CalibrationWaiting, Decision, JudgeFigures } from "./inference.ts";

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

/** AUROC of who has no idea. */
const GUESSING = 0.5;

/**
 * Learns of a guild's decisions and of the principle's labelled answers, and finds out whether that judges the guild's messages better than the model
 * does as it comes. Every figure is of decisions that were not learned of: a fifth of them is asked about after the others were, five times.
 *
 * @returns what came of it, and the judge where it is to work from now on
 * @throws {EngineError} when the model cannot go on, {JudgeError} when a judge gives no verdict, and the reason of `signal`
 */
export async function calibrateGuild(calibration: GuildCalibration): Promise<readonly [CalibrationReport, KeptJudge | undefined]> {
  const { engine, principle, signal, isFitNow } = calibration;
  const decisions = latestByText(calibration.decisions);
  const labelled = balanced(await answersOf(principle), MOST_LABELLED);
  const missing = missingOf(decisions, labelled.length === 0);
  if (missing.missing > 0) return [{ outcome: "too-few", ...missing }, undefined];
  const settings = withPrompting(engine, checkOptions({ principle, preset: "strict" }));
  const learning = await Learning.begin({ ...calibration, decisions, settings, labelled });
  const calibrated = await learning.of(decisions, (share) => calibration.onProgress?.(share * READING));
  const after = figuresOf(await heldBack(learning, decisions, calibration));
  const before = figuresOf(await scored(decisions, (text) => calibration.model.value(said(text), principle, signal)));
  calibration.onProgress?.(1);
  const { judge } = calibrated.fitted.fitness;
  const fitness = { judge, principle: principle.name, ...after, n: decisions.length };
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

interface LearningParts extends Pick<GuildCalibration, "engine" | "decisions" | "signal"> {
  readonly settings: Settings;
  readonly labelled: readonly LabelledAnswer[];
}

/** Fits judges of one principle to several choices of the same decisions, and reads each of them once. */
class Learning {
  readonly engine: Engine;
  readonly #parts: LearningParts;

  static async begin(parts: LearningParts): Promise<Learning> {
    const { engine, remember } = rememberedEngine(parts.engine);
    const tokens: Token[] = [];
    for (const choice of [parts.decisions, ...foldsOf(parts.decisions).map((fold) => without(parts.decisions, fold))]) {
      tokens.push(...panelOf(engine, examplesOf(parts, choice)));
      // In between, others come to their turn.
      await setImmediate();
      parts.signal?.throwIfAborted();
    }
    remember(tokens);
    return new Learning(engine, parts);
  }

  private constructor(engine: Engine, parts: LearningParts) {
    this.engine = engine;
    this.#parts = parts;
  }

  async of(decisions: readonly Decision[], onProgress?: (share: number) => void) {
    const { settings, signal } = this.#parts;
    return await calibrateJudge(this.engine, { answers: examplesOf(this.#parts, decisions), settings, signal, onProgress });
  }
}

function examplesOf({ labelled }: LearningParts, decisions: readonly Decision[]): readonly LabelledAnswer[] {
  return [...labelled, ...evenly(decisions).map(asExample)];
}

/** What is said of each decision by a judge that learned of the decisions of other fifths. */
async function heldBack(
  learning: Learning,
  decisions: readonly Decision[],
  { principle, signal, onProgress }: GuildCalibration,
): Promise<readonly Scored[]> {
  const folds = foldsOf(decisions);
  const all: Scored[] = [];
  for (const [index, fold] of folds.entries()) {
    const { fitted } = await learning.of(without(decisions, fold));
    const find: FindJudge = (engine, settings) => foundJudge(fitted, engine, settings);
    // It needs no examples to read: it is no judge by letters.
    const judge = new TurnJudge(learning.engine, 0, find);
    all.push(...(await scored(fold, (text) => judge.value(said(text), principle, signal))));
    onProgress?.(READING + ((index + 1) / (folds.length + 1)) * (1 - READING));
  }
  return all;
}

async function scored(decisions: readonly Decision[], value: (text: string) => Promise<number>): Promise<readonly Scored[]> {
  const all: Scored[] = [];
  for (const { text, isGood } of decisions) all.push({ value: await value(text), good: isGood, group: text });
  return all;
}

function said(text: string) {
  return [{ role: "assistant", text }] as const;
}

function without(decisions: readonly Decision[], left: readonly Decision[]): readonly Decision[] {
  return decisions.filter((decision) => !left.includes(decision));
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
export function rememberedEngine(engine: Engine): RememberedEngine {
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
  const tokenizer = withTokenize(engine.tokenizer, tokenize);
  const own: Readonly<Record<string | symbol, unknown>> = { tokenizer, next };
  const get = (target: Engine, name: string | symbol) => {
    if (Object.hasOwn(own, name)) return own[name];
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  return { engine: new Proxy(engine, { get }), remember };
}

function withTokenize(tokenizer: Tokenizer, tokenize: Tokenizer["tokenize"]): Tokenizer {
  return {
    tokenize,
    render: (turns) => tokenizer.render(turns),
    renderText: (text) => tokenizer.renderText(text),
    detokenize: (tokens, after) => tokenizer.detokenize(tokens, after),
    nameOf: (token) => tokenizer.nameOf(token),
    isEnd: (token) => tokenizer.isEnd(token),
  };
}
