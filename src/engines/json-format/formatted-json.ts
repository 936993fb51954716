import type { FormattedText, Token } from "../../core/engine.ts";
import type { TokenIndex } from "./token-index.ts";
import type { Written } from "./written.ts";

/** A text under a format, as far as it is written, in tokens. Immutable: batches, rewinds and resumed continuations agree about it. */
export class JsonText implements FormattedText {
  readonly #index: TokenIndex;
  readonly #written: Written;

  constructor(index: TokenIndex, written: Written) {
    this.#index = index;
    this.#written = written;
  }

  /** One token more; `undefined` where the format does not allow it. Behind an end token nothing follows. */
  after(token: Token): JsonText | undefined {
    const bytes = this.#index.bytesOf(token);
    if (bytes === undefined) return undefined;
    let written: Written | undefined = this.#written;
    for (let index = 0; index < bytes.length && written !== undefined; index++) written = written.after(bytes.charCodeAt(index));
    return written === undefined ? undefined : new JsonText(this.#index, written);
  }

  allows(token: Token): boolean {
    return this.#index.ends.includes(token) ? this.#written.isComplete : this.after(token) !== undefined;
  }

  /** All tokens that may follow, end tokens included; `undefined` where these are more than `limit`. */
  allowed(limit: number): readonly Token[] | undefined {
    const tokens = [...(this.#written.isComplete ? this.#index.ends : []), ...this.#index.allowedBehind(this.#written, limit + 1)];
    return tokens.length > limit ? undefined : tokens;
  }
}
