/** Labelled answers from files. */
import { basename } from "node:path";
import type { Command } from "commander";
import { randomAt } from "../core/index.ts";
import { balanced, LABEL_FORMATS, type LabelFormat, type LabelledAnswer, readLabelledFile } from "../judges/index.ts";
import { choiceOption } from "./options.ts";

export interface LabelledDataFlags {
  readonly data: readonly string[];
  readonly format?: LabelFormat;
}

export function addLabelledDataOptions(command: Command): Command {
  return command
    .option(
      "--data <file>",
      "labelled answers in any format of docs/judge.md, gzipped or not; may be given several times",
      (one, before: string[]) => [...before, one],
      [],
    )
    .addOption(
      choiceOption(
        "--format <format>",
        `how they are written: ${LABEL_FORMATS.join(", ")} (default: found from the first rows)`,
        LABEL_FORMATS,
      ),
    );
}

/**
 * All answers of these files, in an order that has nothing to do with theirs: many files are sorted.
 *
 * @throws {DataError} with what is wrong and where
 */
export async function readLabelledData({ data, format }: LabelledDataFlags): Promise<readonly LabelledAnswer[]> {
  const all: LabelledAnswer[] = [];
  for (const path of data) all.push(...(await readLabelledFile(path, { format })));
  return shuffled(all);
}

/** The same order each time. */
export function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item, index) => ({ item, place: randomAt(SEED, index) }))
    .toSorted((left, right) => left.place - right.place)
    .map(({ item }) => item);
}

const SEED = 1;

/** As many good as bad ones, `most` at most; those that come first are taken first. All, where there are no more. */
export function atMost(answers: readonly LabelledAnswer[], most: number): readonly LabelledAnswer[] {
  return answers.length <= most ? answers : balanced(answers, most);
}

export function namesOf({ data }: LabelledDataFlags): string {
  return data.map((path) => basename(path)).join(", ");
}

export interface Counts {
  readonly n: number;
  readonly good: number;
  readonly bad: number;
}

export function countsOf(answers: readonly Pick<LabelledAnswer, "verdict">[]): Counts {
  const good = answers.filter(({ verdict }) => verdict === "good").length;
  return { n: answers.length, good, bad: answers.length - good };
}
