import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PRINCIPLES, type Principle } from "../core/index.ts";
import { type LabelledAnswer, readLabelledAnswers } from "./labelled-answers.ts";

/** The same place seen from `src/judges` and from `dist/judges`. */
const FOLDER = new URL("../../labelled/", import.meta.url);

/**
 * The labelled answers that a principle brings: of a built-in one, those that come with the package, in our own words; of one of your own, its examples.
 * Built-in is what asks the very question of a built-in principle.
 */
export async function answersOf(principle: Principle): Promise<readonly LabelledAnswer[]> {
  const builtIn = builtInOf(principle);
  if (builtIn === undefined) return principle.examples.flatMap((example) => (isSided(example) ? [example] : []));
  const path = fileURLToPath(new URL(`${builtIn.name}.jsonl`, FOLDER));
  return asOften(readLabelledAnswers(await readFile(path, "utf8"), { name: path, format: "own" }));
}

/** Where they come from, for people. */
export function sourceOf(principle: Principle): string {
  return builtInOf(principle) !== undefined ? "the package's labelled answers" : "the principle's examples";
}

/** The built-in principle that asks the very same, whatever it is called here. */
export function builtInOf({ question, good, bad }: Principle): Principle | undefined {
  return Object.values(PRINCIPLES).find((one) => one.question === question && one.good === good && one.bad === bad);
}

/**
 * Kinds that models hardly ever write by themselves, with how many of them count once. Taken as they come they would teach that a harmless request is a
 * sign of a bad answer, and a polite beginning, too: on a model's own drafts (0.5B) that costs 0.15 in AUROC.
 */
const RARE: Readonly<Record<string, number>> = { abuse: 8, "polite-start": 8 };

/** Of rare kinds, as many as there would be among a model's own answers. */
function asOften(answers: readonly LabelledAnswer[]): readonly LabelledAnswer[] {
  const seen = new Map<string, number>();
  return answers.filter(({ kind = "" }) => {
    const before = seen.get(kind) ?? 0;
    seen.set(kind, before + 1);
    return before % (RARE[kind] ?? 1) === 0;
  });
}

function isSided(example: Principle["examples"][number]): example is LabelledAnswer {
  return example.verdict !== "neutral";
}

/** Beside answers that were labelled for this very model or community, the package's own count for a fifth each. */
export function besides(own: readonly LabelledAnswer[]): readonly LabelledAnswer[] {
  return own.map((answer) => ({ ...answer, weight: BESIDES }));
}

const BESIDES = 0.2;

/** The first of them, as many good as bad ones. They come in an order that has nothing to do with what they say. */
export function balanced(answers: readonly LabelledAnswer[], most: number): readonly LabelledAnswer[] {
  const half = Math.ceil(most / 2);
  const of = (verdict: LabelledAnswer["verdict"]) => new Set(answers.filter((answer) => answer.verdict === verdict).slice(0, half));
  const taken = new Set([...of("good"), ...of("bad")]);
  return answers.filter((answer) => taken.has(answer));
}
