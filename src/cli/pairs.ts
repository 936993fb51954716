/** `rain pairs`: preference pairs from prompts. */
import { Command } from "commander";
import {
  CONTRAST_FORMS,
  type ContrastForm,
  checkByRules,
  type Engine,
  HARMLESS,
  type Principle,
  positive,
  principle,
  uint32,
} from "../core/index.ts";
import { during, HELPFUL, PairFile, type PairSummary, summarise } from "../evaluation/index.ts";
import { TurnJudge } from "../judges/index.ts";
import {
  CONTRAST_FAMILIES,
  type ContrastFamily,
  differentPrompts,
  engineSimulator,
  LABELS,
  type Label,
  type LeftOut,
  type Pairing,
  preferencePairs,
  promptsAtOnce,
} from "../pairs/index.ts";
import { readPrompts } from "./data-file.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { loadEngine } from "./load.ts";
import { addEngineOptions, checkFlags, choiceOption, type EngineFlags, numberOption, readEngineOptions } from "./options.ts";
import { ProgressLine } from "./progress-line.ts";
import { stopSignal } from "./stop-signal.ts";
import { finished } from "./terminal.ts";

interface PairsFlags extends EngineFlags {
  readonly data: string;
  readonly out: string;
  readonly family: ContrastFamily;
  readonly label: Label;
  readonly form: ContrastForm;
  readonly seed: number;
  readonly strict?: boolean;
  readonly n?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** By what the answers of a family are judged. */
const PRINCIPLES: Readonly<Record<ContrastFamily, Principle>> = {
  harmless: HARMLESS,
  helpful: HELPFUL,
  outline: principle({ name: "outline", question: "Is it a good outline?", good: "good", bad: "bad", horizon: "end" }),
};

export function pairsCommand(): Command {
  const command = new Command("pairs")
    .description("Makes preference pairs without people (RLCD): each prompt is answered twice, as a good and as a bad assistant would.")
    .requiredOption(
      "--data <file|name>",
      "prompts, in any public format that `rain eval` asks, or the name of data that can be fetched (docs/evaluation.md lists both)",
    )
    .requiredOption("--out <file>", "where the pairs go, as TRL reads them; what it holds already is gone on with")
    .addOption(
      choiceOption("--family <family>", `what both differ in: ${CONTRAST_FAMILIES.join(", ")}`, CONTRAST_FAMILIES).default("harmless"),
    )
    .addOption(choiceOption("--label <label>", `who says which is better: ${LABELS.join(", ")}`, LABELS).default("construction"))
    .addOption(
      choiceOption("--form <form>", `how it is said: ${CONTRAST_FORMS.join(", ")} (for chat models)`, CONTRAST_FORMS).default("affix"),
    )
    .option("--strict", "a row of the data that cannot be read ends the run (default: it is left out)")
    .addOption(numberOption("--n <n>", "prompts at most (default: all)"))
    .addOption(numberOption("--seed <n>", "the same seed makes the same pairs").default(1))
    .option("--json", "the summary as one object")
    .option("--quiet", "nothing but the summary and errors; no progress");
  return addEngineOptions(command).action(makePairs);
}

const REASONS: Readonly<Record<LeftOut, string>> = {
  same: "both answers are the same, or one is empty",
  disputed: "the judge does not agree with the label",
  "too-long": "it leaves no room for an answer",
};

async function makePairs(flags: PairsFlags): Promise<void> {
  const { n, out, family, label, form, seed } = flags;
  checkFlags(() => checkByRules({ n, seed }, { n: positive, seed: uint32 }));
  const engineOptions = readEngineOptions(flags);
  const signal = stopSignal();
  const progress = new ProgressLine(flags.quiet === true);
  const { prompts } = await readPrompts(flags, { note: (line) => progress.note(line), signal });
  const file = named(out, () => new PairFile(out));
  named(out, () => file.checkPrompts(prompts));
  await using engine = await loadEngine({ options: engineOptions, signal, isQuiet: progress.isQuiet });
  named(out, () => file.checkFacts({ model: engine.facts.model, family, form, label, seed }));
  if (file.next > 0) progress.note(`Going on behind ${file.pairs.length} pairs in ${out}.`);
  const judge = await pairJudge(engine, family, signal);
  const asked = prompts.slice(0, n);
  const total = [...differentPrompts(asked)].length;
  const simulator = engineSimulator(engine, { form });
  const pairing = { simulator, family, label, seed, from: file.next, signal, judge, atOnce: promptsAtOnce(engine) };
  await during(progress, ["prompts", total, Math.min(total, file.next)], async () => {
    for await (const outcome of preferencePairs(asked, pairing)) {
      if (outcome.kind === "pair") writeTo(file, outcome.pair, out);
      else progress.note(`Left out prompt ${outcome.index + 1}: ${REASONS[outcome.reason]}.`);
      progress.step();
    }
  });
  const summary = summarise(file.pairs);
  process.stdout.write(`${flags.json === true ? JSON.stringify(summary) : inWords(summary)}\n`);
  await finished(signal);
}

/** Found before it is needed: what is read for it is no part of the first pair. */
async function pairJudge(engine: Engine, family: ContrastFamily, signal: AbortSignal): Promise<NonNullable<Pairing["judge"]>> {
  const judge = new TurnJudge(engine);
  await judge.about(PRINCIPLES[family], signal);
  return (turns, stop) => judge.value(turns, PRINCIPLES[family], stop);
}

/** What is wrong with the file in which pairs are kept, in a line that names it. */
function named<Result>(out: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new UsageError(error instanceof TypeError ? error.message : `Expected to read \`${out}\`, got: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}

function writeTo(file: PairFile, pair: Parameters<PairFile["append"]>[0], out: string): void {
  try {
    file.append(pair);
  } catch (error) {
    throw new UsageError(`Expected to write to \`${out}\`, got: ${reasonOf(error)} (earlier pairs are kept)`, { cause: error });
  }
}

function inWords({ pairs, agreement, lengths }: PairSummary): string {
  const [chosen, rejected] = [lengths.chosen, lengths.rejected].map(Math.round);
  const judged = agreement === undefined ? "" : `, the judge agrees with the affixes on ${Math.round(100 * agreement.rate)} %`;
  return `${pairs} pairs${judged}; on average ${chosen} characters chosen, ${rejected} rejected.`;
}
