/** `rain calibrate`: fits the judge of a model on labelled answers, says how good it is, and keeps it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import {
  checkByRules,
  checkOptions,
  DEFAULTS,
  didYouMean,
  PROMPTINGS,
  type Principle,
  type Prompting,
  positive,
  type Settings,
  uint32,
} from "../core/index.ts";
import {
  answersOf,
  besides,
  type Calibrated,
  calibrateJudge,
  candidate,
  checkAnswers,
  isGround,
  judgedByLetters,
  judgeFile,
  judgeFolder,
  judgeKey,
  type LabelledAnswer,
  type MeasuredJudge,
  PLACES,
  type PlaceName,
  writeJudge,
} from "../judges/index.ts";
import type { LlamaEngine } from "../llama.ts";
import { withPrompting } from "../prompting/index.ts";
import { calibrationJson, calibrationText, flaggedOf } from "./calibrate-report.ts";
import { addEngineOptions, type EngineFlags, readEngineOptions } from "./engine-options.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { checkFlags, choiceOption, numberOption } from "./flags.ts";
import { labelDrafts, readLabelPrompts } from "./label-drafts.ts";
import { LabelFile } from "./label-file.ts";
import { addLabelledDataOptions, atMost, type LabelledDataFlags, namesOf, readLabelledData, shuffled } from "./labelled-data.ts";
import { FIT, loadEngine } from "./load-engine.ts";
import { findPrinciple } from "./principle-file.ts";
import { ShareLine } from "./share-line.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed } from "./terminal.ts";

type Place = Exclude<PlaceName, "answer">;

interface CalibrateFlags extends EngineFlags, LabelledDataFlags {
  readonly principle: string;
  readonly prompting?: Prompting;
  readonly onlyData?: boolean;
  readonly places: string;
  readonly most: number;
  readonly label?: boolean;
  readonly prompts?: string;
  readonly out?: string;
  readonly maxTokens: number;
  readonly seed: number;
  readonly fit: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const QUESTIONS: readonly string[] = PLACES.filter((place) => place !== "answer");

/** What an answer may cost is asked of so many labelled answers: the judges that are asked by letters are there for comparison. */
const LETTERED = { most: 60, what: "Asking by letters, to compare" } as const;

export function calibrateCommand(): Command {
  const command = new Command("calibrate")
    .description("Learns on labelled answers how a model judges, says how well it does, and keeps the judge for `rain ask` and all others.")
    .option("--principle <name|file>", "what the judge judges: a name, or a YAML or JSON file", DEFAULTS.principle.name)
    .addOption(choiceOption("--prompting <way>", 'auto, chat, or urial: how the model is asked for answers (default: "auto")', PROMPTINGS));
  addLabelledDataOptions(command)
    .option("--only-data", "take no labelled answers but those of --data (default: the principle's own, too)")
    .option("--places <places>", `questions that are tried, some of ${QUESTIONS.join(", ")}, between commas`, QUESTIONS.join(","))
    .addOption(numberOption("--most <n>", "labelled answers at most, as many good as bad ones; those of --data first").default(400))
    .option("--label", "first label answers of this model yourself, one key each")
    .option(
      "--prompts <file>",
      "--label: what is asked, one prompt a line or JSON lines (default: what the principle's labelled answers answer)",
    )
    .option("--out <file>", "--label: where labels go, a line each; what it holds already is gone on with")
    .addOption(numberOption("--max-tokens <n>", "--label: longest draft").default(64))
    .addOption(numberOption("--seed <n>", "--label: the same seed draws the same drafts").default(DEFAULTS.seed))
    .option("--no-fit", "--label: only label, and learn later")
    .option("--json", "one object instead of text")
    .option("--quiet", "nothing but the result and errors");
  return addEngineOptions(command).action(calibrate);
}

/** What is to be done, checked as far as it can be before a model is loaded. */
interface Task {
  readonly flags: CalibrateFlags;
  readonly principle: Principle;
  readonly places: readonly Place[];
  /** Of files. */
  readonly data: readonly LabelledAnswer[];
  /** The principle's own. */
  readonly own: readonly LabelledAnswer[];
}

async function calibrate(flags: CalibrateFlags): Promise<void> {
  const engineOptions = readEngineOptions(flags);
  const task = await readTask(flags);
  const labelling = await openLabelling(task);
  using file = labelling?.file;
  if (file === undefined) checkAnswers(answersFor(task));
  if (flags.fit) checkFolder();
  const signal = stopSignal();
  await using engine = await loadEngine({ options: engineOptions, signal, isQuiet: flags.quiet === true });
  const settings = withPrompting(engine, checkOptions({ principle: task.principle, prompting: flags.prompting ?? "auto", signal }));
  if (labelling !== undefined && file !== undefined) {
    await labelDrafts(engine, { ...labelling, file, settings, maxTokens: flags.maxTokens, seed: flags.seed });
    if (!flags.fit) return;
  }
  const answers = answersFor({ ...task, data: [...(file?.answers ?? []), ...task.data] });
  await fitAndTell(engine, { ...task, settings, answers });
  await flushed(process.stdout);
  signal.throwIfAborted();
}

async function readTask(flags: CalibrateFlags): Promise<Task> {
  const { most, maxTokens, seed } = flags;
  checkFlags(() => checkByRules({ most, maxTokens, seed }, { most: positive, maxTokens: positive, seed: uint32 }));
  checkTogether(flags);
  const principle = await findPrinciple(flags.principle);
  return { flags, principle, places: readPlaces(flags.places), data: await readLabelledData(flags), own: await answersOf(principle) };
}

function checkTogether({ label, prompts, out, fit, onlyData, data }: CalibrateFlags): void {
  const [alone] = Object.entries({ "--prompts": prompts, "--out": out, "--no-fit": fit ? undefined : true }).filter(
    ([, value]) => value !== undefined,
  );
  if (label !== true && alone !== undefined) throw new UsageError(`Expected \`--label\` where \`${alone[0]}\` is given, got none`);
  if (label === true && out === undefined) throw new UsageError("Expected `--out` to name the file where labels go, got none");
  if (onlyData === true && data.length === 0 && label !== true)
    throw new UsageError("Expected `--data` where `--only-data` is given, got none");
}

function readPlaces(list: string): readonly Place[] {
  const names = [...new Set(list.split(",").map((name) => name.trim()))];
  for (const name of names) {
    if (QUESTIONS.includes(name)) continue;
    const known = QUESTIONS.map((one) => `\`${one}\``).join(", ");
    throw new UsageError(`Expected \`--places\` to be some of ${known}, got \`${name}\`${didYouMean(name, QUESTIONS)}`);
  }
  return names as Place[];
}

/** What is labelled and where; its file is there before a model is loaded. */
async function openLabelling({ flags, own, principle }: Task) {
  if (flags.label !== true || flags.out === undefined) return undefined;
  const { prompts } = flags;
  const asked = prompts === undefined ? own.map(({ turns }) => turns.slice(0, -1)) : await readLabelPrompts(prompts);
  const different = [...new Map(asked.map((turns) => [JSON.stringify(turns), turns])).values()].filter((turns) => turns.length > 0);
  if (different.length === 0)
    throw new UsageError(`Expected \`--prompts\` to name a file of prompts, as the principle "${principle.name}" brings none, got none`);
  return { prompts: prompts === undefined ? shuffled(different) : different, file: new LabelFile(flags.out) };
}

/** Those of files first, as they are of the user's own world: where they are enough to tell how good a judge is, the principle's own only help to learn. */
function answersFor({ flags, data, own }: Pick<Task, "flags" | "data" | "own">): readonly LabelledAnswer[] {
  if (flags.onlyData === true) return atMost(data, flags.most);
  return atMost([...data, ...(isGround(data) ? besides(own) : own)], flags.most);
}

interface Fitting extends Task {
  readonly settings: Settings;
  readonly answers: readonly LabelledAnswer[];
}

async function fitAndTell(engine: LlamaEngine, { flags, settings, answers, places, principle }: Fitting): Promise<void> {
  checkAnswers(answers);
  const isQuiet = flags.quiet === true;
  const [line, letters] = [new ShareLine(FIT), new ShareLine(LETTERED.what)];
  const now = () => performance.now();
  const said: (MeasuredJudge & { readonly name: string })[] = [];
  const onMeasured = (name: string, measured: MeasuredJudge) => said.push({ name, ...measured });
  const onProgress = (share: number) => !isQuiet && line.show(share);
  const onLetters = (share: number) => !isQuiet && letters.show(share);
  const { signal } = settings;
  try {
    const calibrated = await calibrateJudge(engine, { answers, settings, places, signal, onMeasured, now, onProgress });
    const measured = answers.filter(({ weight = 1 }) => weight >= 1);
    const sample = atMost(measured, LETTERED.most);
    const { judged, leftOut } = await judgedByLetters(engine, { answers: sample, settings, signal, now, onProgress: onLetters });
    signal?.throwIfAborted();
    const source = sourceOf(flags);
    const path = await kept(engine, { settings, calibrated, source });
    const judges = [...said, ...judged].map((one) => ({ ...candidate(one.name, one), n: one.whole.length }));
    const flagged = flaggedOf(calibrated, said.find((one) => one.chosen) as MeasuredJudge);
    const told = {
      model: engine.facts.model,
      principle,
      measured,
      learned: answers.length,
      source,
      judges,
      leftOut,
      calibrated,
      flagged,
      path,
    };
    process.stdout.write(flags.json === true ? `${JSON.stringify(calibrationJson(told))}\n` : `${calibrationText(told)}\n`);
  } finally {
    line.end();
    letters.end();
  }
}

/** Before minutes are spent on what nobody would find. */
function checkFolder(): void {
  try {
    mkdirSync(judgeFolder(), { recursive: true });
  } catch (error) {
    throw unkept(judgeFolder(), error);
  }
}

function unkept(path: string, cause: unknown): UsageError {
  return new UsageError(`Expected to write the judge to \`${path}\`, got: ${reasonOf(cause)} (XDG_CACHE_HOME names another place)`, {
    cause,
  });
}

function sourceOf(flags: CalibrateFlags): string {
  const files = namesOf({ data: [...(flags.out === undefined ? [] : [flags.out]), ...flags.data] });
  if (flags.onlyData === true) return files;
  return files === "" ? "the principle's own labelled answers" : `${files} and the principle's own labelled answers`;
}

/** A judge that cannot be kept would be found by nobody. */
async function kept(
  engine: LlamaEngine,
  { settings, calibrated, source }: { readonly settings: Settings; readonly calibrated: Calibrated; readonly source: string },
): Promise<string> {
  const key = await judgeKey(engine, settings);
  const path = join(judgeFolder(), judgeFile(key));
  try {
    await writeJudge(judgeFolder(), key, { ...calibrated, source });
  } catch (error) {
    throw unkept(path, error);
  }
  return path;
}
