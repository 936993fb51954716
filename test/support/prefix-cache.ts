import type { Prefix, Token } from "../../src/core/engine.ts";

interface Branch extends Map<Token, Branch> {}

/** All prefixes that were ever computed, as a tree of tokens. */
export class PrefixCache {
  readonly #root: Branch = new Map();

  /** Puts a prefix in; the number of its tokens that were not there. */
  add(prefix: Prefix): number {
    let branch = this.#root;
    let added = 0;
    for (const token of prefix) {
      let next = branch.get(token);
      if (next === undefined) {
        next = new Map();
        branch.set(token, next);
        added++;
      }
      branch = next;
    }
    return added;
  }
}
