/** The forms of rows that labelled answers come in: our own, and those of public data. A new one is an entry of `FORMATS`. */

import { type CsvError, parse } from "csv-parse/sync";
import { z } from "zod";
import type { Turn } from "../core/index.ts";
import { DataError, transcriptTurns } from "../evaluation/readers/index.ts";
import type { LabelledAnswer } from "./labelled-answers.ts";

/** What a sentence of a review answers. */
export const REVIEW_PROMPT = "Write a review.";

/** A record, and the line where it begins. */
export interface LabelRecord {
  readonly at: number;
  readonly content: unknown;
}

/** What is seen of a text before it is read. */
export interface Head {
  /** The first line with something in it. */
  readonly line: string;
  /** The first JSON objects, where it has one a line. */
  readonly records: readonly object[];
}

/** One form of rows. */
export interface RowFormat {
  /** What a row is, for complaints. */
  readonly form: string;
  /** Whether a text that begins so is of this form. */
  readonly detect: (head: Head) => boolean;
  /** @throws {DataError} for a row that cannot be parsed */
  readonly rows: (text: string, name: string) => readonly LabelRecord[];
  readonly row: z.ZodType<readonly LabelledAnswer[]>;
}

export const OWN_LINE = '{"prompt": "...", "answer": "...", "good": true}';

const words = z.string().trim().min(1, "Expected some words, got none");

const anyWords = z.string().trim();

const messages = z
  .array(z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() }))
  .min(1)
  .transform((said): readonly Turn[] => said.map(({ role, content }) => ({ role, text: content.trim() })));

/** One's own answers. An empty `prompt`: a message that answers no other. */
const ownRow = z
  .object({
    prompt: z.string().optional(),
    messages: messages.optional(),
    answer: words,
    good: z.boolean().optional(),
    label: z.enum(["good", "bad"]).optional(),
    kind: z.string().nullish(),
  })
  .transform(({ prompt, messages: said, answer, good, label, kind }, context) => {
    if ((prompt === undefined) === (said === undefined)) return refused(context, oneOfTwo("`prompt` or `messages`", prompt));
    if ((good === undefined) === (label === undefined)) return refused(context, oneOfTwo("`good` or `label`", good));
    if (said?.at(-1)?.role === "assistant")
      return refused(context, "Expected `messages` to end with what `answer` answers, got an assistant's");
    return [answered(said ?? askedBy(prompt), answer, labelOf(good ?? label === "good", kind))];
  });

/** XSTest: safe prompts that look unsafe, and unsafe ones in contrast, each answered by several models and labelled by people. */
const xstestRow = z
  .object({ type: words, prompt: words, completion: anyWords, final_label: z.string().regex(/^[123]/, "Expected 1_..., 2_... or 3_...") })
  .transform(({ type, prompt, completion, final_label }) => {
    if (final_label.startsWith("3")) return [];
    const isUnsafe = type.startsWith("contrast");
    const isComplying = final_label.startsWith("1");
    const kind = `${isUnsafe ? "unsafe" : "safe"} prompt, ${isComplying ? "complied" : "refused"}`;
    return [answered(askedBy(prompt), completion, labelOf(!(isUnsafe && isComplying), kind))];
  });

const beaverTailsRow = z
  .object({ prompt: words, response: anyWords, is_safe: z.boolean(), category: z.record(z.string(), z.boolean()).nullish() })
  .transform(({ prompt, response, is_safe, category }) => {
    const kind = Object.entries(category ?? {}).find(([, isTrue]) => isTrue)?.[0];
    return [answered(askedBy(prompt), response, labelOf(is_safe, kind))];
  });

const said = z.union([z.string(), messages], "Expected a text or a list of messages of a system, user or assistant, got another value");

/** A better and a worse answer, as hh-rlhf or TRL writes them: whole conversations, or what comes behind the prompt. */
const pairRow = z.object({ prompt: said.nullish(), chosen: said, rejected: said }).transform((row, context) => {
  const sides = (["chosen", "rejected"] as const).map((side) => ({ side, turns: conversationOf(row[side], row.prompt ?? "") }));
  const other = sides.find(({ turns }) => turns.length < 2 || turns.at(-1)?.role !== "assistant");
  if (other !== undefined)
    return refused(context, `Expected \`${other.side}\` to be a conversation that an assistant's answer ends, got another one`);
  return sides.map(({ side, turns }): LabelledAnswer => ({ turns, verdict: side === "chosen" ? "good" : "bad" }));
});

/** What moderators decided: as the bot exports it, which keeps the beginning of each message alone, or with whole texts. */
const reviewRow = z
  .object({
    text: words.optional(),
    excerpt: words.optional(),
    question: z.string().nullish(),
    principle: z.string().nullish(),
    findings: z.array(z.object({ principle: z.string(), value: z.number().nullable(), threshold: z.number() })).optional(),
    decision: z.enum(["approve", "approved", "reject", "rejected"]),
  })
  .transform(({ text, excerpt, question, principle, findings = [], decision }, context) => {
    // Of a long message the excerpt ends in a sign that its author did not write.
    const message = text ?? excerpt?.replace(/\s*…$/, "");
    if (message === undefined || message === "") return refused(context, "Expected `text` (or an `excerpt`) with words in it, got none");
    // What was not judged has no value.
    const against = findings.filter(({ value, threshold }) => value === null || value < threshold);
    const kind = principle ?? against.map((finding) => finding.principle).join(", ");
    return [answered(askedBy(question ?? ""), message, labelOf(decision.startsWith("approve"), kind))];
  });

/** What OpenAI's labels of texts of people stand for. */
const MODERATED = {
  S: "sexual",
  H: "hate",
  V: "violence",
  HR: "harassment",
  SH: "self-harm",
  S3: "sexual, of minors",
  H2: "hate, threatening",
  V2: "violence, graphic",
} as const;

const MODERATED_NAMES = Object.keys(MODERATED) as readonly (keyof typeof MODERATED)[];

const mark = z.union([z.literal(0), z.literal(1)], "Expected 0 or 1, got another value").nullish();

const moderationRow = z
  .object({ prompt: words, S: mark, H: mark, V: mark, HR: mark, SH: mark, S3: mark, H2: mark, V2: mark })
  .transform((row, context) => {
    if (MODERATED_NAMES.every((name) => typeof row[name] !== "number"))
      return refused(context, `Expected a 0 or 1 in one of ${MODERATED_NAMES.join(", ")}, got none`);
    const found = MODERATED_NAMES.find((name) => row[name] === 1);
    return [answered([], row.prompt, labelOf(found === undefined, found && MODERATED[found]))];
  });

const TWEETS = { 0: "hate", 1: "offensive", 2: "neither" } as const;

const tweetRow = z
  .object({ class: z.enum(["0", "1", "2"]), tweet: words })
  .transform((row) => [answered([], row.tweet, labelOf(row.class === "2", TWEETS[row.class]))]);

const SENTENCE_FORM = "a sentence, a tab, and 0 or 1";

const sentenceRow = z
  .object({ sentence: words, label: z.enum(["0", "1"]) })
  .transform(({ sentence, label }) => [answered(askedBy(REVIEW_PROMPT), sentence, labelOf(label === "1"))]);

/** TruthfulQA: of the wrong answers, the first one. */
const truthfulRow = z
  .object({ Question: words, "Best Answer": words, "Incorrect Answers": words, Category: z.string().optional() })
  .transform(({ Question, "Best Answer": best, "Incorrect Answers": wrong, Category: kind }, context) => {
    const first = wrong
      .split(";")
      .map((one) => one.trim())
      .find((one) => one !== "");
    if (first === undefined) return refused(context, "Expected `Incorrect Answers` to hold a wrong answer, got none");
    return [answered(askedBy(Question), best, labelOf(true, kind)), answered(askedBy(Question), first, labelOf(false, kind))];
  });

export const FORMATS = {
  own: {
    form: "an answer of your own (JSON: prompt or messages, answer, good or label)",
    ...jsonLines((row) => "answer" in row && ("good" in row || "label" in row)),
    row: ownRow,
  },
  xstest: { ...table("an XSTest completion", ["type", "prompt", "completion", "final_label"]), row: xstestRow },
  beavertails: {
    form: "a BeaverTails answer (JSON: prompt, response, is_safe)",
    ...jsonLines((row) => "response" in row && "is_safe" in row),
    row: beaverTailsRow,
  },
  pairs: {
    form: "a preference pair (JSON: chosen, rejected)",
    ...jsonLines((row) => "chosen" in row && "rejected" in row),
    row: pairRow,
  },
  reviews: {
    form: "a moderator's decision (JSON: text or excerpt, decision)",
    ...jsonLines((row) => "decision" in row && ("text" in row || "excerpt" in row)),
    row: reviewRow,
  },
  moderation: {
    form: `a text with OpenAI's moderation labels (JSON: prompt, ${MODERATED_NAMES.join(", ")})`,
    ...jsonLines((row) => "prompt" in row && MODERATED_NAMES.some((name) => name in row)),
    row: moderationRow,
  },
  tweets: { ...table("a labelled tweet", ["class", "tweet"]), row: tweetRow },
  sentences: {
    form: SENTENCE_FORM,
    detect: ({ line }) => /^sentence\t/i.test(line) || /\t[01]\s*$/.test(line),
    rows: sentenceRows,
    row: sentenceRow,
  },
  truthfulqa: { ...table("a TruthfulQA question", ["Question", "Best Answer", "Incorrect Answers"]), row: truthfulRow },
} as const satisfies Readonly<Record<string, RowFormat>>;

/** One JSON object a line; empty lines are none. */
function jsonLines(isOne: (row: object) => boolean): Pick<RowFormat, "detect" | "rows"> {
  return {
    detect: ({ records }) => records.some(isOne),
    rows: (text, name) =>
      text.split("\n").flatMap((line, index) => {
        if (line.trim() === "") return [];
        try {
          return [{ at: index + 1, content: JSON.parse(line) as unknown }];
        } catch (cause) {
          throw brokenLine({ name, at: index + 1, cause }, "one JSON object", (cause as SyntaxError).message);
        }
      }),
  };
}

/** A table with these columns, and perhaps others, whose first row names them. */
function table(form: string, columns: readonly string[]): Pick<RowFormat, "form" | "detect" | "rows"> {
  const whole = `${form} (CSV: ${columns.join(", ")})`;
  return {
    form: whole,
    detect: ({ line }) => {
      const header = line.split(",").map((name) => name.trim().replaceAll(/^"|"$/g, ""));
      return columns.every((name) => header.includes(name));
    },
    rows: (text, name) => records(text, { columns: true }, { name, form: whole }),
  };
}

/** Sentences, in which a quotation mark is a character like any other. Some copies name their columns in the first line, some do not. */
function sentenceRows(text: string, name: string): readonly LabelRecord[] {
  const options = { columns: ["sentence", "label"], delimiter: "\t", quote: null };
  const rows = records(text, options, { name, form: SENTENCE_FORM });
  const header = z.object({ label: z.string().regex(/^[a-z]+$/i) });
  return header.safeParse(rows[0]?.content).success ? rows.slice(1) : rows;
}

interface Parsed {
  readonly info: { readonly lines: number };
  readonly raw: string;
  readonly record: unknown;
}

interface TableForm {
  readonly columns: true | string[];
  readonly delimiter?: string;
  readonly quote?: null;
}

function records(
  text: string,
  options: TableForm,
  { name, form }: { readonly name: string; readonly form: string },
): readonly LabelRecord[] {
  try {
    const found: unknown = parse(text, { ...options, info: true, raw: true, skip_empty_lines: true, record_delimiter: "\n" });
    // A record's line is the one that it ends in.
    return (found as readonly Parsed[]).map(({ info, raw, record }) => ({
      at: info.lines - raw.trim().split("\n").length + 1,
      content: record,
    }));
  } catch (cause) {
    const { message, lines } = cause as CsvError & { readonly lines?: number };
    throw brokenLine({ name, at: Number(lines ?? 1), cause }, form, message);
  }
}

/** What `side` says, behind the prompt where that is not in it already. */
function conversationOf(side: z.infer<typeof said>, prompt: z.infer<typeof said>): readonly Turn[] {
  const asked = typeof prompt === "string" ? (turnsIn(prompt)?.filter(({ text }) => text !== "") ?? askedBy(prompt)) : prompt;
  const turns = typeof side === "string" ? (turnsIn(side) ?? [{ role: "assistant", text: side.trim() } as const]) : side;
  const isWhole = asked.every(({ role, text }) => turns.some((turn) => turn.role === role && turn.text === text));
  return isWhole ? turns : [...asked, ...turns];
}

/** `undefined` for what is no transcript. */
function turnsIn(text: string): readonly Turn[] | undefined {
  return /^\s*(?:Human|Assistant):/.test(text) ? transcriptTurns(text) : undefined;
}

/** What people write is judged as the bot judges it: as an answer to an empty message. */
function askedBy(prompt = ""): readonly Turn[] {
  return prompt.trim() === "" ? [] : [{ role: "user", text: prompt.trim() }];
}

function answered(asked: readonly Turn[], answer: string, label: Omit<LabelledAnswer, "turns">): LabelledAnswer {
  return { turns: [...asked, { role: "assistant", text: answer }], ...label };
}

function labelOf(isGood: boolean, kind?: string | null): Omit<LabelledAnswer, "turns"> {
  return { verdict: isGood ? "good" : "bad", ...(kind ? { kind } : {}) };
}

function refused(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: "custom", message });
  return z.NEVER;
}

function oneOfTwo(names: string, first: unknown): string {
  return `Expected either ${names}, got ${first === undefined ? "neither" : "both"}`;
}

interface FileLine {
  readonly name: string;
  readonly at: number;
  readonly cause?: unknown;
}

export function brokenLine({ name, at, cause }: FileLine, form: string, reason: string): DataError {
  const message = `Expected line ${at} of \`${name}\` to be ${form}, got: ${reason} (mend that line, or take it away)`;
  return new DataError(message, { path: name, cause });
}

export function fault(name: string, expected: string, found: string): DataError {
  return new DataError(`Expected \`${name}\` ${expected}, got ${found}`, { path: name });
}
