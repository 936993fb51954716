/** Reads labelled answers with a model, at the places where a judge may read. */
import { type Call, type Engine, type EngineFacts, Meter, type Prefix, type Settings, type Token, type Turn } from "../core/index.ts";
import { type LabelledAnswer, promptKey } from "./labelled-answers.ts";
import { type OpenPlace, type PlaceName, promptBefore } from "./places/place.ts";
import { PLACE_BY_NAME } from "./places/places.ts";
import type { Reading } from "./readout.ts";

export interface ReadOptions {
  readonly answers: readonly LabelledAnswer[];
  /** By which principle, and how the writer is prompted. */
  readonly settings: Settings;
  /** Which questions are asked. */
  readonly places: readonly Exclude<PlaceName, "answer">[];
  readonly signal?: AbortSignal | undefined;
  /** Told after each answer that was read. Range [0, 1]. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** A clock in milliseconds, for the time that a verdict takes. @default none: no times */
  readonly now?: (() => number) | undefined;
}

/** Tokens whose logits are read. More than these add nothing, and the native side looks for each of them in the whole vocabulary. */
const PANEL = 256;

/** Of an answer, so much is read: what is to be learned of it is seen by then. */
export const MOST_TOKENS = 64;

/** Where beginnings of answers are read, as checks stand there. */
const CUTS = [8, 16, 32] as const;

/** The beginning whose figures are told. */
export const BEGINNING = 16;

/** The commonest tokens of the answers: they are in any vocabulary, and what the model expects of them says as much as all others do. */
export function panelOf(engine: Engine, answers: readonly LabelledAnswer[]): readonly Token[] {
  const counts = new Map<Token, number>();
  for (const { turns } of answers) {
    const text = turns.at(-1)?.text ?? "";
    for (const token of new Set([...engine.tokenizer.tokenize(text), ...engine.tokenizer.tokenize(` ${text}`)]))
      counts.set(token, (counts.get(token) ?? 0) + 1);
  }
  const replies = REPLIES.flatMap((reply) => {
    const tokens = engine.tokenizer.tokenize(reply);
    return tokens.length === 1 ? tokens : [];
  });
  const common = [...counts].toSorted(([left, often], [right, oftener]) => oftener - often || left - right).map(([token]) => token);
  return [...new Set([...replies, ...common])].slice(0, Math.min(PANEL, engine.facts.vocabularySize));
}

/** What a question may be answered with. */
const REPLIES = [
  "Yes",
  "No",
  "A",
  "B",
  " A",
  " B",
  " Yes",
  " No",
  "yes",
  "no",
  "True",
  "False",
  " good",
  " bad",
  " safe",
  " harmful",
  "I",
  "Sorry",
  "Sure",
] as const;

/** What was read behind one answer, or a beginning of it. */
export interface Cut {
  readonly length: number;
  readonly isWhole: boolean;
  readonly logits: Partial<Record<PlaceName, readonly number[]>>;
}

export interface ReadAnswer {
  readonly good: boolean;
  readonly group: string;
  readonly tokens: number;
  readonly weight: number;
  readonly cuts: readonly Cut[];
}

export interface ReadAnswers {
  readonly answers: readonly ReadAnswer[];
  /** By place: tokens for a verdict, and milliseconds where there is a clock. */
  readonly costs: ReadonlyMap<PlaceName, { tokens: number; milliseconds: number; verdicts: number }>;
  /** Tokens that the longest answer needs of those that were left out, as the context has no room for them. */
  readonly needed?: number | undefined;
}

/**
 * Reads what the model expects behind each answer and its beginnings, at each place, one after the other in one sequence: what is common is computed once.
 * An answer to what the context has no room for is left out.
 *
 * @throws {EngineError} when the model gives no numbers or cannot go on; and the reason of `signal`
 */
export async function readAnswers(
  engine: Engine,
  panel: readonly Token[],
  { answers, settings, places, signal, onProgress, now }: ReadOptions,
): Promise<ReadAnswers> {
  const costs = new Map(["answer" as PlaceName, ...places].map((name) => [name, { tokens: 0, milliseconds: 0, verdicts: 0 }]));
  const call: Call = { purpose: "evaluate", meter: new Meter(), signal };
  const context = { engine, principle: settings.principle, settings };
  const read: ReadAnswer[] = [];
  let needed: number | undefined;
  for (const [index, answer] of answers.entries()) {
    const turns = answer.turns.slice(0, -1);
    const prefix = promptBefore(turns, context);
    const open = new Map([...costs.keys()].map((name) => [name, PLACE_BY_NAME[name].open(turns, prefix, context)]));
    const written = asWritten(answer.turns.at(-1) as Turn, prefix, engine).slice(0, MOST_TOKENS);
    const tokens = shortened(written, [...open.values()], engine.facts);
    if (tokens.length < Math.min(written.length, CUTS[0])) {
      needed = Math.max(needed ?? 0, longestOf(written, [...open.values()]));
      continue;
    }
    const lengths = settings.principle.horizon === "end" ? [tokens.length] : [...CUTS.filter((cut) => cut < tokens.length), tokens.length];
    const cuts: Cut[] = [];
    for (const length of lengths) {
      const logits: Cut["logits"] = {};
      for (const [name, place] of open) {
        if (!isReadAt(place, length, tokens.length)) continue;
        const before = now?.() ?? 0;
        const [found] = await engine.next([{ prefix: place.prefixOf(tokens.slice(0, length)), tokens: panel }], call);
        logits[name] = found?.logits ?? [];
        // Behind the answer nothing is computed that the writer would not compute.
        const milliseconds = name === "answer" ? 0 : (now?.() ?? 0) - before;
        addCost(costs.get(name), place, { length, milliseconds });
      }
      cuts.push({ length, isWhole: length === tokens.length, logits });
    }
    read.push({ good: answer.verdict === "good", group: promptKey(answer), tokens: tokens.length, weight: answer.weight ?? 1, cuts });
    onProgress?.((index + 1) / answers.length);
  }
  return { answers: read, costs, needed };
}

/** As much of an answer as the context has room for at every place. */
function shortened(answer: readonly Token[], places: readonly OpenPlace[], facts: EngineFacts): readonly Token[] {
  const over = longestOf(answer, places) - facts.contextSize;
  return over <= 0 || answer.length === 0 ? answer : shortened(answer.slice(0, Math.max(0, answer.length - over)), places, facts);
}

/** Tokens of the longest prefix that is read. */
function longestOf(answer: readonly Token[], places: readonly OpenPlace[]): number {
  return Math.max(...places.map((place) => place.prefixOf(answer).length));
}

/** A dear question is asked about whole answers and about one beginning: on a CPU its tokens are what a calibration takes its time for. */
function isReadAt({ questionTokens }: OpenPlace, length: number, whole: number): boolean {
  return questionTokens <= CHEAP || length === whole || length === BEGINNING;
}

/** Tokens of a question that is asked everywhere. */
const CHEAP = 10;

function addCost(
  cost: { tokens: number; milliseconds: number; verdicts: number } | undefined,
  { questionTokens, readsAgain }: OpenPlace,
  { length, milliseconds }: { readonly length: number; readonly milliseconds: number },
): void {
  if (cost === undefined) return;
  cost.tokens += questionTokens + (readsAgain ? length : 0);
  cost.milliseconds += milliseconds;
  cost.verdicts++;
}

/** An answer's tokens as a model would have drawn them: behind `Assistant:` they begin with a space. */
export function asWritten({ text }: Turn, prompt: Prefix, engine: Engine): readonly Token[] {
  const isAfterColon = engine.tokenizer.detokenize(prompt.slice(-1)).endsWith(":");
  return engine.tokenizer.tokenize(isAfterColon ? ` ${text.trimStart()}` : text);
}

/** All cuts in one list, each with its answer. */
export function cutsOf({ answers }: ReadAnswers) {
  return answers.flatMap((answer) => answer.cuts.map((cut) => ({ answer, cut })));
}

/** What was read at a place, for a fit: a beginning weighs as much less as it is shorter, since less of the answer can be known there. */
export function readingsOf(read: ReadAnswers, place: PlaceName): readonly Reading[] {
  return cutsOf(read).flatMap(({ answer: { good, group, tokens, weight }, cut }) => {
    const logits = cut.logits[place];
    return logits === undefined ? [] : [{ logits, good, group, weight: (weight * cut.length) / Math.max(1, tokens) }];
  });
}
