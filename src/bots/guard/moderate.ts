import type { Turn } from "../../core/index.ts";
import { guildPrinciple } from "./guild-principles.ts";
import type { Inference } from "./inference.ts";
import { normalise } from "./normalise.ts";
import { ACTIONS, type Action, type GuildSettings } from "./settings.ts";
import type { Finding } from "./store/store.ts";
import { thresholdOf } from "./strictness.ts";

/** How a message fared. */
export interface Judgement {
  /** By each principle that the guild judges by. */
  readonly findings: readonly Finding[];
  /** Those that speak against it. */
  readonly against: readonly Finding[];
  /** The most that one of those asks for. */
  readonly action: Action | undefined;
}

interface Judged {
  readonly text: string;
  readonly settings: Pick<GuildSettings, "moderation" | "principles">;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Judges what somebody wrote, by the guild's principles.
 *
 * @throws {InferenceError} when there is no verdict: the message is unjudged
 */
export async function judgeMessage(inference: Inference, { text, settings, signal }: Judged): Promise<Judgement> {
  const rules = Object.entries(settings.moderation.rules).filter(([, { strictness }]) => strictness !== "off");
  const readable = normalise(text);
  if (readable === "" || rules.length === 0) return { findings: [], against: [], action: undefined };
  const turns: readonly Turn[] = [{ role: "assistant", text: readable }];
  const principles = rules.map(([name]) => guildPrinciple(settings, name));
  const values = await inference.judge({ turns, principles }, signal);
  const findings = rules.map(([principle, { strictness }], index) => ({
    principle,
    value: values[index] ?? Number.NaN,
    threshold: thresholdOf(strictness),
  }));
  const against = findings.filter(({ value, threshold }) => !(value >= threshold));
  const asked = against.map(({ principle }) => ACTIONS.indexOf(settings.moderation.rules[principle]?.action ?? "log"));
  return { findings, against, action: ACTIONS[Math.max(...asked, -1)] };
}
