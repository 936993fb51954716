import type { ChildProcess } from "node:child_process";
import type { Shard } from "discord.js";
import type { Logger } from "pino";
import { within } from "../within.ts";
import { isFromShard, type ShardPost, type Topic, type ToShard } from "./messages.ts";
import { type Pace, pause } from "./pace.ts";

/** One that dies again and again is started at ever longer intervals: Discord counts the logins of a day. */
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;

/** One that was ready for so long does not die again and again. */
const WELL_AFTER_MS = 60_000;

/** Longer nobody waits for what it says. */
const ANSWER_MS = 1500;

/** What shards have in common. */
export interface Keeping {
  readonly post: Omit<ShardPost, "shard">;
  readonly pace: Pace;
  readonly log: Logger;
  /** Aborted: what dies is not started again. */
  readonly signal: AbortSignal;
}

/** The process of one shard: started, and started again whenever it dies. */
export class KeptShard {
  readonly #shard: Shard;
  readonly #keeping: Keeping;
  #waitMs = 0;
  #wellTimer: NodeJS.Timeout | undefined;
  #questions = 0;
  readonly #asked = new Map<number, (answer: unknown) => void>();

  constructor(shard: Shard, keeping: Keeping) {
    this.#shard = shard;
    this.#keeping = keeping;
    shard.on("spawn", (child) => this.#begin(child as ChildProcess));
    shard.on("ready", () => this.#ready());
    shard.on("message", (message: unknown) => {
      if (isFromShard(message)) this.#asked.get(message.id)?.(message.answer);
    });
    shard.on("death", (child) => this.#died(child as ChildProcess));
  }

  get id(): number {
    return this.#shard.id;
  }

  /** Never rejects: what does not start has died. */
  async start(): Promise<void> {
    const { signal, pace, log } = this.#keeping;
    await pause(this.#waitMs, signal);
    await pace.turn();
    if (signal.aborted) return;
    this.#waitMs = Math.min(Math.max(this.#waitMs * 2, FIRST_WAIT_MS), LONGEST_WAIT_MS);
    try {
      // Without a limit: who says when it is ready is asked, and who dies is heard.
      await this.#shard.spawn(-1);
    } catch (error) {
      log.error({ err: error, shard: this.id }, "shard not started");
      void this.start();
    }
  }

  /** What the shard says; `undefined` if it says nothing. */
  async ask(topic: Topic): Promise<unknown> {
    if (this.#shard.process === null) return undefined;
    const id = ++this.#questions;
    const answer = new Promise<unknown>((resolve) => this.#asked.set(id, resolve));
    this.#tell({ rain: "ask", id, topic });
    const given = await within(ANSWER_MS, answer);
    this.#asked.delete(id);
    return given;
  }

  /** Resolves when its process has ended, which it is made to after so long. */
  async leave({ isSudden, limitMs }: { readonly isSudden: boolean; readonly limitMs: number }): Promise<void> {
    const child = this.#shard.process;
    if (child === null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    this.#tell({ rain: "leave", isSudden });
    await ended;
    clearTimeout(timer);
  }

  #begin(child: ChildProcess): void {
    const { post, log } = this.#keeping;
    // Without a listener, what cannot be started would end this process; and of what never lived no death is heard.
    child.on("error", (error) => {
      log.error({ err: error, shard: this.id }, "shard process");
      if (child.pid === undefined) this.#shard.kill();
    });
    log.info({ shard: this.id, child: child.pid }, "shard started");
    this.#tell({ rain: "begin", post: { ...post, shard: this.id } });
  }

  #ready(): void {
    clearTimeout(this.#wellTimer);
    this.#wellTimer = setTimeout(() => {
      this.#waitMs = 0;
    }, WELL_AFTER_MS).unref();
  }

  #died({ exitCode, signalCode }: ChildProcess): void {
    const { log, signal } = this.#keeping;
    clearTimeout(this.#wellTimer);
    if (signal.aborted) return;
    log.error({ shard: this.id, code: exitCode ?? undefined, signal: signalCode ?? undefined }, "shard died, and is started again");
    void this.start();
  }

  /** One that is dead hears nothing. */
  #tell(message: ToShard): void {
    this.#shard.send(message).catch(() => undefined);
  }
}
