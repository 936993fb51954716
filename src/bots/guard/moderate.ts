import { type Action, mostOf } from "./actions.ts";
import type { Inference, JudgesRequest, KnownJudge, TextVerdict } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import { hundredthsOf, limitOf } from "./limits.ts";
import { normalise } from "./normalise.ts";
import { halvesOf, piecesOf } from "./pieces.ts";
import { type GuildSettings, guildPrinciple } from "./settings.ts";
import type { Finding, JudgedValue } from "./store/store.ts";

/** How a message fared. */
export interface Judgement {
  /** By each principle that the guild judges by. */
  readonly findings: readonly Finding[];
  /** Those that speak against it. */
  readonly against: readonly Finding[];
  /** The most that one of those asks for. */
  readonly action: Action | undefined;
  /** Whether a judge speaks against it by which the guild acts. What others say is only shown. */
  readonly isCertain: boolean;
  /** Whether a filter decided, and no judge was asked. */
  readonly isByFilter: boolean;
  /** Lower end of the interval of the AUROC of those by which the guild acts: of the least one, or 1. 0: it was never measured. */
  readonly fitness: number;
  /** Principles by whose judge the guild does not act, and what is known of it. */
  readonly unfit: readonly UnfitJudge[];
  /** What judges said, each by its principle. */
  readonly verdicts: readonly JudgedValue[];
}

/** How a message fares by which nothing is asked. */
export const NOTHING_JUDGED: Judgement = {
  findings: [],
  against: [],
  action: undefined,
  isCertain: false,
  isByFilter: false,
  fitness: 0,
  unfit: [],
  verdicts: [],
};

export interface UnfitJudge {
  readonly principle: string;
  readonly judge: KnownJudge;
}

/** Whether a rule acts by this judge: it is fit, and surely so, or as surely as the guild wants it. */
export function actsBy({ isFit, fitness }: KnownJudge, { actsFrom }: GuildSettings["moderation"]["rules"][string]): boolean {
  return isFit && (fitness?.low ?? 0) >= actsFrom;
}

interface Message {
  /** Whose settings and whose judge count. */
  readonly guild: string;
  readonly text: string;
  readonly settings: Pick<GuildSettings, "moderation" | "principles">;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Judges what a person wrote, by the guild's principles, and by the judge that the guild has taught, if it has.
 *
 * @throws {InferenceError} when there is no verdict: the message is unjudged
 */
export async function judgeMessage(inference: Inference, { guild, text, settings, signal }: Message): Promise<Judgement> {
  const rules = Object.entries(settings.moderation.rules).filter(([, { strictness }]) => strictness !== "off");
  const readable = normalise(text);
  if (readable === "" || rules.length === 0) return NOTHING_JUDGED;
  const principles = rules.map(([name]) => guildPrinciple(settings, name));
  const verdicts = await worstVerdicts(inference, readable, { principles, guild, signal });
  const findings = rules.map(([principle, rule], index) => ({
    principle,
    value: verdicts[index]?.value ?? Number.NaN,
    threshold: limitOf(rule),
  }));
  const unfit = rules.flatMap(([principle, rule], index) => {
    const judge = verdicts[index]?.judge;
    return judge === undefined || actsBy(judge, rule) ? [] : [{ principle, judge }];
  });
  const against = findings.filter(({ value, threshold }) => !(value >= threshold));
  const certain = against.filter(({ principle }) => !unfit.some((one) => one.principle === principle));
  const isCertain = certain.length > 0;
  const acting = rules.flatMap(([, rule], index) =>
    verdicts[index] && actsBy(verdicts[index].judge, rule) ? [verdicts[index].judge] : [],
  );
  const fitness = Math.min(1, ...acting.map((judge) => judge.fitness?.low ?? 0));
  const action = mostOf((isCertain ? certain : against).map(({ principle }) => settings.moderation.rules[principle]?.action ?? "log"));
  const said = findings.flatMap(({ principle, value }, index) => {
    const judge = verdicts[index]?.judge.version;
    return judge === undefined ? [] : [{ principle, judge, hundredths: hundredthsOf(value) }];
  });
  return { findings, against, action, isCertain, isByFilter: false, fitness, unfit, verdicts: said };
}

/** By each principle the worst one, of the whole and of its pieces: no sentence speaks for another one. */
async function worstVerdicts(
  inference: Inference,
  text: string,
  { signal, ...by }: JudgesRequest & Pick<Message, "signal">,
): Promise<readonly TextVerdict[]> {
  const pieces = piecesOf(text);
  let worst: readonly TextVerdict[] = [];
  for (const piece of pieces.length > 1 ? [text, ...pieces] : [text]) {
    worst = worseOf(worst, await verdictsOn(inference, piece, { signal, ...by }));
  }
  return worst;
}

function worseOf(some: readonly TextVerdict[], others: readonly TextVerdict[]): readonly TextVerdict[] {
  // What is no number is no verdict in its favour.
  return others.map((verdict, index) => (some[index] === undefined || !(verdict.value >= some[index].value) ? verdict : some[index]));
}

/** What is too long for the judge is judged in halves. */
async function verdictsOn(
  inference: Inference,
  text: string,
  { signal, ...by }: JudgesRequest & Pick<Message, "signal">,
): Promise<readonly TextVerdict[]> {
  try {
    return await inference.judge({ turns: [{ role: "assistant", text }], ...by }, signal);
  } catch (error) {
    const halves = InferenceError.findIn(error)?.code === "long" ? halvesOf(text) : undefined;
    if (halves === undefined) throw error;
    const [first = [], second = []] = [
      await verdictsOn(inference, halves[0], { signal, ...by }),
      await verdictsOn(inference, halves[1], { signal, ...by }),
    ];
    return worseOf(first, second);
  }
}
