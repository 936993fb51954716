import { basename } from "node:path";
import { didYouMean } from "../core/index.ts";
import { FILE_TASKS, fileQuestions, type Question, WORLD_PARTS, worldQuestions } from "../evaluation/index.ts";
import { type Finding, findDataFile, readTold } from "./data-file.ts";
import type { EvalOptions } from "./eval-options.ts";
import { UsageError } from "./failure.ts";

/** What is asked, the name of the file, and how much of it could not be read. */
export interface EvalData {
  readonly name: string;
  readonly questions: readonly Question[];
  readonly badRows: number;
}

export async function readData(options: EvalOptions, finding: Finding): Promise<EvalData> {
  const { task, flags, seed } = options;
  const choice = { n: flags.n, seed };
  if (task === "world") return { name: "world", questions: worldQuestions(worldParts(flags.data), choice), badRows: 0 };
  const path = await findDataFile(flags.data, finding);
  const reading = { path, isStrict: flags.strict === true, note: finding.note };
  const { found: questions, badRows } = await readTold(reading, (told) => fileQuestions(FILE_TASKS[task], told, choice));
  return { name: basename(path), questions, badRows };
}

function worldParts(data: string | undefined): readonly (keyof typeof WORLD_PARTS)[] {
  const names = Object.keys(WORLD_PARTS) as (keyof typeof WORLD_PARTS)[];
  if (data === undefined) return names;
  const part = names.find((name) => name === data);
  if (part !== undefined) return [part];
  throw new UsageError(`Expected \`--data\` to be a part of the world (${names.join(", ")}), got \`${data}\`${didYouMean(data, names)}`);
}
