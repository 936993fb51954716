import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { didYouMean } from "../core/index.ts";
import {
  FILE_TASKS,
  fetchPublicFile,
  fileQuestions,
  PUBLIC_DATA,
  type Question,
  WORLD_PARTS,
  worldQuestions,
} from "../evaluation/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { EvalOptions } from "./eval-options.ts";
import type { ProgressLine } from "./eval-progress.ts";
import { UsageError } from "./failure.ts";

/** What is asked, the name of the file, and how much of it could not be read. */
export interface EvalData {
  readonly name: string;
  readonly questions: readonly Question[];
  readonly badRows: number;
}

interface Finding {
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

/** Bad rows that are told one by one. */
const MOST_TOLD = 10;

export async function readData(options: EvalOptions, finding: Finding): Promise<EvalData> {
  const { task, flags, seed } = options;
  const choice = { n: flags.n, seed };
  if (task === "world") return { name: "world", questions: worldQuestions(worldParts(flags.data), choice), badRows: 0 };
  const path = await findFile(flags.data, finding);
  let badRows = 0;
  const onBadRow = ({ place, reason }: { readonly place: string; readonly reason: string }) => {
    badRows++;
    if (badRows <= MOST_TOLD) finding.progress.note(`Left out: ${place} of ${path}: ${reason}`);
  };
  const questions = await fileQuestions(FILE_TASKS[task], { path, isStrict: flags.strict === true, onBadRow }, choice);
  if (badRows > MOST_TOLD) finding.progress.note(`${badRows - MOST_TOLD} more rows of ${path} are left out.`);
  return { name: basename(path), questions, badRows };
}

function worldParts(data: string | undefined): readonly (keyof typeof WORLD_PARTS)[] {
  const names = Object.keys(WORLD_PARTS) as (keyof typeof WORLD_PARTS)[];
  if (data === undefined) return names;
  const part = names.find((name) => name === data);
  if (part !== undefined) return [part];
  throw new UsageError(`Expected \`--data\` to be a part of the world (${names.join(", ")}), got \`${data}\`${didYouMean(data, names)}`);
}

/** A file, or the name of one that is known. What looks like a path is meant as one. */
async function findFile(data: string | undefined, { progress, signal }: Finding): Promise<string> {
  const names = Object.keys(PUBLIC_DATA) as (keyof typeof PUBLIC_DATA)[];
  const known = names.join(", ");
  if (data === undefined) throw new UsageError(`Expected \`--data\` to be a file or one of ${known}, got none`);
  const name = names.find((one) => one === data);
  if (name === undefined || existsSync(data)) {
    if (existsSync(data) || /[/\\.]/.test(data)) return data;
    throw new UsageError(`Expected \`--data\` to be a file or one of ${known}, got \`${data}\`${didYouMean(data, names)}`);
  }
  const onFetch = (url: string) => progress.note(`Fetching ${url}`);
  return await fetchPublicFile(PUBLIC_DATA[name], { folder: join(cacheFolder(), "data"), signal, onFetch });
}
