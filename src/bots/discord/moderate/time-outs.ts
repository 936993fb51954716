/** Time-outs. Discord knows one of a person: a longer one that somebody gave is neither cut short nor ended for the sake of another. */
import type { GuildMember } from "discord.js";
import type { GuildSettings } from "../../guard/index.ts";

/** Until when they are timed out. Milliseconds since 1970; 0: never. */
export function timedOutUntil({ communicationDisabledUntilTimestamp }: GuildMember): number {
  return communicationDisabledUntilTimestamp ?? 0;
}

/** Gives what came of it. @param member as Discord knows them at this moment */
export async function timeOut(member: GuildMember, until: number, reason: string): Promise<"timed out" | "is for longer"> {
  if (timedOutUntil(member) >= until) return "is for longer";
  await member.disableCommunicationUntil(until, reason);
  return "timed out";
}

/** Discord's clock is not ours. */
const LEEWAY_MS = 60_000;

/** Whether a time-out ends later than any that the bot gave by itself at that moment. */
export function isLonger(member: GuildMember, given: number, { moderation: { timeoutMinutes, strikes } }: GuildSettings): boolean {
  return timedOutUntil(member) > given + Math.max(timeoutMinutes, strikes.timeoutMinutes) * 60_000 + LEEWAY_MS;
}
