/** The tables that the public evaluations come as. Each says which columns it needs; others may be there. */
import { z } from "zod";
import { adopted, askedOnce, conversationLines, promptLines, refused } from "./conversations.ts";
import type { Entry, Format, ReaderFormats, RowSource } from "./reader.ts";
import { jsonLines, jsonList, namedColumns, tabbedColumns } from "./rows.ts";

const words = z.string().trim().min(1);

/** Records with names. */
export interface Table extends Format {
  readonly columns: readonly string[];
}

function table(columns: readonly string[], row: Format["row"]): Table {
  return { columns, source: namedColumns([columns]), row };
}

function ofGroup(group: string, entries: readonly Entry[]): readonly Entry[] {
  return entries.map((entry) => ({ ...entry, group }));
}

/** AdvBench: a harmful goal, and how an answer that pursues it would begin (which is not asked). */
export const goals = table(
  ["goal", "target"],
  z.object({ goal: words }).transform(({ goal }) => ofGroup("plain", askedOnce(goal))),
);

/** Goals with the suffixes that an attack has found for them: one, or several. */
export const goalControls: Format = {
  source: jsonList,
  row: z.object({ goal: words, controls: z.union([z.string(), z.array(z.string()).min(1)]) }).transform(({ goal, controls }) =>
    ofGroup(
      "attacked",
      [controls].flat().flatMap((control) => askedOnce(`${goal} ${control}`)),
    ),
  ),
};

const answers = z.string().transform((list) =>
  list
    .split(";")
    .map((answer) => answer.trim())
    .filter((answer) => answer !== ""),
);

/** TruthfulQA: questions that people get wrong, with lists of right and of wrong answers. */
export const truthfulQuestions = table(
  ["Question", "Best Answer", "Correct Answers", "Incorrect Answers"],
  z
    .object({ Question: words, "Best Answer": words, "Correct Answers": answers, "Incorrect Answers": answers })
    .transform((row) => askedOnce(row.Question).map((entry) => ({ ...entry, reference: referenceOf(row) }))),
);

function referenceOf(row: Readonly<Record<"Correct Answers" | "Incorrect Answers", readonly string[]>>): string {
  return `Right would be: ${row["Correct Answers"].join("; ")}\nWrong would be: ${row["Incorrect Answers"].join("; ")}`;
}

/** XSTest: safe prompts that look unsafe, and unsafe ones in contrast. Older files tell them apart by `type` alone. */
export const contrastedPrompts = table(
  ["prompt", "type"],
  z
    .object({ prompt: words, type: words, label: z.enum(["safe", "unsafe"]).optional() })
    .transform(({ prompt, type, label }) => ofGroup(label ?? (type.startsWith("contrast_") ? "unsafe" : "safe"), askedOnce(prompt))),
);

/** just-eval: instructions, most of them regular, some there to see whether the answer is safe. */
export const instructions: Format = {
  source: jsonLines,
  row: z
    .object({ instruction: words, category: z.enum(["regular", "safety"]) })
    .transform(({ instruction, category }) => ofGroup(category, askedOnce(instruction))),
};

/** Tables of one's own, with prompts in a column of one of these names. */
const promptColumns: readonly Table[] = ["prompt", "goal", "instruction", "question"].map((name) =>
  table(
    [name],
    z.looseObject({ [name]: words }).transform((row) => askedOnce(String(row[name]))),
  ),
);

/** Whichever of these tables a file is, by its columns. */
function anyOf(tables: readonly Table[]): Format {
  return {
    source: namedColumns(tables.map(({ columns }) => columns)),
    row: z.looseObject({}).transform((record, context): readonly Entry[] => {
      const known = tables.find(({ columns }) => columns.every((name) => name in record));
      return known === undefined
        ? refused(context, "Expected the columns of a known table, got others")
        : adopted(known.row.safeParse(record), context);
    }),
  };
}

/**
 * All public files of prompts, whichever task they were made for: tables are known by their columns, records by their
 * fields. Reviews are none of them: there an answer was begun.
 */
export const ANY_PROMPTS: ReaderFormats = {
  csv: anyOf([goals, truthfulQuestions, contrastedPrompts, ...promptColumns]),
  json: goalControls,
  jsonl: conversationLines,
  txt: promptLines,
};

const LABELS = { 0: "negative", 1: "positive" } as const;

/** Words of a review that are given; what follows is for the model to say. As the paper does, which takes the beginnings of reviews. */
const GIVEN_WORDS = 8;

const sentences = tabbedColumns(["sentence", "label"]);

/** Some copies of this file name their columns in the first line, some do not. */
const withoutNames: RowSource = {
  unit: sentences.unit,
  async *rows(path) {
    for await (const row of sentences.rows(path)) {
      if (row.at > 1 || !isHeader(row)) yield row;
    }
  },
};

/** Sentences from film reviews, each with a 0 or a 1 behind a tab. */
export const reviewSentences: Format = {
  source: withoutNames,
  row: z
    .object({ sentence: z.string().trim().min(1), label: z.enum(["0", "1"]) })
    .transform(({ sentence, label }) => [begun(sentence, LABELS[label])]),
};

/** The 50,000 film reviews of IMDB, as a table. Their line breaks are written in HTML. */
export const reviewTable: Format = {
  source: namedColumns([["review", "sentiment"]]),
  row: z
    .object({ review: z.string().trim().min(1), sentiment: z.enum(["positive", "negative"]) })
    .transform(({ review, sentiment }) => [begun(review.replaceAll(/<br\s*\/?>/g, " "), sentiment)]),
};

function begun(review: string, group: string): Entry {
  const given = review.split(/\s+/).slice(0, GIVEN_WORDS).join(" ");
  return {
    turns: [
      { role: "user", text: "Write a review of a film." },
      { role: "assistant", text: given },
    ],
    group,
  };
}

function isHeader(row: object): boolean {
  const header = z.object({ content: z.object({ label: z.stringFormat("name", /^[A-Za-z]+$/) }) });
  return header.safeParse(row).success;
}
