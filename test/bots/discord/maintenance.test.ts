import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { maintain } from "../../../src/bots/discord/run.ts";
import { StoreError, type Unfinished } from "../../../src/bots/guard/index.ts";
import { logOf } from "../../support/bot-log.ts";

const HOUR_MS = 3_600_000;

/** What the store is told to do, and what is logged. */
function keeping(purgeExpired: () => Promise<number> = async () => 3) {
  const done: string[] = [];
  const lines: string[] = [];
  const store = {
    purgeExpired: (now: number) => {
      done.push(`purge ${now / HOUR_MS}`);
      return purgeExpired();
    },
    failUnfinished: async ({ before }: Unfinished = {}) => {
      done.push(`end ${(before ?? Number.NaN) / HOUR_MS}`);
      return [];
    },
    guilds: async () => ["1", "2"],
  };
  const judges = {
    keepOnly: async (guilds: readonly string[]) => {
      done.push(`judges of ${guilds.join(", ")}`);
      return 1;
    },
  };
  const log = logOf((line) => void lines.push(line), "info");
  return { done, lines, begin: () => maintain({ store, judges, log, clock: () => Date.now() }) };
}

beforeEach(() => void vi.useFakeTimers({ now: 100 * HOUR_MS }));
afterEach(() => void vi.useRealTimers());

describe("The store", () => {
  it("is rid of the old ones, and has the records ended that nobody ended, every hour", async () => {
    const { begin, done } = keeping();
    await using _maintenance = begin();
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(done).toEqual(["purge 101", "judges of 1, 2", "end 100", "purge 102", "judges of 1, 2", "end 101"]);
  });

  it("that fails is looked after again in an hour", async () => {
    const { begin, done, lines } = keeping(() => Promise.reject(new StoreError("locked", "Expected the database to be free, got a lock")));
    await using _maintenance = begin();
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(done).toEqual(["purge 101", "purge 102"]);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ level: "error", err: { code: "locked" } });
  });

  it("is left alone afterwards, but not in the middle of it", async () => {
    let finish: (count: number) => void = () => undefined;
    const { begin, done } = keeping(() => new Promise((resolve) => (finish = resolve)));
    const maintenance = begin();
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    const ended = maintenance[Symbol.asyncDispose]();
    finish(0);
    await ended;
    await vi.advanceTimersByTimeAsync(2 * HOUR_MS);
    expect(done).toEqual(["purge 101", "judges of 1, 2", "end 100"]);
  });
});
