import { LRUCache } from "lru-cache";
import { hashOf, normalise } from "../../guard/index.ts";

/** Longer is nobody asked about. */
const WHILE_MS = 10 * 60_000;

/** Of one person. */
const MOST_MESSAGES = 50;

/** In all guilds together; who is forgotten is counted anew. */
const MOST_PEOPLE = 10_000;

interface Said {
  readonly guild: string;
  readonly author: string;
  readonly message: string;
  readonly text: string;
  readonly at: number;
}

/** How often people say the same. It is kept in memory, as hashes, for ten minutes. */
export class Repeats {
  readonly #said = new LRUCache<string, readonly { readonly message: string; readonly hash: string; readonly at: number }[]>({
    max: MOST_PEOPLE,
  });

  /** Notes what somebody says; what they make of it by an edit is noted instead. */
  note({ guild, author, message, text, at }: Said): void {
    const key = `${guild}/${author}`;
    const said = (this.#said.get(key) ?? []).filter((one) => one.message !== message && at - one.at < WHILE_MS);
    this.#said.set(key, [...said, { message, hash: sameHash(text), at }].slice(-MOST_MESSAGES));
  }

  /** How often this was said within so many seconds before, with this time. A message without words is no repetition. */
  count({ guild, author, message, text, at }: Said, seconds: number): number {
    if (normalise(text) === "") return 1;
    const hash = sameHash(text);
    const said = this.#said.get(`${guild}/${author}`) ?? [];
    const before = said.filter((one) => BigInt(one.message) < BigInt(message) && at - one.at < seconds * 1000);
    return 1 + before.filter((one) => one.hash === hash).length;
  }
}

/** Capitals and blanks make no difference. */
function sameHash(text: string): string {
  return hashOf(normalise(text).toLowerCase().replace(/\s+/g, " "));
}
