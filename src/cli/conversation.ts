import { z } from "zod";
import type { Turn } from "../core/index.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { readStandardInput, readTextFile } from "./read-text.ts";

/** A chat as the OpenAI API writes it. */
const messagesFile = z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).min(1);

/** Where a conversation comes from: exactly one of both. */
export interface Source {
  /** `-` stands for standard input. */
  readonly prompt: string | undefined;
  /** Path of a JSON file. */
  readonly messages: string | undefined;
}

export async function readConversation({ prompt, messages }: Source): Promise<readonly Turn[]> {
  if (prompt !== undefined && messages !== undefined) throw new UsageError("Expected a prompt or `--messages`, got both");
  if (messages !== undefined) return await readMessages(messages);
  if (prompt !== undefined) return [{ role: "user", text: checkWords(prompt === "-" ? await readStandardInput() : checkArgument(prompt)) }];
  throw new UsageError("Expected a prompt, got none (put it in quotes; `-` reads standard input, `--messages FILE` a chat)");
}

async function readMessages(path: string): Promise<readonly Turn[]> {
  const checked = messagesFile.safeParse(parseJson(path, await readTextFile(path)));
  if (!checked.success) {
    const [issue] = checked.error.issues;
    const where = issue === undefined || issue.path.length === 0 ? "" : ` at \`${issue.path.join(".")}\``;
    throw new UsageError(`Expected \`${path}\` to be a list of {"role", "content"}, got: ${issue?.message}${where}`);
  }
  const turns = checked.data.map(({ role, content }) => ({ role, text: content }));
  if (turns.at(-1)?.role !== "assistant") checkWords(turns.at(-1)?.text ?? "");
  return turns;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`Expected \`${path}\` to be JSON, got: ${reasonOf(error)}`, { cause: error });
  }
}

/** Node reads arguments that are no UTF-8 with replacement characters in them. */
function checkArgument(prompt: string): string {
  if (prompt.includes("\uFFFD")) throw new UsageError("Expected the prompt to be UTF-8 text, got other bytes");
  return prompt;
}

function checkWords(prompt: string): string {
  if (prompt.trim() === "") throw new UsageError("Expected a prompt with something in it, got an empty one");
  return prompt.trimEnd();
}
