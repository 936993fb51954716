/** `rain chat`: a conversation on the terminal. */
import { createInterface, type Interface } from "node:readline";
import { Command } from "commander";
import { type Engine, RainError, type RainOptions, type Turn } from "../core/index.ts";
import type { LlamaEngineOptions } from "../llama.ts";
import { complain } from "./failure.ts";
import { loadEngine, loadJudgeModel, prepareJudge } from "./load.ts";
import {
  addDecodingOptions,
  type DecodingFlags,
  type EngineWish,
  readDecodingOptions,
  readEngineOptions,
  readJudgeModel,
} from "./options.ts";
import { Interrupted, onInterrupt, onOutputLost, type StopReason } from "./stop-signal.ts";
import { note, writeAnswer } from "./terminal.ts";

const HELP = "/reset forgets the conversation, /exit or Ctrl-D leaves, Ctrl-C stops the answer; at an empty prompt it leaves.";

export function chatCommand(): Command {
  return addDecodingOptions(
    new Command("chat").description("A conversation. Only judged text is printed, except with --mode vanilla."),
  ).action(async (flags: DecodingFlags) => {
    const models = { engine: readEngineOptions(flags), decoding: await readDecodingOptions(flags), judge: readJudgeModel(flags) };
    await new Chat(flags.quiet === true).talk(models);
  });
}

/** How the models of a chat are loaded, and how they answer. */
interface ChatOptions {
  readonly engine: EngineWish;
  readonly judge: LlamaEngineOptions | undefined;
  readonly decoding: RainOptions;
}

/** Owns the terminal's input line. Ctrl-C means the answer that is being written; without one, the chat itself. */
class Chat {
  readonly #isQuiet: boolean;
  #input: Interface | undefined;
  /** What Ctrl-C stops: loading and measuring the model, or an answer. `undefined` while the person is to speak. */
  #work: AbortController | undefined;
  #turns: readonly Turn[] = [];
  /** Of these, as many of the oldest as were left out last. */
  #dropped = 0;

  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet;
    onInterrupt(() => this.#interrupt());
    onOutputLost((reason) => this.#stop(reason));
  }

  async talk({ engine: engineOptions, judge: judgeOptions, decoding }: ChatOptions): Promise<void> {
    const isQuiet = this.#isQuiet;
    const { signal } = this.#begin();
    await using engine = await loadEngine({ options: engineOptions, signal, isQuiet });
    await using judgeEngine = await loadJudgeModel(judgeOptions, { signal, isQuiet });
    const judge = await prepareJudge({ engine, judgeEngine, options: { ...decoding, signal }, isQuiet });
    this.#work = undefined;
    await this.#converse(engine, judge?.options ?? decoding);
  }

  async #converse(engine: Engine, options: RainOptions): Promise<void> {
    const input = this.#openInput();
    try {
      if (!this.#isQuiet) note(`${engine.facts.model}. ${HELP}`);
      input.prompt();
      for await (const line of input) {
        const words = line.trim();
        if (words === "/exit") return;
        if (words === "/reset") this.#forget();
        else if (words.startsWith("/")) note(HELP);
        else if (words !== "") await this.#answer(words, engine, options);
        input.prompt();
      }
      // Ctrl-D and Ctrl-C leave a prompt behind.
      if (process.stdin.isTTY) note("");
    } finally {
      input.close();
    }
  }

  /** What was said stays said, a refusal and what came before Ctrl-C included; a question that could not be answered is forgotten. */
  async #answer(question: string, engine: Engine, options: RainOptions): Promise<void> {
    const turns: readonly Turn[] = [...this.#turns, { role: "user", text: question }];
    const { signal } = this.#begin();
    let said = "";
    try {
      const onText = (text: string) => {
        said += text;
      };
      const { droppedTurns = 0 } = await writeAnswer({
        engine,
        turns,
        options: { contextShift: true, ...options, signal },
        isShown: true,
        onText,
      });
      if (!this.#isQuiet && droppedTurns > this.#dropped)
        note(`(The context is full: the oldest ${droppedTurns} turns are not read any more.)`);
      this.#dropped = droppedTurns;
    } catch (error) {
      if (error instanceof Interrupted) note("(stopped)");
      else if (error instanceof RainError) complain(error);
      else throw error;
    } finally {
      this.#work = undefined;
    }
    if (said !== "") this.#turns = [...turns, { role: "assistant", text: said }];
  }

  #forget(): void {
    this.#turns = [];
    this.#dropped = 0;
  }

  /** Without a terminal there is no prompt: answers are all that a pipe gets. */
  #openInput(): Interface {
    const { stdin, stdout, stderr } = process;
    const input = createInterface(
      stdin.isTTY ? { input: stdin, output: stdout.isTTY ? stdout : stderr, prompt: "> " } : { input: stdin, prompt: "" },
    );
    // A terminal in line-editing mode reports Ctrl-C here and sends no signal.
    input.on("SIGINT", () => this.#interrupt());
    this.#input = input;
    return input;
  }

  #begin(): AbortController {
    this.#work = new AbortController();
    return this.#work;
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
}
