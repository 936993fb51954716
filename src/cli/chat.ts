import { createInterface, type Interface } from "node:readline";
import { Command } from "commander";
import { type Engine, promptingNotice, RainError, type RainOptions, type Turn } from "../core/index.ts";
import type { LlamaEngine, LlamaEngineOptions } from "../llama.ts";
import { addDecodingOptions, type DecodingFlags, readDecodingOptions } from "./decoding-options.ts";
import { readEngineOptions } from "./engine-options.ts";
import { complain } from "./failure.ts";
import { loadEngine } from "./load-engine.ts";
import { Interrupted, onInterrupt, onOutputLost, type StopReason } from "./stop-signal.ts";
import { note } from "./terminal.ts";
import { warnOfJudge } from "./warn-of-judge.ts";
import { writeAnswer } from "./write-answer.ts";

const HELP = "/reset forgets the conversation, /exit or Ctrl-D leaves, Ctrl-C stops the answer; at an empty prompt it leaves.";

export function chatCommand(): Command {
  return addDecodingOptions(
    new Command("chat").description("A conversation. Only judged text is printed, except with --mode vanilla."),
  ).action(async (flags: DecodingFlags) => {
    const engineOptions = readEngineOptions(flags);
    const options = await readDecodingOptions(flags);
    await using chat = new Chat(options, flags.quiet === true);
    await chat.talk(engineOptions);
  });
}

/** Owns the terminal's input line and the model. Ctrl-C means the answer that is being written; without one, the chat itself. */
class Chat implements AsyncDisposable {
  readonly #options: RainOptions;
  readonly #isQuiet: boolean;
  #input: Interface | undefined;
  #engine: LlamaEngine | undefined;
  /** What Ctrl-C stops: loading and measuring the model, or an answer. `undefined` while the person is to speak. */
  #work: AbortController | undefined;
  #turns: readonly Turn[] = [];

  constructor(options: RainOptions, isQuiet: boolean) {
    this.#options = options;
    this.#isQuiet = isQuiet;
    onInterrupt(() => this.#interrupt());
    onOutputLost((reason) => this.#stop(reason));
  }

  async talk(options: LlamaEngineOptions): Promise<void> {
    const { signal } = this.#begin();
    this.#engine = await loadEngine({ options, signal, isQuiet: this.#isQuiet });
    const notice = promptingNotice(this.#engine, this.#options);
    if (notice !== undefined && !this.#isQuiet) note(notice);
    await warnOfJudge({ engine: this.#engine, options: { ...this.#options, signal }, isQuiet: this.#isQuiet });
    this.#end();
    const input = this.#openInput();
    if (!this.#isQuiet) note(`${this.#engine.facts.model}. ${HELP}`);
    input.prompt();
    for await (const line of input) {
      if (!(await this.#follow(line.trim(), this.#engine))) return;
      input.prompt();
    }
    // Whoever leaves with Ctrl-D or Ctrl-C leaves a prompt behind.
    if (process.stdin.isTTY) note("");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#input?.close();
    await this.#engine?.[Symbol.asyncDispose]();
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
