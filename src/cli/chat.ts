import { createInterface, type Interface } from "node:readline";
import { Command } from "commander";
import { type Engine, RainError, type RainOptions, type Turn } from "../core/index.ts";
import type { LlamaEngine, LlamaEngineOptions } from "../llama.ts";
import { promptingNotice } from "../prompting/index.ts";
import { addDecodingOptions, type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { readEngineOptions } from "./engine-options.ts";
import { complain } from "./failure.ts";
import { findJudge, warnIfUnfit } from "./found-judge.ts";
import { loadJudgeModel, readJudgeModel } from "./judge-model.ts";
import { loadEngine } from "./load-engine.ts";
import { Interrupted, onInterrupt, onOutputLost, type StopReason } from "./stop-signal.ts";
import { note } from "./terminal.ts";
import { writeAnswer } from "./write-answer.ts";

const HELP = "/reset forgets the conversation, /exit or Ctrl-D leaves, Ctrl-C stops the answer; at an empty prompt it leaves.";

export function chatCommand(): Command {
  return addDecodingOptions(
    new Command("chat").description("A conversation. Only judged text is printed, except with --mode vanilla."),
  ).action(async (flags: DecodingFlags) => {
    const engineOptions = readEngineOptions(flags);
    const options = await readDecodingOptions(flags);
    const judgeOptions = readJudgeModel(flags);
    await using chat = new Chat(options, flags.quiet === true);
    await chat.talk(engineOptions, judgeOptions);
  });
}

/** Owns the terminal's input line and the model. Ctrl-C means the answer that is being written; without one, the chat itself. */
class Chat implements AsyncDisposable {
  /** They name the judge once it is found. */
  #options: RainOptions;
  readonly #isQuiet: boolean;
  #input: Interface | undefined;
  #engine: LlamaEngine | undefined;
  #judgeEngine: LlamaEngine | undefined;
  /** What Ctrl-C stops: loading and measuring the model, or an answer. `undefined` while the person is to speak. */
  #work: AbortController | undefined;
  #turns: readonly Turn[] = [];

  constructor(options: RainOptions, isQuiet: boolean) {
    this.#options = options;
    this.#isQuiet = isQuiet;
    onInterrupt(() => this.#interrupt());
    onOutputLost((reason) => this.#stop(reason));
  }

  async talk(options: LlamaEngineOptions, judgeOptions: LlamaEngineOptions | undefined): Promise<void> {
    const engine = await this.#prepare(options, judgeOptions);
    const input = this.#openInput();
    if (!this.#isQuiet) note(`${engine.facts.model}. ${HELP}`);
    input.prompt();
    for await (const line of input) {
      if (!(await this.#follow(line.trim(), engine))) return;
      input.prompt();
    }
    // Whoever leaves with Ctrl-D or Ctrl-C leaves a prompt behind.
    if (process.stdin.isTTY) note("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input?.close();
    await this.#judgeEngine?.[Symbol.asyncDispose]();
    await this.#engine?.[Symbol.asyncDispose]();
  }

  /** Loads what answers and what judges, and finds the judge. */
  async #prepare(options: LlamaEngineOptions, judgeOptions: LlamaEngineOptions | undefined): Promise<Engine> {
    const loading = { signal: this.#begin().signal, isQuiet: this.#isQuiet };
    const engine = await loadEngine({ options, ...loading });
    this.#engine = engine;
    this.#judgeEngine = await loadJudgeModel(judgeOptions, loading);
    const notice = promptingNotice(engine, this.#options);
    if (notice !== undefined && !this.#isQuiet) note(notice);
    const finding = { engine, judgeEngine: this.#judgeEngine, options: { ...this.#options, signal: loading.signal } };
    const judge = await findJudge(finding);
    if (!this.#isQuiet) warnIfUnfit(judge, finding);
    this.#options = judge?.options ?? this.#options;
    this.#end();
    return engine;
  }

  /** Whether the chat goes on. */
  async #follow(line: string, engine: Engine): Promise<boolean> {
    if (line === "/exit") return false;
    if (line === "/reset") this.#turns = [];
    else if (line.startsWith("/")) note(HELP);
    else if (line !== "") await this.#answer(line, engine);
    return true;
  }

  /** What was said stays said, a refusal and what came before Ctrl-C included; a question that could not be answered is forgotten. */
  async #answer(question: string, engine: Engine): Promise<void> {
    const asked: readonly Turn[] = [...this.#turns, { role: "user", text: question }];
    const { signal } = this.#begin();
    let said = "";
    try {
      const onText = (text: string) => {
        said += text;
      };
      await writeAnswer({ engine, turns: asked, options: { ...this.#options, signal }, isShown: true, onText });
    } catch (error) {
      if (error instanceof Interrupted) note("(stopped)");
      else if (error instanceof RainError) complain(error);
      else throw error;
    } finally {
      this.#end();
    }
    if (said !== "") this.#turns = [...asked, { role: "assistant", text: said }];
  }

  /** Without a terminal there is no prompt: answers are all that a pipe gets. */
  #openInput(): Interface {
    const output = process.stdout.isTTY ? process.stdout : process.stderr;
    const input = createInterface({
      input: process.stdin,
      prompt: process.stdin.isTTY ? "> " : "",
      ...(process.stdin.isTTY ? { output } : {}),
    });
    // A terminal in line-editing mode reports Ctrl-C here and sends no signal.
    input.on("SIGINT", () => this.#interrupt());
    this.#input = input;
    return input;
  }

  #interrupt(): void {
    if (this.#work !== undefined) this.#stop(new Interrupted());
    else if (this.#input?.line) this.#input.write(null, { ctrl: true, name: "u" });
    else this.#input?.close();
  }

  #stop(reason: StopReason): void {
    if (this.#work !== undefined) this.#work.abort(reason);
    else if (!(reason instanceof Interrupted)) this.#input?.close();
  }

  #begin(): AbortController {
    this.#work = new AbortController();
    return this.#work;
  }

  #end(): void {
    this.#work = undefined;
  }
}
