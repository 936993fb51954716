import { existsSync } from "node:fs";
import { basename } from "node:path";
import { Command } from "commander";
import {
  checkByRules,
  checkOptions,
  DEFAULTS,
  didYouMean,
  type Engine,
  type FindJudge,
  MODES,
  type Mode,
  positive,
  type RainOptions,
} from "../core/index.ts";
import {
  csvReport,
  type DraftJudge,
  decodingWords,
  type EvaluatedModel,
  evaluate,
  fileQuestions,
  htmlReport,
  keyOf,
  markdownReport,
  type Result,
  RunFolder,
  resultLine,
  type Summary,
  summaryOf,
  TASK_NAMES,
  TASKS,
  type TaskName,
  type TaskQuestion,
} from "../evaluation/index.ts";
import { promptingNotice, withPrompting } from "../prompting/index.ts";
import { VERSION } from "../version.ts";
import { addJudgeOptions, type EvalJudge, type JudgeFlags, type JudgeOptions, openJudge, readJudgeOptions } from "./answer-judge.ts";
import { type DataFileOptions, findDataFile, readTold } from "./data-file.ts";
import { evalJudgeCommand } from "./eval-judge.ts";
import { UsageError } from "./failure.ts";
import { finder, loadEngine, loadJudgeModel, unfitLine } from "./load.ts";
import { checkDifferent, labelOf } from "./model-labels.ts";
import {
  addHardwareOptions,
  addSamplingOptions,
  checkFlags,
  type DecodingFlags,
  MODEL_DESCRIPTION,
  numberOption,
  readDecodingOptions,
  readEngineOptions,
  readModels,
} from "./options.ts";
import { ProgressLine } from "./progress-line.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed } from "./terminal.ts";

interface EvalFlags extends Omit<DecodingFlags, "model" | "mode">, JudgeFlags {
  readonly data?: string;
  readonly model: readonly string[];
  readonly modes: string;
  readonly n?: number;
  readonly out?: string;
  readonly strict?: boolean;
  readonly atOnce: number;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  const command = new Command("eval")
    .description("Asks a model many questions in several modes, has the answers judged, and reports rates, intervals and costs.")
    .argument("<task>", `one of ${TASK_NAMES.join(", ")}, or judge`)
    .option("--data <file|name>", "a file in its public format, or the name of one that can be fetched (docs/evaluation.md lists both)")
    .option("--model <model>", `${MODEL_DESCRIPTION}; may be given several times`, (one, before: string[]) => [...before, one], [])
    .option("--modes <modes>", `some of ${MODES.join(", ")}, between commas`, "vanilla,adaptive")
    .addOption(numberOption("--n <n>", "questions, chosen by the seed (default: all)"))
    .option("--out <folder>", "where answers are kept and reports written; the same command goes on from what is there")
    .option("--strict", "a row of the data that cannot be read ends the run (default: it is left out)")
    .addOption(
      numberOption("--at-once <n>", "answers that are written at once: faster, and then no longer the same bytes each time").default(1),
    )
    .option("--json", "the summary as one object instead of tables");
  // What stands behind `judge` is its own.
  command.enablePositionalOptions().addCommand(evalJudgeCommand());
  return addSamplingOptions(addHardwareOptions(addJudgeOptions(command))).action(evaluateAll);
}

/** What is to be evaluated, checked as far as it can be before anything is read or loaded. */
interface EvalOptions {
  readonly task: TaskName;
  readonly flags: EvalFlags;
  readonly models: readonly string[];
  readonly modes: readonly Mode[];
  readonly judge: JudgeOptions;
  readonly out: string;
  readonly seed: number;
  /** Put over what the task says of decoding. */
  readonly decoding: RainOptions;
}

async function readEvalOptions(task: string, flags: EvalFlags): Promise<EvalOptions> {
  const { n, atOnce, out } = flags;
  const name = chosen("the task", task, TASK_NAMES);
  const models = readModels(flags);
  checkDifferent(models);
  for (const model of models) readEngineOptions({ ...flags, model });
  checkFlags(() => checkByRules({ n, atOnce }, { n: positive, atOnce: positive }));
  if (out === undefined) throw new UsageError("Expected `--out` to name a folder for answers and reports, got none");
  const { seed = DEFAULTS.seed, ...decoding } = await readDecodingOptions({ ...flags, model: "embedded" });
  const judge = readJudgeOptions(flags);
  return { task: name, flags, models, modes: readModes(flags.modes, name), judge, out, seed, decoding };
}

function readModes(list: string, task: TaskName): readonly Mode[] {
  const modes = [...new Set(list.split(",").map((mode) => chosen("`--modes`", mode.trim(), MODES)))];
  if (task === "pairs" && (!modes.includes("vanilla") || modes.length === 1))
    throw new UsageError(`Expected \`--modes\` to be \`vanilla\` and another one, which is compared with it, got \`${list}\``);
  return modes;
}

function chosen<Name extends string>(what: string, name: string, names: readonly Name[]): Name {
  const known = names.find((one) => one === name);
  if (known !== undefined) return known;
  const all = names.map((one) => `\`${one}\``).join(", ");
  throw new UsageError(
    `Expected ${what} to be ${what === "the task" ? "one" : "some"} of ${all}, got \`${name}\`${didYouMean(name, names)}`,
  );
}

/** What is asked, the name of the file, and how much of it could not be read. */
interface EvalData {
  readonly name: string;
  readonly questions: readonly TaskQuestion[];
  readonly badRows: number;
}

async function readData(options: EvalOptions, finding: DataFileOptions): Promise<EvalData> {
  const { task, flags, seed } = options;
  const choice = { n: flags.n, seed };
  const path = await findDataFile(flags.data, finding);
  const reading = { path, isStrict: flags.strict === true, note: finding.note };
  const { found: questions, badRows } = await readTold(reading, (told) => fileQuestions(TASKS[task], told, choice));
  return { name: basename(path), questions, badRows };
}

/** A run of the command. */
interface Run {
  readonly options: EvalOptions;
  readonly data: EvalData;
  readonly folder: RunFolder;
  readonly judge: EvalJudge;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** How to repeat it. */
  readonly command: string;
}

async function evaluateAll(task: string, flags: EvalFlags, { parent }: Command): Promise<void> {
  const options = await readEvalOptions(task, flags);
  const signal = stopSignal();
  const progress = new ProgressLine(flags.quiet === true);
  const data = await readData(options, { note: (line) => progress.note(line), signal });
  await using judge = await openJudge(options.judge);
  using folder = new RunFolder(options.out);
  const run = { options, data, folder, judge, progress, signal, command: commandLine(parent?.args ?? []) };
  try {
    const evaluated = await evaluateModels(run);
    report(summarised(run, evaluated), evaluated.results, run);
  } catch (error) {
    progress.note(`What was finished is kept in ${options.out}: the same command goes on from there.`);
    throw error;
  }
  await flushed(process.stdout);
  signal.throwIfAborted();
}

interface Evaluated {
  readonly models: readonly EvaluatedModel[];
  readonly results: readonly Result[];
}

/** One after the other: only one has to fit into the memory. */
async function evaluateModels(run: Run): Promise<Evaluated> {
  const models: EvaluatedModel[] = [];
  const results: Result[] = [];
  for (const wish of run.options.models) {
    const evaluated = await evaluateModel(run, wish);
    models.push(evaluated.model);
    results.push(...evaluated.results);
  }
  return { models, results };
}

async function evaluateModel({ options, data, judge, ...run }: Run, wish: string) {
  const { modes, decoding, flags } = options;
  const { progress, signal } = run;
  const loading = { signal, isQuiet: progress.isQuiet };
  await using engine = await loadEngine({ options: readEngineOptions({ ...flags, model: wish }), ...loading });
  await using judgeEngine = await loadJudgeModel(options.judge.ofDrafts, loading);
  const model = { label: labelOf(wish), bytes: engine.facts.fileBytes };
  const asked = { engine, judgeEngine, find: finder(engine, judgeEngine, decoding.judging), signal };
  const { warnings, ...draftJudge } = await draftJudgeOf(asked, askedJudges(options, data.questions));
  const notice = promptingNotice(engine, decoding);
  for (const line of notice === undefined ? warnings : [notice, ...warnings]) progress.note(line);
  const plan = { questions: data.questions, modes, options: decoding, version: VERSION, judge: draftJudge };
  const clock = () => performance.now();
  const judgeOfAnswers = judge.judgeOf(engine, model.label, draftJudge);
  const results = await evaluate(plan, { model, engine, judge: judgeOfAnswers, atOnce: flags.atOnce, clock, ...run });
  return { model: { ...model, parameters: engine.facts.parameters, isEmbedded: wish === "embedded", notice, warnings }, results };
}

interface Asked {
  readonly engine: Engine;
  readonly judgeEngine: Engine | undefined;
  /** `undefined`: by letters. */
  readonly find: FindJudge | undefined;
  readonly signal: AbortSignal;
}

/** Finds the judge of each principle before anything is answered, and why it is unfit, if it is. */
async function draftJudgeOf(
  { engine, judgeEngine, find, signal }: Asked,
  options: readonly RainOptions[],
): Promise<DraftJudge & { readonly warnings: readonly string[] }> {
  const judged = options.filter(({ mode }) => mode !== "vanilla");
  const byPrinciple = new Map(judged.map((one) => [(one.principle ?? DEFAULTS.principle).name, one]));
  const marks = new Map<string, string>();
  const warnings: string[] = [];
  for (const [name, one] of find === undefined ? [] : byPrinciple) {
    const { fitness } = (await find?.(engine, withPrompting(engine, checkOptions({ ...one, signal })))) ?? {};
    // Another fit of the same model, and another model, are other judges.
    marks.set(name, keyOf({ judge: judgeEngine?.facts.model, fitness }));
    const line = unfitLine(fitness, engine.facts.model, judgeEngine);
    if (line !== undefined) warnings.push(line);
  }
  return { find: judgeEngine === undefined ? undefined : find, marks, warnings };
}

/** The judges that a model is asked to be: of its own drafts, and of its answers. */
function askedJudges({ modes, judge, decoding }: EvalOptions, questions: readonly TaskQuestion[]): readonly RainOptions[] {
  const ways = [...new Set(questions.map(({ options }) => options))];
  const ofDrafts = ways.flatMap((options) => modes.map((mode) => ({ ...options, ...decoding, mode })));
  if (judge.name !== "self") return ofDrafts;
  const measures = new Set(questions.flatMap((question) => question.measures));
  const ofAnswers = [...measures].flatMap((measure) =>
    measure.kind === "both" ? [] : [{ mode: "paper", principle: measure.principle } as const],
  );
  return [...ofDrafts, ...ofAnswers];
}

function summarised({ options, data, judge, command }: Run, { models, results }: Evaluated): Summary {
  const { task, modes, seed, decoding } = options;
  const asked = { task, purpose: TASKS[task].about, data: data.name, questions: data.questions.length, badRows: data.badRows };
  return summaryOf(
    {
      ...asked,
      models,
      modes,
      decoding: decodingWords(decoding),
      judge: judge.label,
      seed,
      command,
      bill: judge.bill(),
    },
    results,
  );
}

/** How to repeat a command, for somebody else: files by their names alone. */
function commandLine(args: readonly string[]): string {
  const words = args.map((arg) => (existsSync(arg) ? basename(arg) : arg));
  return ["rain", ...words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(" ");
}

function report(summary: Summary, results: readonly Result[], { folder, options, progress }: Run): void {
  const tables = markdownReport(summary);
  folder.write("results.jsonl", results.map(resultLine).join(""));
  folder.write("summary.json", `${JSON.stringify(summary, undefined, 2)}\n`);
  folder.write("summary.csv", csvReport(summary));
  folder.write("report.md", tables);
  folder.write("report.html", htmlReport(summary, results));
  process.stdout.write(options.flags.json === true ? `${JSON.stringify(summary)}\n` : tables);
  progress.note(`Everything is in ${options.out}.`);
}
