import { z } from "zod";
import type { PromptingOptions } from "../core/index.ts";
import { UsageError } from "./failure.ts";
import { readDataFile } from "./read-data.ts";

const text = z.string().trim().min(1);
const examplesFile = z.array(z.strictObject({ query: text, answer: text }));

/** A number of built-in examples, which is checked with the other options, or one's own from a YAML or JSON file. */
export async function findExamples(countOrFile: string): Promise<NonNullable<PromptingOptions["urialExamples"]>> {
  if (/^\d+$/.test(countOrFile)) return Number(countOrFile) as 0 | 1 | 3 | 8;
  const { data, error } = examplesFile.safeParse(await readDataFile(countOrFile));
  if (error === undefined) return data;
  const [issue] = error.issues;
  const where = issue === undefined || issue.path.length === 0 ? "" : ` at \`${issue.path.join(".")}\``;
  throw new UsageError(`Expected \`${countOrFile}\` to be a list of {"query", "answer"}, got: ${issue?.message}${where}`);
}
