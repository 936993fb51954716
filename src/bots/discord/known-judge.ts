import { type GuildSettings, guildPrinciple, type KnownJudge } from "../guard/index.ts";
import type { BotContext } from "./bot-context.ts";
import { within } from "./within.ts";

/** How long a judge is waited for: at its first use it may have to read labelled answers. */
const PATIENCE_MS = 10_000;

/**
 * What is known of the judge of a principle: for what a guild's people write, or without a guild for what the bot writes.
 *
 * @returns `undefined`: not known yet; `null`: it cannot be found out
 */
export async function knownJudge(
  { inference, over, log }: Pick<BotContext, "inference" | "over" | "log">,
  settings: GuildSettings,
  { name, guild }: { readonly name: string; readonly guild?: string },
): Promise<KnownJudge | undefined | null> {
  const finding = inference.judges({ principles: [guildPrinciple(settings, name)], guild }, over);
  try {
    return (await within(PATIENCE_MS, finding))?.[0];
  } catch (error) {
    log.error({ err: error, guild }, "a judge could not be found");
    return null;
  }
}
