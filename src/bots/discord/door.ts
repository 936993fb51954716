import { createHash } from "node:crypto";
import { type APIEmbed, DefaultRestOptions, type RESTOptions } from "discord.js";
import { Vetted } from "../guard/vetted.ts";
import { LeakError } from "./leak-error.ts";
import { splitMessage } from "./text/split.ts";

/** Texts that are remembered; each is posted within seconds of being let through. */
const MOST = 20_000;

/**
 * The only way out: every request to Discord passes here, and none with a text that was not let through before, whoever wrote the
 * code that sends it. The rest of the bot is written so that this never happens; `leaks` counts whether it did.
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

  /** Words of our own, or of somebody who may read them: of a moderator's card, for example. */
  own(text: string): string {
    const key = keyOf(text);
    this.#letThrough.delete(key);
    this.#letThrough.add(key);
    const [oldest] = this.#letThrough;
    if (this.#letThrough.size > MOST && oldest !== undefined) this.#letThrough.delete(oldest);
    return text;
  }

  card(embed: APIEmbed): APIEmbed {
    for (const text of textsOfEmbed(embed)) this.own(text);
    return embed;
  }

  /** Discord's client, with this door before it. */
  readonly makeRequest: RESTOptions["makeRequest"] = async (url, init) => {
    const leak = textsOf(await messageOf(init.body)).find((text) => !this.#letThrough.has(keyOf(text)));
    if (leak !== undefined) {
      this.#leaks += 1;
      throw new LeakError(`Expected a text that was let through, got ${leak.length} characters of another one (nothing was posted)`);
    }
    return await DefaultRestOptions.makeRequest(url, init);
  };
}

/** The parts of a request in which people read. */
interface Message {
  readonly content?: unknown;
  readonly embeds?: readonly APIEmbed[];
  /** Of the answer to an interaction. */
  readonly data?: Message;
}

async function messageOf(body: unknown): Promise<Message> {
  const json = typeof body === "string" ? body : isForm(body) ? await formField(body, "payload_json") : undefined;
  const parsed: unknown = json === undefined ? {} : JSON.parse(json);
  return typeof parsed === "object" && parsed !== null ? parsed : {};
}

function textsOf({ content, embeds = [], data }: Message): string[] {
  const own = typeof content === "string" && content !== "" ? [content] : [];
  return [...own, ...embeds.flatMap(textsOfEmbed), ...(data === undefined || data === null ? [] : textsOf(data))];
}

function textsOfEmbed({ title, description, footer, author, fields = [] }: APIEmbed): string[] {
  const texts = [title, description, footer?.text, author?.name, ...fields.flatMap(({ name, value }) => [name, value])];
  return texts.filter((text) => text !== undefined && text !== "") as string[];
}

interface Form {
  get(name: string): unknown;
}

function isForm(body: unknown): body is Form {
  return typeof body === "object" && body !== null && "get" in body && typeof body.get === "function";
}

async function formField(form: Form, name: string): Promise<string | undefined> {
  const value = form.get(name);
  if (value instanceof Blob) return await value.text();
  return typeof value === "string" ? value : undefined;
}

function keyOf(text: string): string {
  // Discord trims what is posted, and so may a library on the way.
  return createHash("sha256").update(text.trim()).digest("base64");
}
