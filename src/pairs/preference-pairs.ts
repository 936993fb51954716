import { type AffixPair, ContextFullError, complaint, deriveSeed, OptionError, opposite, type Pole, type Turn } from "../core/index.ts";
import { AFFIX_PAIRS, type ContrastFamily } from "./affixes.ts";
import { chosenPole, type Label, messagesOf, type PreferencePair } from "./preference-pair.ts";
import { POLES, type Simulator } from "./simulator.ts";

/** How preference pairs are made. */
export interface Pairing {
  readonly simulator: Simulator;
  readonly family: ContrastFamily;
  /** @default "construction" */
  readonly label?: Label;
  /** The value of a conversation's last turn: -1 (bad) to 1 (good). `rescore` and `agree` need it. */
  readonly judge?: (turns: readonly Turn[], signal?: AbortSignal) => Promise<number>;
  /** The same seed makes the same pairs. @default 1 */
  readonly seed?: number;
  /** Prompts that are worked on at once. @default 1 */
  readonly atOnce?: number;
  /** Prompts before this one, among all that are different, are left out: they were done before. @default 0 */
  readonly from?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a prompt. */
export type PairOutcome =
  | { readonly kind: "pair"; readonly index: number; readonly pair: PreferencePair }
  | { readonly kind: "left-out"; readonly index: number; readonly reason: LeftOut };

/** `same`: both answers are, or one is empty. `disputed`: the label cannot be given. `too-long`: the prompt leaves no room for an answer. */
export type LeftOut = "same" | "disputed" | "too-long";

/**
 * Preference data without people, as in RLCD (https://arxiv.org/abs/2307.12950): each prompt is answered twice by the same model, under
 * affixes that call for opposite answers, and the label follows from how it was made. Both sides of a prompt have the affixes of one pair.
 * Outcomes come in the order of the prompts, so that who is interrupted knows where to go on; prompts that were there before are passed over.
 *
 * @throws {OptionError} when the label needs a judge and there is none; and all that simulator and judge throw
 */
export async function* preferencePairs(prompts: Iterable<readonly Turn[]>, pairing: Pairing): AsyncGenerator<PairOutcome, void, void> {
  const { from = 0, atOnce = 1, label = "construction", judge } = pairing;
  if (label !== "construction" && judge === undefined)
    throw new OptionError("judge", complaint("judge", `a function where \`label\` is \`${label}\``, judge), judge);
  const running: Promise<PairOutcome>[] = [];
  for (const [index, turns] of differentPrompts(prompts)) {
    if (index < from) continue;
    const outcome = outcomeOf(turns, index, pairing);
    // After a failure the later outcomes are awaited no more: their rejections are not unhandled.
    outcome.catch(() => undefined);
    running.push(outcome);
    if (running.length >= atOnce) yield (await running.shift()) as PairOutcome;
  }
  for (const outcome of running) yield await outcome;
}

/** The affixes of a prompt: the same for both of its sides. */
function affixesFor(index: number, family: ContrastFamily, seed: number): AffixPair {
  const pairs = AFFIX_PAIRS[family];
  return pairs[deriveSeed(seed, index) % pairs.length] as AffixPair;
}

/** Prompts that were not there before, each with its place among them, from 0. White space around a turn makes no difference. */
export function* differentPrompts(prompts: Iterable<readonly Turn[]>): Generator<readonly [index: number, turns: readonly Turn[]]> {
  const seen = new Set<string>();
  for (const turns of prompts) {
    const key = JSON.stringify(turns.map(({ role, text }) => [role, text.trim()]));
    if (seen.has(key)) continue;
    yield [seen.size, turns];
    seen.add(key);
  }
}

async function outcomeOf(turns: readonly Turn[], index: number, pairing: Pairing): Promise<PairOutcome> {
  const leftOut = (reason: LeftOut): PairOutcome => ({ kind: "left-out", index, reason });
  const { simulator, family, judge, seed = 1, label = "construction", signal } = pairing;
  const affixes = affixesFor(index, family, seed);
  try {
    const answers = await simulator.simulate({ turns, pair: affixes, seed: deriveSeed(seed, index), signal });
    if (answers.positive === answers.negative || answers.positive === "" || answers.negative === "") return leftOut("same");
    const values = judge === undefined ? undefined : await valuesOf(turns, answers, (answered) => judge(answered, signal));
    const chosen = chosenPole(label, values);
    if (chosen === undefined) return leftOut("disputed");
    const { model, form } = simulator;
    const metadata = { index, model, family, form, label, seed, affixes, chosen, ...(values === undefined ? {} : { values }) };
    const said = (pole: Pole) => [{ role: "assistant", content: answers[pole] } as const];
    const pair = { prompt: messagesOf(turns), chosen: said(chosen), rejected: said(opposite(chosen)), metadata };
    return { kind: "pair", index, pair };
  } catch (error) {
    if (error instanceof ContextFullError) return leftOut("too-long");
    throw error;
  }
}

async function valuesOf(
  turns: readonly Turn[],
  answers: Readonly<Record<Pole, string>>,
  judge: (turns: readonly Turn[]) => Promise<number>,
): Promise<Readonly<Record<Pole, number>>> {
  const [positive, negative] = await Promise.all(POLES.map((pole) => judge([...turns, { role: "assistant", text: answers[pole] }])));
  return { positive: positive as number, negative: negative as number };
}
