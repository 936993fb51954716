/** Files of preference pairs: how they are written, read again and summed up. */
import { appendFileSync, readFileSync, statSync, truncateSync } from "node:fs";
import { z } from "zod";
import { CONTRAST_FORMS, type Turn } from "../core/index.ts";
import { CONTRAST_FAMILIES, differentPrompts, LABELS, messagesOf, type PairMetadata, POLES, type PreferencePair } from "../pairs/index.ts";
import { type Rate, wilson } from "../statistics.ts";

const text = z.string().refine((content) => content.trim() !== "", "Expected a text with something in it");
const answer = z.tuple([z.strictObject({ role: z.literal("assistant"), content: text })]);
const value = z.number().min(-1).max(1);

/** A line of a file of preference pairs: TRL's conversational form, and beside it how the pair came about. */
export const PAIR_SCHEMA = z.strictObject({
  prompt: z
    .array(z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
    .min(1)
    .refine((messages) => messages.at(-1)?.role === "user", "Expected a prompt that ends with what the user says"),
  chosen: answer,
  rejected: answer,
  metadata: z.strictObject({
    index: z.int().min(0),
    model: z.string(),
    family: z.enum(CONTRAST_FAMILIES),
    form: z.enum(CONTRAST_FORMS),
    label: z.enum(LABELS),
    seed: z.int().min(0),
    affixes: z.strictObject({ positive: text, negative: text }),
    chosen: z.enum(POLES),
    values: z.strictObject({ positive: value, negative: value }).optional(),
  }),
}) satisfies z.ZodType<PreferencePair>;

/** What all pairs of one file have in common. */
export type PairFileFacts = Pick<PairMetadata, "model" | "family" | "form" | "label" | "seed">;

/**
 * A file of preference pairs, one a line, in the order of their prompts. Each is written as soon as it is there; a process that was killed
 * in the middle of a line leaves all lines before it, and the next one goes on behind them.
 */
export class PairFile {
  readonly #path: string;
  readonly #pairs: PreferencePair[];

  /** @throws {TypeError} for a file of something else, or one that cannot be written */
  constructor(path: string) {
    this.#path = path;
    this.#pairs = readPairs(path);
    checkWritable(path);
  }

  get pairs(): readonly PreferencePair[] {
    return this.#pairs;
  }

  /** The first prompt of which it may know nothing. */
  get next(): number {
    return (this.#pairs.at(-1)?.metadata.index ?? -1) + 1;
  }

  /** @throws {TypeError} when what it holds was made in another way */
  checkFacts(facts: PairFileFacts): void {
    for (const { metadata } of this.#pairs) checkFacts(this.#path, metadata, facts);
  }

  /** @throws {TypeError} when what it holds was asked by other prompts: their places in the file would mean something else */
  checkPrompts(prompts: Iterable<readonly Turn[]>): void {
    const asked = new Map(differentPrompts(prompts));
    for (const [line, { prompt, metadata }] of this.#pairs.entries()) {
      const turns = asked.get(metadata.index);
      if (turns !== undefined && JSON.stringify(messagesOf(turns)) === JSON.stringify(prompt)) continue;
      throw new TypeError(
        `Expected \`${this.#path}:${line + 1}\` to hold a pair of these prompts, got one of others (choose another file, or move it away)`,
      );
    }
  }

  append(pair: PreferencePair): void {
    appendFileSync(this.#path, `${JSON.stringify(PAIR_SCHEMA.parse(pair))}\n`);
    this.#pairs.push(pair);
  }
}

/** All whole lines. The beginning of one more is what a killed process left: it is taken away, to be written again. */
function readPairs(path: string): PreferencePair[] {
  const place = statSync(path, { throwIfNoEntry: false });
  if (place === undefined) return [];
  if (!place.isFile()) throw something(path, place.isDirectory() ? "a folder" : "a device");
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf("\n") + 1;
  const pairs = bytes
    .subarray(0, end)
    .toString("utf8")
    .split("\n")
    .slice(0, -1)
    .map((line, index) => pairIn(line, `${path}:${index + 1}`));
  const torn = bytes.subarray(end).toString("utf8");
  if (!isBegun(torn)) throw something(path, "something else");
  if (torn !== "") truncateSync(path, end);
  return pairs;
}

function something(path: string, found: string): TypeError {
  return new TypeError(`Expected \`${path}\` to be a file of preference pairs, got ${found}`);
}

/** Before anything is made that would be lost. */
function checkWritable(path: string): void {
  try {
    appendFileSync(path, "");
  } catch (cause) {
    throw new TypeError(`Expected \`${path}\` to be a file that can be written, got: ${(cause as Error).message}`, { cause });
  }
}

/** Whether it is the beginning of a line of ours, and so nothing that would be missed. */
function isBegun(torn: string): boolean {
  const beginning = '{"prompt":';
  return torn.startsWith(beginning) || beginning.startsWith(torn);
}

function pairIn(line: string, place: string): PreferencePair {
  const expected = `Expected \`${place}\` to be a preference pair`;
  try {
    const { data, error } = PAIR_SCHEMA.safeParse(JSON.parse(line));
    if (data !== undefined) return data;
    const [issue] = error.issues;
    throw new TypeError(`${expected}, got: ${issue?.message} at \`${issue?.path.join(".")}\``, { cause: error });
  } catch (error) {
    if (error instanceof TypeError) throw error;
    throw new TypeError(`${expected}, got no JSON`, { cause: error });
  }
}

function checkFacts(path: string, known: PairFileFacts, facts: PairFileFacts): void {
  for (const name of ["model", "family", "form", "label", "seed"] as const) {
    if (known[name] === facts[name]) continue;
    throw new TypeError(
      `Expected \`${path}\` to hold pairs of the ${name} \`${facts[name]}\`, got \`${known[name]}\` (choose another file, or move it away)`,
    );
  }
}

/** What there is to say of a file of preference pairs. */
export interface PairSummary {
  readonly pairs: number;
  /** Share of the pairs, of those that were judged, whose better-judged answer has the positive affix. `undefined`: none was. */
  readonly agreement: Rate | undefined;
  /** Means, in characters. */
  readonly lengths: { readonly prompt: number; readonly chosen: number; readonly rejected: number };
}

export function summarise(pairs: readonly PreferencePair[]): PairSummary {
  const judged = pairs.flatMap(({ metadata }) => (metadata.values === undefined ? [] : [metadata.values]));
  const agreeing = judged.filter(({ positive, negative }) => positive > negative).length;
  const lengthOf = (part: "prompt" | "chosen" | "rejected") =>
    mean(pairs.map((pair) => pair[part].reduce((sum, { content }) => sum + content.length, 0)));
  return {
    pairs: pairs.length,
    agreement: judged.length === 0 ? undefined : wilson(agreeing, judged.length),
    lengths: { prompt: lengthOf("prompt"), chosen: lengthOf("chosen"), rejected: lengthOf("rejected") },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
