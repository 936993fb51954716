import type { GuildSettings } from "../../guard/settings.ts";
import { SettingsError } from "../../guard/settings-problems.ts";
import type { SettingsVersion } from "../../guard/store/store.ts";
import { SettingsConflictError } from "../../guard/store/store-error.ts";
import type { Parts } from "../parts.ts";
import { cut } from "../text/cut.ts";
import { Refused } from "./command.ts";

interface Change {
  readonly guild: string;
  readonly by: string;
  /** For the audit log, without any text of people. */
  readonly detail: string;
  /** The settings as they are to be. */
  readonly make: (settings: GuildSettings) => GuildSettings;
}

/**
 * Decides a guild's settings anew; they count from the next message on.
 *
 * @throws {Refused} in words for the person who changes them: what is wrong with them, or that somebody else was faster
 */
export async function changeSettings({ store, options, log }: Parts, { guild, by, detail, make }: Change): Promise<SettingsVersion> {
  const at = options.clock();
  try {
    const { version, settings } = await store.settings(guild);
    const changed = await store.changeSettings({ guild, version, settings: make(settings), by, at });
    await store.addAudit({ guild, actor: by, event: "settings.changed", detail: `version ${changed.version}: ${detail}`, at });
    log.info({ guild, version: changed.version }, "settings changed");
    return changed;
  } catch (error) {
    if (error instanceof SettingsError) throw new Refused(cut(`Nothing was changed. ${error.message}`, LONGEST), { cause: error });
    if (error instanceof SettingsConflictError)
      throw new Refused("Somebody else changed the settings at the same moment. Look at them and try again.", { cause: error });
    throw error;
  }
}

const LONGEST = 1900;
