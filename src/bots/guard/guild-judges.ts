import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type JudgeKey, type KeptJudge, readJudge, writeJudge } from "../../judges/index.ts";

/** Judges that guilds have taught, on disk: a folder for each guild, so that none can be another's, and all of one go at once. */
export class GuildJudges {
  readonly #folder: string;

  /** @param folder of the bot's data; made when there is something to keep */
  constructor(folder: string) {
    this.#folder = join(folder, "guilds");
  }

  /** `undefined`: it has taught none for this model and principle. */
  read(guild: string, key: JudgeKey): Promise<KeptJudge | undefined> {
    return readJudge(this.#folderOf(guild), key);
  }

  write(guild: string, key: JudgeKey, judge: KeptJudge): Promise<void> {
    return writeJudge(this.#folderOf(guild), key, judge);
  }

  async forget(guild: string): Promise<void> {
    await rm(this.#folderOf(guild), { recursive: true, force: true });
  }

  /** Forgets what belongs to other guilds than these. How many there were. */
  async keepOnly(guilds: readonly string[]): Promise<number> {
    const known = new Set(guilds.map(nameOf));
    const others = (await namesIn(this.#folder)).filter((name) => NAME.test(name) && !known.has(name));
    for (const name of others) await rm(join(this.#folder, name), { recursive: true, force: true });
    return others.length;
  }

  #folderOf(guild: string): string {
    return join(this.#folder, nameOf(guild));
  }
}

const NAME = /^[0-9a-f]{32}$/;

/** Whatever an id holds, it leads nowhere else. */
function nameOf(guild: string): string {
  return createHash("sha256").update(guild).digest("hex").slice(0, 32);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    // Nobody has taught any.
    return [];
  }
}
