/** What of a request to Discord somebody may read: all that is in it, but for what only machines read. */
import type { RESTOptions } from "discord.js";

/** The names under which there are ids, dates and kinds. Whatever has another name is words. */
const MACHINES: ReadonlySet<string> = new Set([
  ...["id", "custom_id", "nonce", "message_id", "channel_id", "guild_id", "recipient_id"],
  ...["parse", "users", "roles", "communication_disabled_until"],
]);

/** A picture that is in the request itself. */
const OWN_PICTURE = /^attachment:\/\/[\w.-]+$/;

type Init = Parameters<RESTOptions["makeRequest"]>[1];

/** Texts and the contents of files. */
export async function* wordsOfRequest({ body, headers }: Init): AsyncGenerator<string | Uint8Array> {
  const reason = new Headers(headers as Record<string, string> | undefined).get("x-audit-log-reason");
  if (reason !== null) yield decodeURIComponent(reason);
  if (typeof body === "string") yield* wordsOfValue(JSON.parse(body));
  else if (isForm(body)) yield* wordsOfForm(body);
  else if (body !== undefined && body !== null) yield "a body of an unknown kind";
}

/** Every text in it, however deep. */
export function* wordsOfValue(value: unknown, name = ""): Generator<string> {
  if (typeof value === "string") {
    if (value !== "" && !MACHINES.has(name) && !OWN_PICTURE.test(value)) yield value;
  } else if (Array.isArray(value)) {
    for (const part of value) yield* wordsOfValue(part, name);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, part] of Object.entries(value)) yield* wordsOfValue(part, key);
  }
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
