import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openStore, type Store } from "../../src/bots/guard/index.ts";
import type { Platform } from "./discord/platform.ts";
import { temporaryFolder } from "./tiny-model.ts";

const command = join(import.meta.dirname, "../../dist/cli/main.js");

/** How long a test waits for a line of the log before it fails. */
const PATIENCE_MS = 60_000;

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly msg: string };

/** How a bot has ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Where bots remember, for as long as a test runs. */
export class BotHome implements Disposable {
  readonly #folder = temporaryFolder();
  readonly databaseUrl = `file:${join(this.#folder.path, "bot.db")}`;

  /** Looks into it or changes it, beside a bot or without one. */
  async open<Result>(look: (store: Store) => Promise<Result>): Promise<Result> {
    await using store = await openStore(this.databaseUrl);
    return await look(store);
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

/** How `rain` finds a platform and a place to remember. @param settings variables, without the `RAIN_DISCORD_` before them */
export function environmentOf(platform: Platform, home: BotHome, settings: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all = {
    TOKEN: platform.token,
    API_URL: platform.api,
    DATABASE_URL: home.databaseUrl,
    GPU: "none",
    THREADS: "1",
    HTTP_PORT: "0",
    ...settings,
  };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [`RAIN_DISCORD_${name}`, value]));
}

/** A bot as it is built, in a process of its own and in those that it starts. */
export class BotProcess implements AsyncDisposable {
  readonly lines: LogLine[] = [];
  /** When all its processes have ended: all that hold its standard output. */
  readonly ended: Promise<End>;
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  readonly #met = new Set<LogLine>();

  /** @param parameters of Node's @default what runs `rain discord` */
  constructor(environment: Readonly<Record<string, string>>, parameters: readonly string[] = [command, "discord"]) {
    this.#child = spawn(process.execPath, parameters, {
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stderr = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    this.ended = new Promise((resolve) => this.#child.on("close", (code, signal) => resolve({ code, signal, stderr })));
    if (this.#child.stdout !== null) createInterface({ input: this.#child.stdout }).on("line", (line) => this.#said(line));
  }

  /** Of the process that was started first. */
  get pid(): number {
    return this.#child.pid ?? Number.NaN;
  }

  /** The first line with this message, of those that were not waited for yet. */
  async line(message: string, isMeant: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = () => this.lines.find((line) => line.msg === message && !this.#met.has(line) && isMeant(line));
    const line = await this.#until(find, message);
    this.#met.add(line);
    return line;
  }

  /** One of the pages that it offers. */
  async page(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const offered = await this.#until(() => this.lines.find(({ port }) => port !== undefined), "a port");
    const response = await fetch(`http://127.0.0.1:${offered["port"]}${path}`);
    return { status: response.status, text: await response.text() };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.ended;
  }

  #said(text: string): void {
    this.lines.push(JSON.parse(text) as LogLine);
    for (const look of [...this.#waiting]) look();
  }

  #until<Value>(condition: () => Value | undefined, expected: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      const said = () => this.lines.map((line) => JSON.stringify(line)).join("\n");
      const timer = setTimeout(() => reject(new Error(`Expected the bot to say "${expected}", got:\n${said()}`)), PATIENCE_MS);
      const look = () => {
        const value = condition();
        if (value === undefined) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(value);
      };
      this.#waiting.add(look);
      look();
    });
  }
}
