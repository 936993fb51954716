import { isDeepStrictEqual } from "node:util";
import { type GuildSettings, SettingsConflictError, type SettingsVersion } from "../guard/index.ts";
import type { BotContext } from "./bot-context.ts";

interface SettingsChange {
  readonly guild: string;
  /** Id of the person, or of the bot itself. */
  readonly by: string;
  /** For the audit, without any text of people. */
  readonly detail: string;
  readonly make: (settings: GuildSettings) => GuildSettings | Promise<GuildSettings>;
  /** The version that it is made of: where there is a newer one, another change came first. @default the newest */
  readonly version?: number | undefined;
}

/** What holds now. */
export interface DecidedSettings extends SettingsVersion {
  /** `false`: they were so before, and there is no new version. */
  readonly isChanged: boolean;
}

/**
 * Decides a guild's settings anew, and records it, where they were others before.
 *
 * @throws {SettingsError} when they are not what they must be
 * @throws {SettingsConflictError} when another change came first
 */
export async function changeSettings(
  { store, options, log }: Pick<BotContext, "store" | "options" | "log">,
  { guild, by, detail, make, version: made }: SettingsChange,
): Promise<DecidedSettings> {
  const at = options.clock();
  const before = await store.settings(guild);
  const { version } = before;
  if (made !== undefined && made !== version) throw new SettingsConflictError(guild, made);
  const settings = await make(before.settings);
  if (isDeepStrictEqual(settings, before.settings)) return { ...before, isChanged: false };
  const changed = await store.changeSettings({ guild, version, settings, by, at });
  await store.addAudit({ guild, actor: by, event: "settings.changed", detail: `version ${changed.version}: ${detail}`, at });
  log.info({ guild, version: changed.version }, "settings changed");
  return { ...changed, isChanged: true };
}

/** The same for a switch that must hold, whoever else changes something at the same moment. */
export async function insistOnSettings(...[context, change]: Parameters<typeof changeSettings>): Promise<DecidedSettings> {
  for (;;) {
    try {
      return await changeSettings(context, change);
    } catch (error) {
      if (!(error instanceof SettingsConflictError)) throw error;
    }
  }
}
