import { basename, join } from "node:path";
import { Command } from "commander";
import { checkByRules, DEFAULTS, positive, type Turn } from "../core/index.ts";
import {
  ANY_PROMPTS,
  checkSameVocabulary,
  Folder,
  formatOf,
  Journal,
  measureShift,
  type Pair,
  readEntries,
  SHIFT_LAYOUTS,
  SHIFT_ROW,
  type ShiftLayout,
  type ShiftModel,
  type ShiftRow,
  shiftMarkdown,
  shiftPage,
  shiftSummary,
} from "../evaluation/index.ts";
import type { LlamaEngine, LlamaEngineOptions } from "../llama.ts";
import { VERSION } from "../version.ts";
import { findDataFile, readTold } from "./data-file.ts";
import { loadModel } from "./load.ts";
import { labelOf } from "./model-labels.ts";
import {
  addDeviceOptions,
  checkFlags,
  choiceOption,
  type EngineFlags,
  MODEL_DESCRIPTION,
  numberOption,
  readLlamaOptions,
} from "./options.ts";
import { ProgressLine } from "./progress-line.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed } from "./terminal.ts";

interface ShiftFlags extends Omit<EngineFlags, "model" | "sequences"> {
  readonly base: string;
  readonly aligned: string;
  readonly data: string;
  readonly out: string;
  readonly layout: ShiftLayout;
  readonly n?: number;
  readonly maxTokens: number;
  readonly strict?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function shiftCommand(): Command {
  const command = new Command("shift")
    .description("Shows where an aligned model says what its base model would not have said (token distribution shift, as in URIAL).")
    .requiredOption("--base <model>", `the base model: ${MODEL_DESCRIPTION} ("embedded")`)
    .requiredOption("--aligned <model>", "the model that was made of it, with the same vocabulary: it answers, greedily")
    .requiredOption("--data <file|name>", "prompts, in any public format that `rain eval` asks, or the name of data that can be fetched")
    .requiredOption("--out <folder>", "where answers are kept and reports written; the same command goes on from what is there")
    .addOption(
      choiceOption("--layout <layout>", "what both read: aligned (the aligned model's format), own (each its own), plain (lines)", [
        ...SHIFT_LAYOUTS,
      ]).default("aligned"),
    )
    .addOption(numberOption("--n <n>", "prompts at most, the first ones (default: all)"))
    .addOption(numberOption("--max-tokens <n>", "longest answer").default(DEFAULTS.maxTokens))
    .option("--strict", "a row of the data that cannot be read ends the run (default: it is left out)")
    .option("--json", "the summary as one object instead of tables")
    .option("--quiet", "nothing but the result and errors");
  return addDeviceOptions(command).action(measure);
}

/** A run of the command. */
interface ShiftRun {
  readonly flags: ShiftFlags;
  readonly options: Pair<LlamaEngineOptions>;
  readonly data: ShiftData;
  readonly folder: Folder;
  readonly journal: Journal<ShiftRow>;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
}

async function measure(flags: ShiftFlags): Promise<void> {
  const options = readOptions(flags);
  const signal = stopSignal();
  const progress = new ProgressLine(flags.quiet === true);
  const data = await readPrompts(flags, { note: (line) => progress.note(line), signal });
  const folder = new Folder(flags.out);
  using journal = new Journal(join(flags.out, "shift.jsonl"), SHIFT_ROW);
  try {
    await measureModels({ flags, options, data, folder, journal, progress, signal });
  } catch (error) {
    progress.note(`What was finished is kept in ${flags.out}: the same command goes on from there.`);
    throw error;
  }
  await flushed(process.stdout);
  signal.throwIfAborted();
}

async function measureModels({ flags, options, data, folder, journal, progress, signal }: ShiftRun): Promise<void> {
  const loading = { signal, isQuiet: progress.isQuiet };
  await using aligned = await loadModel({ options: options.aligned, ...loading });
  await using base = await loadModel({ options: options.base, ...loading });
  const engines = { base, aligned };
  checkSameVocabulary(engines);
  const models = { base: modelOf(flags.base, base), aligned: modelOf(flags.aligned, aligned) };
  const { layout, maxTokens } = flags;
  const plan = { prompts: data.prompts, layout, maxTokens, version: VERSION };
  const rows = await measureShift(plan, { models, engines, journal, progress, signal });
  const summary = shiftSummary({ ...models, layout, maxTokens, data: data.name, badRows: data.badRows }, rows);
  folder.write("shift.json", `${JSON.stringify(summary, undefined, 2)}\n`);
  folder.write("shift.html", shiftPage(summary, rows, new Date().toISOString().slice(0, 10)));
  process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : shiftMarkdown(summary));
  progress.note(`Everything is in ${flags.out}.`);
}

function readOptions(flags: ShiftFlags): Pair<LlamaEngineOptions> {
  const { n, maxTokens, base, aligned } = flags;
  checkFlags(() => checkByRules({ n, maxTokens }, { n: positive, maxTokens: positive }));
  // One answer is written and read at a time: what more sequences would take is left to the other model.
  const optionsOf = (model: string, flag: string) => readLlamaOptions({ ...flags, sequences: 1, model }, flag);
  return { base: optionsOf(base, "--base"), aligned: optionsOf(aligned, "--aligned") };
}

interface ShiftData {
  /** The file's name. */
  readonly name: string;
  readonly prompts: readonly (readonly Turn[])[];
  readonly badRows: number;
}

async function readPrompts({ data, n, strict }: ShiftFlags, finding: Parameters<typeof findDataFile>[1]): Promise<ShiftData> {
  const path = await findDataFile(data, finding);
  const format = formatOf(ANY_PROMPTS, path);
  const reading = { path, isStrict: strict === true, note: finding.note };
  const { found, badRows } = await readTold(reading, (told) => readEntries(format, told));
  return { name: basename(path), prompts: found.slice(0, n).map(({ entry }) => entry.turns), badRows };
}

function modelOf(wish: string, { facts }: LlamaEngine): ShiftModel {
  return { label: labelOf(wish), bytes: facts.fileBytes, isEmbedded: wish === "embedded" };
}
