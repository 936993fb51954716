import { createHash } from "node:crypto";
import { AttachmentBuilder, type RESTOptions } from "discord.js";
import { Vetted } from "../guard/index.ts";
import { LeakError } from "./errors.ts";
import { splitMessage } from "./reply/text.ts";
import { sentOnce } from "./sent-once.ts";

/** Words that are remembered; each is posted within seconds of being let through. */
const MOST = 20_000;

/**
 * The only way out: every request to Discord passes here, and none with words that were not let through before, whatever code sends it and
 * wherever in it they are. discord.js takes any text, so types cannot see to that. The rest of the bot is written so that nothing is ever
 * stopped here; `leaks` counts whether something was.
 */
export class OutboundFilter {
  readonly #letThrough = new Set<string>();
  readonly #send = sentOnce();
  #leaks = 0;

  get leaks(): number {
    return this.#leaks;
  }

  /** An answer, in parts that fit into messages. */
  answer(vetted: Vetted): readonly string[] {
    if (!Vetted.isVetted(vetted)) throw new LeakError("Expected an answer that was vetted, got something that only looks like one");
    return splitMessage(vetted.text).map((part) => this.own(part));
  }

  /** Words of our own, or of a person for those who may read them: a line, or a moderator's card or form with all that is in it. */
  own<Value>(value: Value): Value {
    for (const words of wordsOfValue(value)) this.#remember(keyOf(words));
    return value;
  }

  /** A file of our own. */
  file(name: string, content: Buffer): AttachmentBuilder {
    this.own(name);
    this.#remember(keyOf(content));
    return new AttachmentBuilder(content, { name });
  }

  /** How discord.js makes its requests, behind this filter. */
  readonly makeRequest: RESTOptions["makeRequest"] = async (url, init) => {
    for await (const words of wordsOfRequest(init)) {
      const key = keyOf(words);
      if (this.#letThrough.has(key)) {
        this.#remember(key);
        continue;
      }
      this.#leaks += 1;
      throw new LeakError(`Expected words that were let through, got ${words.length} others (nothing was posted)`);
    }
    return await this.#send(url, init);
  };

  /** As the newest; the oldest is forgotten where there are too many. */
  #remember(key: string): void {
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

/** The names under which there are ids, dates and kinds. Whatever has another name is words, which people may read. */
const MACHINES: ReadonlySet<string> = new Set([
  ...["id", "custom_id", "nonce", "message_id", "channel_id", "guild_id", "recipient_id"],
  ...["parse", "users", "roles", "communication_disabled_until"],
]);

/** A picture that is in the request itself. */
const OWN_PICTURE = /^attachment:\/\/[\w.-]+$/;

/** Every text in it, however deep, but for what only machines read. */
export function* wordsOfValue(value: unknown, name = ""): Generator<string> {
  if (typeof value === "string") {
    if (value !== "" && !MACHINES.has(name) && !OWN_PICTURE.test(value)) yield value;
  } else if (Array.isArray(value)) {
    for (const part of value) yield* wordsOfValue(part, name);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) yield* wordsOfValue(part, key);
  }
}

/** Texts and the contents of files. */
async function* wordsOfRequest({ body, headers }: Parameters<RESTOptions["makeRequest"]>[1]): AsyncGenerator<string | Uint8Array> {
  const reason = new Headers(headers as Record<string, string> | undefined).get("x-audit-log-reason");
  if (reason !== null) yield decodeURIComponent(reason);
  if (typeof body === "string") yield* wordsOfValue(JSON.parse(body));
  else if (isForm(body)) yield* wordsOfForm(body);
  else if (body !== undefined && body !== null) yield "a body of an unknown kind";
}

type Form = Iterable<readonly [name: string, value: unknown]>;

function isForm(body: unknown): body is Form {
  return typeof body === "object" && body !== null && "getAll" in body && Symbol.iterator in body;
}

async function* wordsOfForm(form: Form): AsyncGenerator<string | Uint8Array> {
  for (const [name, value] of form) {
    if (name === "payload_json") yield* wordsOfValue(JSON.parse(value instanceof Blob ? await value.text() : String(value)));
    else if (value instanceof Blob) yield new Uint8Array(await value.arrayBuffer());
    else yield String(value);
  }
}
