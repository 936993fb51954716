import { createHash } from "node:crypto";
import { AttachmentBuilder, DefaultRestOptions, type RESTOptions } from "discord.js";
import { Vetted } from "../guard/vetted.ts";
import { LeakError } from "./leak-error.ts";
import { wordsOfRequest, wordsOfValue } from "./request-words.ts";
import { splitMessage } from "./text/split.ts";

/** Words that are remembered; each is posted within seconds of being let through. */
const MOST = 20_000;

/**
 * The only way out: every request to Discord passes here, and none with words that were not let through before, whoever wrote the
 * code that sends it and wherever in it they are. The rest of the bot is written so that this never happens; `leaks` counts whether
 * it did.
 */
export class Door {
  readonly #letThrough = new Set<string>();
  #leaks = 0;

  get leaks(): number {
    return this.#leaks;
  }

  /** An answer, in parts that fit into messages. */
  answer(vetted: Vetted): readonly string[] {
    if (!Vetted.isVetted(vetted)) throw new LeakError("Expected an answer that was vetted, got something that only looks like one");
    return splitMessage(vetted.text).map((part) => this.own(part));
  }

  /** Words of our own, or of somebody who may read them: a line, or a moderator's card or form with all that is in it. */
  own<Value>(value: Value): Value {
    for (const words of wordsOfValue(value)) this.#letOut(words);
    return value;
  }

  /** A file of our own. */
  file(name: string, content: Buffer): AttachmentBuilder {
    this.own(name);
    this.#letOut(content);
    return new AttachmentBuilder(content, { name });
  }

  /** Discord's client, with this door before it. */
  readonly makeRequest: RESTOptions["makeRequest"] = async (url, init) => {
    for await (const words of wordsOfRequest(init)) {
      if (this.#letThrough.has(keyOf(words))) continue;
      this.#leaks += 1;
      throw new LeakError(`Expected words that were let through, got ${words.length} others (nothing was posted)`);
    }
    return await DefaultRestOptions.makeRequest(url, init);
  };

  #letOut(words: string | Uint8Array): void {
    const key = keyOf(words);
    this.#letThrough.delete(key);
    this.#letThrough.add(key);
    const [oldest] = this.#letThrough;
    if (this.#letThrough.size > MOST && oldest !== undefined) this.#letThrough.delete(oldest);
  }
}

function keyOf(words: string | Uint8Array): string {
  // Discord trims what is posted, and so may a library on the way.
  return createHash("sha256")
    .update(typeof words === "string" ? words.trim() : words)
    .digest("base64");
}
