import { createHash, timingSafeEqual } from "node:crypto";
import { RequestError } from "./request-error.ts";

/** Who may ask. Keys are kept and compared as hashes, all of them each time, so that how long it takes says nothing about any of them. */
export class Keys {
  readonly #hashes: readonly Buffer[];

  constructor(keys: readonly string[]) {
    this.#hashes = keys.map(hashOf);
  }

  get isOpen(): boolean {
    return this.#hashes.length === 0;
  }

  /**
   * Which key came with a request, as a number that says nothing of it; 0 where anybody may ask.
   *
   * @throws {RequestError} for none, and for one that is unknown
   */
  check(authorization: string | undefined): number {
    if (this.isOpen) return 0;
    const given = hashOf(/^Bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1] ?? "");
    let found = -1;
    for (const [index, hash] of this.#hashes.entries()) if (timingSafeEqual(hash, given)) found = index;
    if (found >= 0) return found + 1;
    const got = authorization === undefined ? "none" : "another one";
    throw new RequestError(`Expected \`Authorization: Bearer\` with a key of this server, got ${got}`, {
      status: 401,
      code: "invalid_api_key",
    });
  }
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
