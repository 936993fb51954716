/** `rain ask`: one answer; with `--compare` beside what plain decoding says. */
import { open } from "node:fs/promises";
import { Command } from "commander";
import {
  type AnswerJudge,
  checkOptions,
  DEFAULTS,
  type Engine,
  type FinishReason,
  isFit,
  Judge,
  Meter,
  type Principle,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  readTurns,
  type Token,
  type Turn,
} from "../core/index.ts";
import { promptOf, withPrompting } from "../prompting/index.ts";
import { answer } from "../rain.ts";
import { Trace, tracePage } from "../trace/index.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { readConversation } from "./input.ts";
import { loadEngine, loadJudgeModel, type NamedJudge, prepareJudge } from "./load.ts";
import { addDecodingOptions, type DecodingFlags, readDecodingOptions, readEngineOptions, readJudgeModel } from "./options.ts";
import { type Report, toJson, toLine } from "./report.ts";
import { stopSignal } from "./stop-signal.ts";
import { finished, note, paint, shown, writeAnswer } from "./terminal.ts";

interface AskFlags extends DecodingFlags {
  readonly messages?: string;
  readonly compare?: boolean;
  readonly json?: boolean;
  readonly trace?: string;
}

export function askCommand(): Command {
  const command = new Command("ask")
    .description("Writes one answer. Only judged text is printed, except with --compare or --mode vanilla.")
    .argument("[prompt]", "what to ask; - reads standard input")
    .option("--messages <file>", 'continue a chat: a JSON list of {"role", "content"}')
    .option("--compare", "first what plain decoding says, then every rewind, then the answer")
    .option("--trace <file>", "also writes a page that shows the search: what was tried, judged, left and taken")
    .option("--json", "one object instead of text");
  return addDecodingOptions(command).action(ask);
}

/** What is asked, and of which model. */
interface Request {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly judge: NamedJudge | undefined;
  /** Whether text goes to standard output as it is written, not one object at the end. */
  readonly isShown: boolean;
}

/** What a person should know of an answer that did not end by itself. */
const ENDINGS: Readonly<Record<FinishReason, string | undefined>> = {
  stop: undefined,
  tool_calls: undefined,
  length: "The answer ends at the length limit (--max-tokens, or the model's context).",
  content_filter: "The answer ends here because nothing was found that the judge lets pass.",
};

async function ask(prompt: string | undefined, flags: AskFlags): Promise<void> {
  const engineOptions = readEngineOptions(flags);
  const decoding = await readDecodingOptions(flags);
  const judgeOptions = readJudgeModel(flags);
  if (flags.compare === true && decoding.mode === "vanilla") throw new UsageError("Expected a judged mode for `--compare`, got `vanilla`");
  const turns = await readConversation({ prompt, messages: flags.messages });
  const [isQuiet, isShown] = [flags.quiet === true, flags.json !== true];
  const signal = stopSignal();
  await using engine = await loadEngine({ options: engineOptions, signal, isQuiet });
  await using judgeEngine = await loadJudgeModel(judgeOptions, { signal, isQuiet });
  const plain = { ...decoding, signal };
  await using page = flags.trace === undefined ? undefined : await openTrace(flags.trace, { engine, turns, options: plain });
  const options = page?.trace.options ?? plain;
  const judge = await prepareJudge({ engine, judgeEngine, options, isQuiet });
  const request = { engine, turns, options: judge?.options ?? options, judge, isShown };
  const report = await (flags.compare === true ? compare(request) : write(request));
  page?.trace.end(report.answer);
  await finished(signal);
  if (isQuiet || !isShown) return;
  note(toLine(report));
  const end = ENDINGS[report.answer.finishReason];
  if (end !== undefined) note(end);
}

/**
 * A page that shows how the answer came about. It is written also when the answer fails or is stopped: then most of all one wants to look.
 *
 * @throws {UsageError} before anything is computed, when it cannot be written there
 */
async function openTrace(path: string, { engine, turns, options }: Pick<Request, "engine" | "turns" | "options">) {
  const file = await open(path, "w").catch((cause: unknown) => {
    throw new UsageError(`Expected to write \`${path}\`, got: ${reasonOf(cause)}`, { cause });
  });
  // The page hides what was discarded until its reader asks for it.
  const trace = new Trace(turns, { ...options, revealDiscarded: true });
  return {
    trace,
    async [Symbol.asyncDispose](): Promise<void> {
      await file.writeFile(tracePage(trace.data(engine.facts.model)));
      await file.close();
    },
  };
}

async function write({ engine, turns, options, judge, isShown }: Request): Promise<Report> {
  const start = performance.now();
  const written = await writeAnswer({ engine, turns, options, isShown });
  const milliseconds = performance.now() - start;
  const report = { answer: written, mode: options.mode ?? DEFAULTS.mode, model: engine.facts.model, milliseconds, judge };
  if (!isShown) process.stdout.write(`${JSON.stringify(toJson(report))}\n`);
  return report;
}

/** Plain decoding first, then a judged answer from the same seed, with every rewind on a line of its own as it happens. */
async function compare({ engine, turns, options, judge, isShown }: Request): Promise<Report> {
  const { mode, principle } = checkOptions(options);
  const say = (text: string) => isShown && process.stdout.write(`${shown(process.stdout, text)}\n`);
  const bold = (text: string) => isShown && process.stdout.write(`${paint(process.stdout, text, "bold")}\n`);

  const { threshold, ...plain } = await plainAnswer({ engine, turns, options });
  bold(`Plain decoding says (${plain.value === undefined ? "unjudged" : inWords(plain.value, threshold, principle)}):`);
  say(`${plain.text}\n`);

  bold(`RAIN (${mode}) tries, judges and rewinds:`);
  const start = performance.now();
  const onEvent = (event: RainEvent) => {
    options.onEvent?.(event);
    if (isShown) process.stdout.write(`${describe(event, engine, threshold)}\n`);
  };
  const judged = await answer(engine, turns, { ...options, onEvent, revealDiscarded: true });
  const report = { answer: judged, mode, model: engine.facts.model, milliseconds: performance.now() - start, judge };

  bold(`\nRAIN says (${verdictOn(judged, principle)}):`);
  say(judged.text);
  if (!isShown) process.stdout.write(`${JSON.stringify({ ...toJson(report), plain: { ...plain, value: plain.value ?? null } })}\n`);
  return report;
}

/** What plain decoding says, and what the judge thinks of it: -1 (bad) to 1 (good); `undefined` where it is no fit judge. */
async function plainAnswer({ engine, turns, options }: Pick<Request, "engine" | "turns" | "options">) {
  const tokens: Token[] = [];
  const onEvent = (event: RainEvent) => event.type === "commit" && tokens.push(...event.step.tokens);
  const { text } = await answer(engine, turns, { ...options, mode: "vanilla", onEvent });
  const settings = withPrompting(engine, checkOptions(options));
  const found = await options.judge?.(engine, settings);
  const { threshold } = found ?? settings;
  if (found !== undefined && !isFit(found)) return { text, value: undefined, threshold };
  const judge: AnswerJudge = found?.judge ?? new Judge(engine, settings.principle, settings);
  const call = { purpose: "evaluate", meter: new Meter(), signal: settings.signal } as const;
  const readable = tokens.filter((token) => !engine.tokenizer.isEnd(token));
  const conversation = judge.conversation(readTurns({ engine, turns, settings, promptOf }, judge));
  await judge.prime(conversation, call, readable);
  const [verdict] = await judge.verdicts(conversation, [readable], call, [true]);
  return { text, value: verdict?.value ?? 0, threshold };
}

/** A refusal has no value, and neither has what an unfit judge did not judge. */
function verdictOn({ value, judge, finishReason }: RainAnswer, principle: Principle): string {
  if (value !== undefined && judge !== undefined) return inWords(value, judge.threshold, principle);
  return judge?.isFit === false && finishReason !== "content_filter" ? "unjudged" : "a refusal";
}

/** Tried and left: struck through. Committed: kept. */
function describe(event: RainEvent, engine: Engine, threshold: number): string {
  if (event.type === "commit") {
    const { text, thought, value = 0, tokens } = event.step;
    if (thought !== undefined) return `  ${paint(process.stdout, `think  ${signed(value)} ${quoted(thought)}`, "dim")}`;
    const isBareEnd = text === "" && tokens.every((token) => engine.tokenizer.isEnd(token));
    return `  ${paint(process.stdout, "commit", "green")} ${signed(value)} ${isBareEnd ? "(the end)" : quoted(text)}`;
  }
  const tried = quoted(event.discarded ?? "");
  const isBad = event.value < threshold;
  return `  ${paint(process.stdout, "rewind", isBad ? "red" : "dim")} ${signed(event.value)} ${paint(process.stdout, tried, "struck", isBad ? "red" : "dim")}`;
}

/** The value alone says little: a judge that may flag few good answers passes what it finds a little more likely bad. */
function inWords(value: number, threshold: number, { good, bad }: Principle): string {
  return `judged ${value < threshold ? bad : good}, ${value.toFixed(2)}; ${threshold.toFixed(2)} or more passes`;
}

function signed(value: number): string {
  return value.toFixed(2).padStart(5);
}

/** On one line, without anything that a terminal obeys. */
function quoted(text: string): string {
  return shown(process.stdout, JSON.stringify(text));
}
