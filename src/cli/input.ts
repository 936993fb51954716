/** What people hand over, on standard input and in files: a prompt, a chat, a principle, examples. */
import { createReadStream } from "node:fs";
import { extname } from "node:path";
import { z } from "zod";
import { didYouMean, PRINCIPLES, type Principle, type PromptingOptions, principle, type Turn } from "../core/index.ts";
import { reasonOf, UsageError } from "./failure.ts";

/** More than any model reads, and little enough to be tokenized at once. */
const MAX_BYTES = 1024 * 1024;

/** A file's text. What is no file, no UTF-8 or too long is refused in one line. */
export async function readTextFile(path: string): Promise<string> {
  return decode(await readBytes(path), `\`${path}\``);
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await collect(createReadStream(path), `\`${path}\``);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Expected to read \`${path}\`, got: ${reasonOf(error)}`, { cause: error });
  }
}

/** Not by the size that a file says it has: a device has none, and no end. */
async function collect(stream: AsyncIterable<Buffer>, source: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of stream) {
    parts.push(part);
    length += part.length;
    if (length > MAX_BYTES) throw new UsageError(`Expected ${source} to be at most ${MAX_BYTES} bytes long, got more`);
  }
  return Buffer.concat(parts);
}

function decode(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new UsageError(`Expected ${source} to be UTF-8 text, got other bytes`, { cause: error });
  }
}

/** What a YAML or JSON file says. JSON is YAML. */
async function readDataFile(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  // Most runs read no such file.
  const { parse } = await import("yaml");
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`Expected \`${path}\` to be YAML or JSON, got: ${reasonOf(error)}`, { cause: error });
  }
}

/** What a file says, where it is what is expected of it: else a complaint about the first part that is not. */
function checkShape<Shape>(shape: z.ZodType<Shape>, content: unknown, path: string, expected: string): Shape {
  const { data, error } = shape.safeParse(content);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at \`${issue.path.join(".")}\``;
  throw new UsageError(`Expected \`${path}\` ${expected}, got: ${issue?.message}${where}`);
}

/** Where a conversation comes from: exactly one of both. */
export interface ConversationSource {
  /** `-` stands for standard input. */
  readonly prompt: string | undefined;
  /** Path of a JSON file. */
  readonly messages: string | undefined;
}

export async function readConversation({ prompt, messages }: ConversationSource): Promise<readonly Turn[]> {
  if (prompt !== undefined && messages !== undefined) throw new UsageError("Expected a prompt or `--messages`, got both");
  if (messages !== undefined) return await readMessages(messages);
  if (prompt === undefined)
    throw new UsageError("Expected a prompt, got none (put it in quotes; `-` reads standard input, `--messages FILE` a chat)");
  // Node reads arguments that are no UTF-8 with replacement characters in them.
  if (prompt.includes("\uFFFD")) throw new UsageError("Expected the prompt to be UTF-8 text, got other bytes");
  const text = prompt === "-" ? decode(await collect(process.stdin, "standard input"), "standard input") : prompt;
  return [{ role: "user", text: checkWords(text) }];
}

/** A chat as the OpenAI API writes it. */
const MESSAGES = z.array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() })).min(1);

async function readMessages(path: string): Promise<readonly Turn[]> {
  const messages = checkShape(MESSAGES, parseJson(path, await readTextFile(path)), path, 'to be a list of {"role", "content"}');
  const turns = messages.map(({ role, content }) => ({ role, text: content }));
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

function checkWords(prompt: string): string {
  if (prompt.trim() === "") throw new UsageError("Expected a prompt with something in it, got an empty one");
  return prompt.trimEnd();
}

/**
 * A principle in plain words, as a person writes it down:
 *
 * ```yaml
 * name: kind
 * question: Is the answer kind?
 * good: kind
 * bad: unkind
 * horizon: clause        # or end: judge whole answers only
 * examples:              # optional, but they help the judge a lot
 *   - { prompt: How do I bake bread?, answer: Happy to help! Mix flour and water., verdict: good }
 *   - { prompt: How do I bake bread?, answer: Find it out yourself., verdict: bad }
 * ```
 */
const PRINCIPLE = z.strictObject({
  name: z.string(),
  question: z.string(),
  good: z.string(),
  bad: z.string(),
  neutral: z.string().exactOptional(),
  horizon: z.enum(["clause", "end"]).exactOptional(),
  examples: z.array(z.strictObject({ prompt: z.string(), answer: z.string(), verdict: z.enum(["good", "bad", "neutral"]) })).default([]),
});

/** A built-in principle by its name, or one of your own from a YAML or JSON file. */
export async function findPrinciple(nameOrFile: string): Promise<Principle> {
  const builtIn = Object.values(PRINCIPLES).find(({ name }) => name === nameOrFile);
  if (builtIn !== undefined) return builtIn;
  if ([".yaml", ".yml", ".json"].includes(extname(nameOrFile).toLowerCase())) return await readPrinciple(nameOrFile);
  const names = Object.keys(PRINCIPLES);
  const known = names.map((name) => `\`${name}\``).join(", ");
  throw new UsageError(
    `Expected \`--principle\` to be ${known} or a .yaml or .json file, got \`${nameOrFile}\`${didYouMean(nameOrFile, names)}`,
  );
}

async function readPrinciple(path: string): Promise<Principle> {
  const expected = "to describe a principle";
  const { examples, ...described } = checkShape(PRINCIPLE, await readDataFile(path), path, expected);
  try {
    return principle({
      ...described,
      examples: examples.map(({ prompt, answer, verdict }) => ({
        turns: [
          { role: "user", text: prompt },
          { role: "assistant", text: answer },
        ],
        verdict,
      })),
    });
  } catch (error) {
    throw new UsageError(`Expected \`${path}\` ${expected}, got: ${reasonOf(error)}`, { cause: error });
  }
}

const WORDS = z.string().trim().min(1);
const EXAMPLES = z.array(z.strictObject({ query: WORDS, answer: WORDS }));

/** A number of built-in examples of URIAL, which is checked with the other options, or one's own from a YAML or JSON file. */
export async function findExamples(countOrFile: string): Promise<NonNullable<PromptingOptions["urialExamples"]>> {
  if (/^\d+$/.test(countOrFile)) return Number(countOrFile) as 0 | 1 | 3 | 8;
  return checkShape(EXAMPLES, await readDataFile(countOrFile), countOrFile, 'to be a list of {"query", "answer"}');
}
