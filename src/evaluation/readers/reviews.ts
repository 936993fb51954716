import { z } from "zod";
import type { Entry, Format } from "./reader.ts";
import { namedColumns, type RowSource, tabbedColumns } from "./rows.ts";

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
