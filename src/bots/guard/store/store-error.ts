import { RainError } from "../../../core/index.ts";

/**
 * What kept the store from doing its work. `locked`: another program held it too long. `full`: no room to write. `unreachable`: no such
 * place, or no answer from there. `unreadable`: what is there is no database, or a record in it is damaged. `newer`: a newer version of the bot
 * wrote it. `closed`: it was disposed of. `failed`: something else; see the cause.
 */
export type StoreErrorCode = "locked" | "full" | "read-only" | "unreachable" | "unreadable" | "newer" | "closed" | "failed";

/** The store could not read or write. Nothing is half done: what was asked for did not happen. */
export class StoreError extends RainError {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The settings were changed since they were read. Nothing else was changed: read them again, and decide anew. */
export class SettingsConflictError extends RainError {
  readonly guild: string;
  /** The version that was to be replaced. */
  readonly version: number;

  constructor(guild: string, version: number) {
    super(`Expected the settings of ${guild} to be at version ${version}, got another one (somebody changed them: read them again)`);
    this.guild = guild;
    this.version = version;
  }
}

/** How each kind of failure reads, and what to do about it. The driver's own words are in the cause: they may tell of passwords and data. */
export function storeError(code: StoreErrorCode, cause: unknown): StoreError {
  return new StoreError(code, COMPLAINTS[code], { cause });
}

const COMPLAINTS: Readonly<Record<StoreErrorCode, string>> = {
  locked: "Expected the database to be free within 5 seconds, got a lock that somebody holds (look for other programs that use it)",
  full: "Expected room to write, got a full disk or database (make room, or shorten the guilds' retention)",
  "read-only": "Expected a database that can be written, got one that can only be read (check its owner and permissions)",
  unreachable: "Expected to reach the database, got no connection (check its address, its folder or its server, and the permissions)",
  unreadable: "Expected a database of the bot, got a file that is none or is damaged (choose another file, or bring back a copy)",
  newer: "Expected a database of this version or an older one, got one that a newer version of the bot wrote (update the bot)",
  closed: "Expected an open store, got one that was disposed of",
  failed: "Expected the database to do as it was told, got an error (its cause says more)",
};
