import { EventEmitter } from "node:events";
import type { Shard } from "discord.js";
import pino from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLog } from "../../../src/bots/discord/log.ts";
import { KeptShard } from "../../../src/bots/discord/shards/kept-shard.ts";
import { Pace } from "../../../src/bots/discord/shards/pace.ts";
import { LoggedInference } from "../../../src/bots/discord/shards/run-shards.ts";
import type { Inference } from "../../../src/bots/guard/inference.ts";
import { InferenceError } from "../../../src/bots/guard/inference-error.ts";
import { EngineError } from "../../../src/core/index.ts";

/** A shard of the library's, without a process. */
class FakeShard extends EventEmitter {
  readonly id = 0;
  process: object | null = null;
  /** When it was started, in milliseconds. */
  readonly startedAt: number[] = [];
  readonly sent: { readonly rain: string; readonly id?: number }[] = [];

  async spawn(): Promise<void> {
    this.startedAt.push(Date.now());
    this.process = Object.assign(new EventEmitter(), { pid: 1 });
    this.emit("spawn", this.process);
  }

  async send(message: { readonly rain: string }): Promise<void> {
    this.sent.push(message);
  }

  die(): void {
    this.process = null;
    this.emit("death", { exitCode: 1, signalCode: null });
  }
}

function keep(betweenMs = 0) {
  const shard = new FakeShard();
  const leaving = new AbortController();
  const { signal } = leaving;
  const post = { config: {} as never, socket: "/model.sock", shards: 1 };
  const kept = new KeptShard(shard as unknown as Shard, {
    post,
    pace: new Pace(betweenMs, signal),
    log: pino({ level: "silent" }),
    signal,
  });
  return { shard, kept, leaving };
}

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

describe("A shard", () => {
  it("is told at its start which one it is", async () => {
    const { shard, kept } = keep();
    await kept.start();
    expect(shard.sent).toEqual([{ rain: "begin", post: { config: {}, socket: "/model.sock", shards: 1, shard: 0 } }]);
  });

  it("that dies again and again is started at ever longer intervals, up to a minute", async () => {
    const { shard, kept } = keep();
    await kept.start();
    for (let deaths = 0; deaths < 9; deaths++) {
      shard.die();
      await vi.advanceTimersByTimeAsync(60_000);
    }
    const waits = shard.startedAt.slice(1).map((at, index) => at - index * 60_000);
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  });

  it("that was ready for a minute before it died is started again at once", async () => {
    const { shard, kept } = keep();
    await kept.start();
    shard.emit("ready");
    await vi.advanceTimersByTimeAsync(60_000);
    shard.die();
    await vi.advanceTimersByTimeAsync(0);
    expect(shard.startedAt).toEqual([0, 60_000]);
  });

  it("that dies as soon as it is ready is not", async () => {
    const { shard, kept } = keep();
    await kept.start();
    for (const wait of [1000, 2000]) {
      shard.emit("ready");
      shard.die();
      await vi.advanceTimersByTimeAsync(wait);
    }
    expect(shard.startedAt).toEqual([0, 1000, 3000]);
  });

  it("is not started again when all are to leave", async () => {
    const { shard, kept, leaving } = keep();
    await kept.start();
    shard.die();
    leaving.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(shard.startedAt).toEqual([0]);
  });

  it("that says nothing is not waited for", async () => {
    const { kept, shard } = keep();
    expect(await kept.ask("readiness")).toBeUndefined();
    await kept.start();
    const asked = kept.ask("readiness");
    await vi.advanceTimersByTimeAsync(1500);
    expect(await asked).toBeUndefined();
    const again = kept.ask("figures");
    shard.emit("message", { rain: "answer", id: shard.sent.at(-1)?.id, answer: 7 });
    expect(await again).toBe(7);
  });
});

describe("Those who log in", () => {
  it("keep apart, each from the one before", async () => {
    const pace = new Pace(5500, new AbortController().signal);
    const at: number[] = [];
    for (let turn = 0; turn < 3; turn++) void pace.turn().then(() => at.push(Date.now()));
    await vi.advanceTimersByTimeAsync(60_000);
    void pace.turn().then(() => at.push(Date.now()));
    await vi.advanceTimersByTimeAsync(0);
    expect(at).toEqual([0, 5500, 11_000, 60_000]);
  });
});

describe("What goes wrong in the model", () => {
  it("is logged where the model is, with its cause; that it is busy is not", async () => {
    const lines: string[] = [];
    const log = createLog({ level: "info", secrets: [], destination: { write: (line) => void lines.push(line) } });
    const codes = ["model", "busy", "judge", "late"] as const;
    let judged = 0;
    const failing: Partial<Inference> = {
      model: "broken",
      judge: () =>
        Promise.reject(new InferenceError(codes[judged++] ?? "model", "secret", { cause: new EngineError("decode-failed", "No cache") })),
    };
    const inference = new LoggedInference(failing as Inference, log);
    for (const code of codes) await expect(inference.judge({ turns: [], principles: [] })).rejects.toMatchObject({ code });
    expect(lines.map((line) => JSON.parse(line) as { err: unknown }).map(({ err }) => err)).toMatchObject([
      { code: "model", cause: { message: "No cache" } },
      { code: "judge", cause: { message: "No cache" } },
    ]);
  });
});
