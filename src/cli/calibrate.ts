/** `rain calibrate`: fits the judge of a model on labelled answers, says how good it is, and keeps it. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import {
  checkByRules,
  checkOptions,
  DEFAULTS,
  didYouMean,
  type Engine,
  type Fitness,
  isFit,
  PROMPTINGS,
  type Principle,
  type Prompting,
  positive,
  type Settings,
  UNFIT_BELOW,
  uint32,
} from "../core/index.ts";
import {
  answersOf,
  besides,
  type Calibrated,
  type Candidate,
  calibrateJudge,
  candidate,
  checkAnswers,
  type FittedJudge,
  isGround,
  judgedByLetters,
  judgeFile,
  judgeFolder,
  judgeKey,
  type LabelledAnswer,
  PLACES,
  type PlaceName,
  promptKey,
  thresholdsFor,
  type UnjudgedAnswers,
  writeJudge,
} from "../judges/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { findPrinciple } from "./input.ts";
import { LabelFile, labelDrafts, readLabelPrompts } from "./label.ts";
import {
  addLabelledDataOptions,
  atMost,
  type Counts,
  countsOf,
  type LabelledDataFlags,
  namesOf,
  readLabelledData,
  shuffled,
} from "./labelled-data.ts";
import { FIT, figureOf, loadEngine, unfitLine } from "./load.ts";
import { addEngineOptions, checkFlags, choiceOption, type EngineFlags, numberOption, readEngineOptions } from "./options.ts";
import { stopSignal } from "./stop-signal.ts";
import { finished, paint, ShareLine } from "./terminal.ts";

type AskedPlace = Exclude<PlaceName, "answer">;

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
const MOST_LETTERED = 60;

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
interface CalibrateTask {
  readonly flags: CalibrateFlags;
  readonly principle: Principle;
  readonly places: readonly AskedPlace[];
  /** Labelled answers of files. */
  readonly data: readonly LabelledAnswer[];
  /** ... and the principle's own. */
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
  if (labelling !== undefined) await labelDrafts(engine, { ...labelling, settings, maxTokens: flags.maxTokens, seed: flags.seed });
  if (flags.fit) {
    const answers = answersFor({ ...task, data: [...(file?.answers ?? []), ...task.data] });
    const calibration = await fitJudge(engine, { task, settings, answers });
    process.stdout.write(`${flags.json === true ? JSON.stringify(toJson(calibration)) : toText(calibration)}\n`);
  }
  await finished(signal);
}

async function readTask(flags: CalibrateFlags): Promise<CalibrateTask> {
  const { most, maxTokens, seed } = flags;
  checkFlags(() => checkByRules({ most, maxTokens, seed }, { most: positive, maxTokens: positive, seed: uint32 }));
  checkTogether(flags);
  const principle = await findPrinciple(flags.principle);
  return { flags, principle, places: readPlaces(flags.places), data: await readLabelledData(flags), own: await answersOf(principle) };
}

function checkTogether({ label, prompts, out, fit: isFitted, onlyData, data }: CalibrateFlags): void {
  const ofLabelling = { "--prompts": prompts, "--out": out, "--no-fit": isFitted ? undefined : true };
  const [alone] = Object.entries(ofLabelling).filter(([, value]) => value !== undefined);
  if (label !== true && alone !== undefined) throw new UsageError(`Expected \`--label\` where \`${alone[0]}\` is given, got none`);
  if (label === true && out === undefined) throw new UsageError("Expected `--out` to name the file where labels go, got none");
  if (onlyData === true && data.length === 0 && label !== true)
    throw new UsageError("Expected `--data` where `--only-data` is given, got none");
}

function readPlaces(list: string): readonly AskedPlace[] {
  const names = [...new Set(list.split(",").map((name) => name.trim()))];
  const unknown = names.find((name) => !QUESTIONS.includes(name));
  if (unknown === undefined) return names as AskedPlace[];
  const known = QUESTIONS.map((one) => `\`${one}\``).join(", ");
  throw new UsageError(`Expected \`--places\` to be some of ${known}, got \`${unknown}\`${didYouMean(unknown, QUESTIONS)}`);
}

/** What is labelled and where; its file is there before a model is loaded. */
async function openLabelling({ flags, own, principle }: CalibrateTask) {
  const { label, out, prompts } = flags;
  if (label !== true || out === undefined) return undefined;
  const asked = prompts === undefined ? own.map(({ turns }) => turns.slice(0, -1)) : await readLabelPrompts(prompts);
  const different = [...new Map(asked.map((turns) => [JSON.stringify(turns), turns])).values()].filter((turns) => turns.length > 0);
  if (different.length === 0)
    throw new UsageError(`Expected \`--prompts\` to name a file of prompts, as the principle "${principle.name}" brings none, got none`);
  return { prompts: prompts === undefined ? shuffled(different) : different, file: new LabelFile(out) };
}

/** Those of files first, as they are of the user's own world: where they are enough to tell how good a judge is, the principle's own only help to learn. */
function answersFor({ flags, data, own }: Pick<CalibrateTask, "flags" | "data" | "own">): readonly LabelledAnswer[] {
  if (flags.onlyData === true) return atMost(data, flags.most);
  return atMost([...data, ...(isGround(data) ? besides(own) : own)], flags.most);
}

/** What was found out about the judges of a model. */
interface CalibrationSummary extends Counts {
  readonly model: string;
  readonly principle: string;
  /** Prompts that the answers which were measured answer. */
  readonly prompts: number;
  /** How many answers were learned from, those which were measured included. */
  readonly learned: number;
  /** Where the answers came from. */
  readonly source: string;
  readonly judges: readonly JudgeRow[];
  readonly leftOut: readonly UnjudgedAnswers[];
  readonly calibrated: Calibrated;
  /** What the default share of false flags comes to. */
  readonly flagged: { readonly good: number; readonly bad: number };
  /** Where the judge is kept. */
  readonly path: string;
}

interface Fitting {
  readonly task: CalibrateTask;
  readonly settings: Settings;
  readonly answers: readonly LabelledAnswer[];
}

async function fitJudge(engine: Engine, { task: { flags, places }, settings, answers }: Fitting): Promise<CalibrationSummary> {
  checkAnswers(answers);
  const { signal } = settings;
  const line = new ShareLine(FIT);
  const letters = new ShareLine("Asking by letters, to compare");
  const showing = (shares: ShareLine) => (share: number) => flags.quiet !== true && shares.show(share);
  const now = () => performance.now();
  try {
    const calibrated = await calibrateJudge(engine, { answers, settings, places, signal, now, onProgress: showing(line) });
    const measured = answers.filter(({ weight = 1 }) => weight >= 1);
    const sample = atMost(measured, MOST_LETTERED);
    const { judged, leftOut } = await judgedByLetters(engine, { answers: sample, settings, signal, now, onProgress: showing(letters) });
    signal?.throwIfAborted();
    const source = sourceOf(flags);
    const ofAll = calibrated.candidates.map((one) => ({ ...one, n: calibrated.fitted.fitness.n }));
    const ofSample = judged.map((one) => ({ ...candidate(one.name, one), n: one.whole.length }));
    return {
      model: engine.facts.model,
      principle: settings.principle.name,
      ...countsOf(measured),
      prompts: new Set(measured.map(promptKey)).size,
      learned: answers.length,
      source,
      judges: [...ofAll, ...ofSample],
      leftOut,
      calibrated,
      flagged: flaggedBy(calibrated.fitted),
      path: await keep(engine, settings, { ...calibrated, source }),
    };
  } finally {
    line.end();
    letters.end();
  }
}

function flaggedBy(fitted: FittedJudge): CalibrationSummary["flagged"] {
  const { whole, beginning } = thresholdsFor(fitted, DEFAULTS);
  const flagged = (answers: FittedJudge["ofGood"]) =>
    answers.filter((values) => values.whole < whole || (values.lowest !== undefined && values.lowest < beginning)).length;
  return { good: flagged(fitted.ofGood), bad: flagged(fitted.ofBad) };
}

function sourceOf(flags: CalibrateFlags): string {
  const files = namesOf({ data: [...(flags.out === undefined ? [] : [flags.out]), ...flags.data] });
  if (flags.onlyData === true) return files;
  return files === "" ? "the principle's own labelled answers" : `${files} and the principle's own labelled answers`;
}

/** Before minutes are spent on a judge that would be lost. */
function checkFolder(): void {
  try {
    mkdirSync(judgeFolder(), { recursive: true });
  } catch (error) {
    throw unkept(judgeFolder(), error);
  }
}

/** A judge that cannot be kept could never be found again. */
async function keep(engine: Engine, settings: Settings, judge: Parameters<typeof writeJudge>[2]): Promise<string> {
  const key = await judgeKey(engine, settings);
  const path = join(judgeFolder(), judgeFile(key));
  try {
    await writeJudge(judgeFolder(), key, judge);
  } catch (error) {
    throw unkept(path, error);
  }
  return path;
}

function unkept(path: string, cause: unknown): UsageError {
  return new UsageError(`Expected to write the judge to \`${path}\`, got: ${reasonOf(cause)} (XDG_CACHE_HOME names another place)`, {
    cause,
  });
}

/** As `--json` tells of it: what was not measured is `null`. */
function toJson({ judges, leftOut, calibrated, flagged, path, ...about }: CalibrationSummary): object {
  const { why, fitted, questionTokensPerToken } = calibrated;
  return {
    ...about,
    judges: judges.map(({ aurocOfBeginnings = null, milliseconds: ms = null, n, ...judge }) => ({ ...judge, aurocOfBeginnings, ms, n })),
    leftOut,
    why,
    fitness: { ...fitted.fitness, isFit: isFit(fitted) },
    falseFlags: { share: DEFAULTS.falseFlags, goodFlagged: flagged.good, badCaught: flagged.bad },
    questionTokensPerToken,
    file: path,
  };
}

function toText({ judges, leftOut, calibrated, flagged, path, ...about }: CalibrationSummary): string {
  const { model, principle, n, good, bad, prompts, learned, source } = about;
  const more = learned > n ? `; learned with ${learned - n} more, of the principle's own, a fifth as much each` : "";
  const falseFlags = Math.round(100 * (DEFAULTS.falseFlags as number));
  return [
    `How ${model} judges by "${principle}", on ${n} labelled answers (${good} good, ${bad} bad) to ${prompts} prompts, of ${source}${more}:`,
    "",
    judgeTable(judges),
    "",
    ...leftOut.map(({ name, reason }) => `Left out: ${name}: ${reason}`),
    TABLE_NOTE,
    "",
    calibrated.why,
    verdict(calibrated.fitted.fitness, model),
    `At the default \`--false-flags ${falseFlags}%\` it flags ${flagged.good} of ${good} good answers and catches ${flagged.bad} of ${bad} bad ones, all checks of an answer together.`,
    `Kept in ${path}`,
  ].join("\n");
}

function verdict(fitness: Fitness, model: string): string {
  const fit = `Fit: ${figureOf(fitness)} on ${fitness.n} labelled answers that it was not fitted on. It judges what this model writes from now on.`;
  const unsure =
    fitness.low < UNFIT_BELOW
      ? ` That may be luck, as the interval begins below ${UNFIT_BELOW.toFixed(2)}: more labelled answers will tell.`
      : "";
  return unfitLine(fitness, model) ?? `${fit}${unsure}`;
}

/** A judge, and how many answers it was measured on. */
interface JudgeRow extends Candidate {
  readonly n: number;
}

const HEAD = ["", "judge", "n", "AUROC", "beginnings", "balanced", "ECE", "tokens", "ms"] as const;

/** What the columns mean. */
const TABLE_NOTE =
  "AUROC: how likely a good answer has the higher value of a good and a bad one, 0.50 is guessing (with its 95 % interval over prompts); beginnings: the same of beginnings of 16 tokens; balanced: right at the best threshold, mean of good and bad; ECE: how far p(good) is from the share of good ones; tokens, ms: of a verdict, beside reading the answer.";

/** One line a judge; the one that is chosen is marked. */
function judgeTable(judges: readonly JudgeRow[]): string {
  const short = (figure: number) => figure.toFixed(figure < 10 ? 1 : 0);
  const rows = judges.map((judge) => [
    judge.chosen ? "*" : "",
    judge.name,
    String(judge.n),
    `${judge.auroc.toFixed(2)} (${judge.low.toFixed(2)}-${judge.high.toFixed(2)})`,
    judge.aurocOfBeginnings?.toFixed(2) ?? "-",
    `${Math.round(100 * judge.balancedAccuracy)} %`,
    judge.ece.toFixed(2),
    short(judge.tokensPerVerdict),
    judge.milliseconds === undefined ? "-" : short(judge.milliseconds),
  ]);
  const widths = HEAD.map((head, column) => Math.max(head.length, ...rows.map((row) => (row[column] as string).length)));
  // Names to the left, numbers to the right.
  const padded = (cell: string, column: number) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0));
  const lines = [HEAD, ...rows].map((row) => row.map(padded).join("  ").trimEnd());
  return lines.map((line, index) => (judges[index - 1]?.chosen ? paint(process.stdout, line, "bold") : line)).join("\n");
}
