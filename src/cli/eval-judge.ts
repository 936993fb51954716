/** `rain eval judge`: how well judges tell good answers from bad ones, on labelled answers. */
import { Command } from "commander";
import {
  checkByRules,
  checkOptions,
  DEFAULTS,
  type Engine,
  PROMPTINGS,
  type Principle,
  type Prompting,
  type Rule,
  type Settings,
} from "../core/index.ts";
import { Folder } from "../evaluation/index.ts";
import {
  ASKED_NAME,
  calibrateJudge,
  checkAnswers,
  guardFormat,
  type JudgedAnswers,
  judgeBy,
  judgedBy,
  judgedByFitted,
  judgedByLetters,
  judgeFolder,
  keptJudge,
  type LabelledAnswer,
  PLACES,
  promptKey,
} from "../judges/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { UsageError } from "./failure.ts";
import { findPrinciple } from "./input.ts";
import { type JudgingSummary, judgingCsv, judgingJson, judgingMarkdown, judgingPage } from "./judge-report.ts";
import { scoresOf } from "./judge-scores.ts";
import { addLabelledDataOptions, atMost, countsOf, type LabelledDataFlags, namesOf, readLabelledData } from "./labelled-data.ts";
import { FIT, loadEngine } from "./load.ts";
import { checkDifferent, labelOf } from "./model-labels.ts";
import {
  addHardwareOptions,
  checkFlags,
  choiceOption,
  type EngineFlags,
  MODEL_DESCRIPTION,
  numberOption,
  readEngineOptions,
  readModels,
} from "./options.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed, note, ShareLine } from "./terminal.ts";

interface JudgeFlags extends Omit<EngineFlags, "model">, LabelledDataFlags {
  readonly model: readonly string[];
  readonly principle: string;
  readonly prompting?: Prompting;
  readonly most: number;
  readonly fitOnData?: boolean;
  readonly out?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Fewer answers say nothing. */
const FEWEST = 8;

const enough: Rule = {
  expected: `an integer of at least ${FEWEST}`,
  isMet: (value) => Number.isSafeInteger(value) && Number(value) >= FEWEST,
};

export function evalJudgeCommand(): Command {
  const command = new Command("judge")
    .description("Measures how well models tell good answers from bad ones: the judge that is kept for each, and other ways to ask it.")
    .option("--model <model>", `${MODEL_DESCRIPTION}; may be given several times`, (one, before: string[]) => [...before, one], [])
    .option("--principle <name|file>", "what is judged: a name, or a YAML or JSON file", DEFAULTS.principle.name)
    .addOption(choiceOption("--prompting <way>", 'auto, chat, or urial: how the model is asked for answers (default: "auto")', PROMPTINGS));
  addLabelledDataOptions(command)
    .option(
      "--fit-on-data",
      "fit on these very answers, and measure by cross-validation over prompts (default: the judge that is kept, as it is)",
    )
    .addOption(numberOption("--most <n>", "labelled answers at most, as many good as bad ones").default(400))
    .option("--out <folder>", "also writes a page with curves, a table of numbers and the same as JSON")
    .option("--json", "one object a model instead of tables")
    .option("--quiet", "nothing but the result and errors");
  return addHardwareOptions(command).action(evaluateJudges);
}

/** What is measured, checked before a model is loaded. */
interface JudgeTask {
  readonly flags: JudgeFlags;
  readonly principle: Principle;
  readonly answers: readonly LabelledAnswer[];
  readonly signal: AbortSignal;
}

async function evaluateJudges(flags: JudgeFlags): Promise<void> {
  const models = readModels(flags);
  checkDifferent(models);
  for (const model of models) readEngineOptions({ ...flags, model });
  checkFlags(() => checkByRules({ most: flags.most }, { most: enough }));
  if (flags.data.length === 0) throw new UsageError("Expected `--data` to name a file of labelled answers, got none");
  const principle = await findPrinciple(flags.principle);
  const answers = atMost(await readLabelledData(flags), flags.most);
  checkPrompts(answers, flags);
  const folder = flags.out === undefined ? undefined : new Folder(flags.out);
  const signal = stopSignal();
  const summaries: JudgingSummary[] = [];
  // One after the other: only one has to fit into the memory.
  for (const model of models) {
    const summary = await summaryOf(model, { flags, principle, answers, signal });
    summaries.push(summary);
    process.stdout.write(flags.json === true ? `${JSON.stringify(judgingJson(summary))}\n` : judgingMarkdown(summary));
  }
  if (folder !== undefined) write(folder, summaries, flags.quiet === true);
  await flushed(process.stdout);
  signal.throwIfAborted();
}

function checkPrompts(answers: readonly LabelledAnswer[], { fitOnData, data }: JudgeFlags): void {
  if (fitOnData === true) checkAnswers(answers);
  if (promptsIn(answers) < 2) throw new UsageError(`Expected ${data.join(", ")} to hold answers to at least 2 prompts, got those to 1`);
}

function write(folder: Folder, summaries: readonly JudgingSummary[], isQuiet: boolean): void {
  folder.write("judges.html", judgingPage(summaries, new Date().toISOString().slice(0, 10)));
  folder.write("judges.csv", judgingCsv(summaries));
  folder.write("judges.json", `${JSON.stringify(summaries.map(judgingJson), undefined, 2)}\n`);
  if (!isQuiet) note(`Everything is in ${folder.path}.`);
}

async function summaryOf(model: string, { flags, principle, answers, signal }: JudgeTask): Promise<JudgingSummary> {
  const isQuiet = flags.quiet === true;
  await using engine = await loadEngine({ options: readEngineOptions({ ...flags, model }), signal, isQuiet });
  const settings = withPrompting(engine, checkOptions({ principle, prompting: flags.prompting ?? "auto", signal }));
  const { judged, fittedOn, caveats } = await judgedAnswers(engine, { answers, settings, flags });
  signal.throwIfAborted();
  const kinds = answers.map(({ kind = "" }) => kind);
  const counts = countsOf(answers);
  return {
    model: labelOf(model),
    principle: principle.name,
    ...counts,
    prompts: promptsIn(answers),
    data: namesOf(flags),
    fittedOn,
    caveats: [
      ...(model === "embedded" ? [TOY] : []),
      ...caveats,
      ...(counts.n < FEW ? [`Only ${counts.n} answers: look at the intervals before the figures.`] : []),
    ],
    judges: judged.map((one) => scoresOf(one, kinds)),
  };
}

const FEW = 100;

const TOY = "The embedded model is a toy that knows only its own small world: on other data it judges at random.";

interface Measuring {
  readonly answers: readonly LabelledAnswer[];
  readonly settings: Settings;
  readonly flags: JudgeFlags;
}

interface Measured {
  readonly judged: readonly JudgedAnswers[];
  readonly fittedOn: string;
  readonly caveats: readonly string[];
}

async function judgedAnswers(engine: Engine, { answers, settings, flags }: Measuring): Promise<Measured> {
  const line = new ShareLine(FIT);
  const letters = new ShareLine("Asking by letters");
  const isQuiet = flags.quiet === true;
  const options = {
    answers,
    settings,
    signal: settings.signal,
    now: () => performance.now(),
    onProgress: (share: number) => !isQuiet && line.show(share),
  };
  try {
    if (guardFormat({ model: engine.facts.model, chatTemplate: engine.chatTemplate }) !== undefined)
      return await judgedByGuard(engine, options);
    const { judged: read, fittedOn, caveats } = await judgedByReading(engine, options, flags);
    const chosen = read.length === 0 ? ASKED_NAME : undefined;
    const onProgress = (share: number) => !isQuiet && letters.show(share);
    const { judged, leftOut } = await judgedByLetters(engine, { ...options, chosen, onProgress });
    return {
      judged: [...read, ...judged],
      fittedOn,
      caveats: [...caveats, ...leftOut.map(({ name, reason }) => `Left out: ${name}: ${reason}`)],
    };
  } finally {
    line.end();
    letters.end();
  }
}

type Options = Parameters<typeof judgedByFitted>[2];

/** A model that was made to judge is asked in its own words. */
async function judgedByGuard(engine: Engine, options: Options): Promise<Measured> {
  const { judge } = await judgeBy(engine)(engine, options.settings);
  const judged = await judgedBy(engine, { name: "asked as the guard model that it is", judge, chosen: true, isOwn: false }, options);
  return { judged: [judged], fittedOn: "nothing: a guard model", caveats: [] };
}

/** Nothing is read where there are too few labelled answers by this principle to fit a judge on. */
async function judgedByReading(engine: Engine, options: Options, flags: JudgeFlags): Promise<Measured> {
  if (flags.fitOnData === true) {
    const judged: JudgedAnswers[] = [];
    const places = PLACES.filter((place) => place !== "answer");
    await calibrateJudge(engine, { ...options, places, onMeasured: (name, measured) => judged.push({ name, ...measured }) });
    return { judged, fittedOn: "these answers, by cross-validation over prompts", caveats: [] };
  }
  const isQuiet = flags.quiet === true;
  const fit = new ShareLine(FIT);
  const telling = isQuiet ? {} : { onNotice: note, onProgress: (share: number) => fit.show(share) };
  const kept = await keptJudge(engine, options.settings, { folder: judgeFolder(), ...telling });
  fit.end();
  if (kept === undefined) return { judged: [], fittedOn: "nothing: too few labelled answers", caveats: [] };
  const isSeen = flags.data.some((path) => kept.source.includes(namesOf({ data: [path] })));
  return {
    judged: await judgedByFitted(engine, kept.fitted, options),
    fittedOn: kept.source,
    caveats: isSeen
      ? [
          "The judge that is kept was fitted on a file of this name: on the same answers its figures are flattered (`--fit-on-data` measures by cross-validation).",
        ]
      : [],
  };
}

function promptsIn(answers: readonly LabelledAnswer[]): number {
  return new Set(answers.map(promptKey)).size;
}
