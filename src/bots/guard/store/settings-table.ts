import { DEFAULT_SETTINGS, type GuildSettings, SETTINGS_FORMAT } from "../settings.ts";
import { checkSettings } from "../settings-problems.ts";
import type { Database } from "./database.ts";
import { settingsOf, writtenJson } from "./rows.ts";
import { sql } from "./sql.ts";
import type { SettingsVersion, Store } from "./store.ts";
import { SettingsConflictError } from "./store-error.ts";

type SettingsChange = Parameters<Store["changeSettings"]>[0];

export async function readSettings(database: Database, guild: string): Promise<SettingsVersion> {
  const [newest] = await readSettingsHistory(database, guild, 1);
  return newest ?? { version: 0, settings: DEFAULT_SETTINGS, changedBy: undefined, changedAt: 0 };
}

export async function readSettingsHistory(database: Database, guild: string, limit: number): Promise<readonly SettingsVersion[]> {
  const { rows } = await database.run(sql`
    SELECT version, format, settings, changed_by, changed_at FROM guard_settings
    WHERE guild = ${guild} ORDER BY version DESC LIMIT ${limit}`);
  return rows.map(settingsOf);
}

export async function changeSettings(database: Database, change: SettingsChange): Promise<SettingsVersion> {
  // Whoever gets something in here that cannot be read any more has locked the guild out.
  const settings: GuildSettings = checkSettings(change.settings);
  const { guild, version, by, at } = change;
  const next = version + 1;
  // Of two who decide at once, one gets the number, and the other one gets nothing.
  const insert = sql`
    INSERT INTO guard_settings (guild, version, format, settings, retention_days, changed_by, changed_at)
    SELECT ${guild}, ${next}, ${SETTINGS_FORMAT}, ${writtenJson(settings)}, ${settings.retentionDays}, ${by}, ${at}
    WHERE (SELECT coalesce(max(version), 0) FROM guard_settings WHERE guild = ${guild}) = ${version}
    ON CONFLICT (guild, version) DO NOTHING RETURNING version`;
  const { rows } = await database.run(insert, "power-loss");
  if (rows.length === 0) throw new SettingsConflictError(guild, version);
  return { version: next, settings, changedBy: by, changedAt: at };
}
