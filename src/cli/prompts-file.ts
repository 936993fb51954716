import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Turn } from "../core/index.ts";
import { reasonOf, UsageError } from "./failure.ts";

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
const conversation = z
  .array(message)
  .min(1)
  .refine((messages) => messages.at(-1)?.role === "user", "Expected the last message to be the user's");
const question = z.string().trim().min(1);
const row = z.union([question, z.object({ prompt: z.union([question, conversation]) }), z.object({ messages: conversation })]);

/**
 * Conversations to be answered: of a `.jsonl` file each line is a text, or an object with `prompt` (a text, or a list of messages) or
 * `messages`; of any other file each line is a question. Empty lines are passed over.
 */
export async function* readPrompts(path: string): AsyncGenerator<readonly Turn[], void, void> {
  const isJson = path.endsWith(".jsonl");
  let number = 0;
  for await (const line of linesOf(path)) {
    number++;
    const text = number === 1 ? line.replace(/^\uFEFF/, "") : line;
    if (text.trim() !== "") yield isJson ? turnsIn(text, `${path}:${number}`) : [{ role: "user", text: text.trim() }];
  }
}

async function* linesOf(path: string): AsyncGenerator<string, void, void> {
  try {
    yield* createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw new UsageError(`Expected to read \`${path}\`, got: ${reasonOf(error)}`, { cause: error });
  }
}

function turnsIn(line: string, place: string): readonly Turn[] {
  const { data, error } = row.safeParse(parsed(line, place));
  if (error !== undefined)
    throw new UsageError(`Expected \`${place}\` to be a text, {"prompt"} or {"messages"}, got: ${error.issues[0]?.message}`);
  const said = typeof data === "string" ? data : "prompt" in data ? data.prompt : data.messages;
  return typeof said === "string" ? [{ role: "user", text: said }] : said.map(({ role, content }) => ({ role, text: content }));
}

function parsed(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new UsageError(`Expected \`${place}\` to be JSON, got: ${reasonOf(error)}`, { cause: error });
  }
}
