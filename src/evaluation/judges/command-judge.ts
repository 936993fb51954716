import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import split from "split2";
import { parseArgsStringToArgv } from "string-argv";
import { z } from "zod";
import { EitherSignal, JudgeError } from "../../core/index.ts";
import { messagesOf } from "../questions.ts";
import { type Case, type CaseJudge, JudgeDownError } from "./case-judge.ts";

export interface CommandOptions {
  /** A program and its arguments, as in a shell; but no shell runs it. */
  readonly command: string;
  /** Cases that it is given before it has answered the first of them. */
  readonly atOnce: number;
  /** The longest that it may take for one. */
  readonly timeoutMs: number;
}

const VALUES = { good: 1, neutral: 0, bad: -1 } as const;

/** One line of its output. */
const reply = z
  .object({ id: z.int() })
  .and(
    z.union([
      z.object({ value: z.number().min(-1).max(1) }),
      z.object({ verdict: z.enum(["good", "neutral", "bad"]) }).transform(({ verdict }) => ({ value: VALUES[verdict] })),
      z.object({ unjudged: z.string() }),
    ]),
  );

/** A case that it has not answered yet. */
interface Pending {
  readonly resolve: (value: number) => void;
  readonly reject: (error: Error) => void;
  readonly principle: string;
}

/** How long it may take to end by itself when there is nothing left to do. */
const GRACE_MS = 5000;

/** What it last said on standard error is told when it fails: this many characters. */
const LAST_WORDS = 300;

/**
 * A program of one's own, such as a classifier, started once: it is written a case on each line of its input, as JSON, and writes a
 * verdict on each line of its output, in any order. `docs/evaluation.md` says how they look.
 */
export class CommandJudge implements CaseJudge {
  readonly name: string;
  readonly atOnce: number;
  readonly #timeoutMs: number;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #pending = new Map<number, Pending>();
  #given = 0;
  #lastWords = "";
  #failure: JudgeDownError | undefined;

  private constructor({ command, atOnce, timeoutMs }: CommandOptions, child: ChildProcessWithoutNullStreams) {
    this.name = command;
    this.atOnce = atOnce;
    this.#timeoutMs = timeoutMs;
    this.#child = child;
    child.stdout.pipe(split()).on("data", (line: string) => this.#hear(line));
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#lastWords = (this.#lastWords + text).slice(-LAST_WORDS);
    });
    // The `close` event tells of it, too.
    child.stdin.on("error", () => undefined);
    child.on("error", ({ message }) => this.#fail(message));
    child.on("close", (code, signal) => this.#fail(`it ended with ${signal ?? code}`));
  }

  /** @throws {JudgeDownError} when there is no such program */
  static async start(options: CommandOptions): Promise<CommandJudge> {
    const [program = "", ...parameters] = parseArgsStringToArgv(options.command);
    const child = spawn(program, parameters);
    try {
      await once(child, "spawn");
    } catch (cause) {
      throw notStarted(options.command, cause);
    }
    return new CommandJudge(options, child);
  }

  async value({ turns, principle, isGraded, reference }: Case, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const id = ++this.#given;
    const { name, question, good, bad } = principle;
    this.#child.stdin.write(
      `${JSON.stringify({ id, principle: name, question, good, bad, graded: isGraded, messages: messagesOf(turns), reference })}\n`,
    );
    const limit = AbortSignal.timeout(this.#timeoutMs);
    using either = new EitherSignal(signal, limit);
    return await new Promise<number>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, principle: name });
      either.signal.addEventListener("abort", () => reject(limit.aborted ? this.#late() : signal.reason), { once: true });
    }).finally(() => this.#pending.delete(id));
  }

  /** It is told that nothing more comes, and has a while to end. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.stdin.end();
    await once(this.#child, "exit", { signal: AbortSignal.timeout(GRACE_MS) }).catch(() => this.#child.kill("SIGKILL"));
  }

  #hear(line: string): void {
    const { data } = reply.safeParse(parsed(line));
    if (data === undefined) {
      this.#fail(`the line \`${line.slice(0, 80)}\``);
      return;
    }
    const pending = this.#pending.get(data.id);
    if ("value" in data) pending?.resolve(data.value);
    else
      pending?.reject(new JudgeError(pending.principle, `Expected a verdict, got none (the judge says: ${data.unjudged.slice(0, 200)})`));
  }

  /** Whatever it says from now on, it is not trusted any more. */
  #fail(found: string): void {
    const words = this.#lastWords.trim().replaceAll(/\s+/g, " ");
    const expected = `Expected the judge \`${this.name}\` to write {"id", "value"} on a line for each case`;
    this.#failure ??= new JudgeDownError(`${expected}, got: ${found}${words === "" ? "" : ` (it said: ${words})`}`, { judge: this.name });
    for (const { reject } of this.#pending.values()) reject(this.#failure);
  }

  #late(): JudgeDownError {
    const seconds = this.#timeoutMs / 1000;
    return new JudgeDownError(
      `Expected the judge \`${this.name}\` to answer within ${seconds} s, got nothing (\`--judge-timeout\` allows more)`,
      {
        judge: this.name,
      },
    );
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // A line that is not JSON is no verdict.
    return undefined;
  }
}

function notStarted(command: string, cause: unknown): JudgeDownError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new JudgeDownError(`Expected \`--judge\` to be self, an address or a command, got \`${command}\`: ${reason}`, {
    judge: command,
    cause,
  });
}
