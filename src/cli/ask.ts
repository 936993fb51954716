import { type FileHandle, open } from "node:fs/promises";
import { Command } from "commander";
import { DEFAULTS, type Engine, type FinishReason, type RainAnswer, type RainOptions, type Turn } from "../core/index.ts";
import { promptingNotice } from "../prompting/index.ts";
import { Trace, tracePage } from "../trace/index.ts";
import { compare } from "./compare.ts";
import { readConversation } from "./conversation.ts";
import { addDecodingOptions, type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { readEngineOptions } from "./engine-options.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { findJudge, type NamedJudge, warnIfUnfit } from "./found-judge.ts";
import { loadJudgeModel, readJudgeModel } from "./judge-model.ts";
import { loadEngine } from "./load-engine.ts";
import { type Report, toJson, toLine } from "./report.ts";
import { stopSignal } from "./stop-signal.ts";
import { flushed, note } from "./terminal.ts";
import { writeAnswer } from "./write-answer.ts";

interface AskFlags extends DecodingFlags {
  readonly messages?: string;
  readonly compare?: boolean;
  readonly json?: boolean;
  readonly trace?: string;
}

/** What was asked, of whom. */
interface Request {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly judge: NamedJudge | undefined;
}

/** What a person should know of an answer that did not end by itself. */
const ENDINGS: Readonly<Record<FinishReason, string | undefined>> = {
  stop: undefined,
  tool_calls: undefined,
  length: "The answer ends at the length limit (--max-tokens, or the model's context).",
  content_filter: "The answer ends here because nothing was found that the judge lets pass.",
};

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

async function ask(prompt: string | undefined, flags: AskFlags): Promise<void> {
  const engineOptions = readEngineOptions(flags);
  const options = await readDecodingOptions(flags);
  const judgeOptions = readJudgeModel(flags);
  if (flags.compare === true && options.mode === "vanilla") throw new UsageError("Expected a judged mode for `--compare`, got `vanilla`");
  const turns = await readConversation({ prompt, messages: flags.messages });
  const loading = { signal: stopSignal(), isQuiet: flags.quiet === true };
  const { signal, isQuiet } = loading;
  await using engine = await loadEngine({ options: engineOptions, ...loading });
  await using judgeEngine = await loadJudgeModel(judgeOptions, loading);
  const plain = { engine, turns, options: { ...options, signal } };
  await using trace = flags.trace === undefined ? undefined : await TraceFile.open(flags.trace, plain);
  const notice = promptingNotice(engine, options);
  if (notice !== undefined && !isQuiet) note(notice);
  const finding = { engine, judgeEngine, options: trace?.options ?? plain.options };
  const judge = await findJudge(finding);
  if (!isQuiet) warnIfUnfit(judge, finding);
  const request = { engine, turns, options: judge?.options ?? finding.options, judge };
  const report = await (flags.compare === true ? askComparing(request, flags) : askPlainly(request, flags));
  trace?.end(report.answer);
  await flushed(process.stdout);
  signal.throwIfAborted();
  if (flags.quiet !== true && flags.json !== true) tell(report);
}

async function askPlainly({ engine, turns, options, judge }: Request, { json: isJson }: AskFlags): Promise<Report> {
  const start = performance.now();
  const answer = await writeAnswer({ engine, turns, options, isShown: isJson !== true });
  const milliseconds = performance.now() - start;
  const report = { answer, mode: options.mode ?? DEFAULTS.mode, model: engine.facts.model, milliseconds, judge };
  if (isJson === true) process.stdout.write(`${JSON.stringify(toJson(report))}\n`);
  return report;
}

async function askComparing(request: Request, { json: isJson }: AskFlags): Promise<Report> {
  const { plain, report } = await compare({ ...request, isShown: isJson !== true });
  if (isJson === true) process.stdout.write(`${JSON.stringify({ ...toJson(report), plain: { ...plain, value: plain.value ?? null } })}\n`);
  return report;
}

function tell(report: Report): void {
  note(toLine(report));
  const end = ENDINGS[report.answer.finishReason];
  if (end !== undefined) note(end);
}

/** The answer that is followed. */
interface Traced {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
}

/** A page that shows how the answer came about. It is written also when the answer fails or is stopped: then most of all one wants to look. */
class TraceFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #trace: Trace;
  readonly #model: string;

  /** @throws {UsageError} before anything is computed, when nobody can write there */
  static async open(path: string, { engine, turns, options }: Traced): Promise<TraceFile> {
    const file = await open(path, "w").catch((cause: unknown) => {
      throw new UsageError(`Expected to write \`${path}\`, got: ${reasonOf(cause)}`, { cause });
    });
    // The page hides what was discarded until its reader asks for it.
    return new TraceFile(file, engine.facts.model, new Trace(turns, { ...options, revealDiscarded: true }));
  }

  private constructor(file: FileHandle, model: string, trace: Trace) {
    this.#file = file;
    this.#model = model;
    this.#trace = trace;
  }

  get options(): RainOptions {
    return this.#trace.options;
  }

  end(answer: RainAnswer): void {
    this.#trace.end(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.writeFile(tracePage(this.#trace.data(this.#model)));
    await this.#file.close();
  }
}
