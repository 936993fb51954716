import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Store } from "../../src/bots/guard/index.ts";
import { type Database, raw, type Survival, sql } from "../../src/bots/guard/store/database.ts";
import { storeIn } from "../../src/bots/guard/store/open-store.ts";
import { openSqlite } from "../../src/bots/guard/store/sqlite.ts";
import {
  AUTHOR,
  GUILD,
  MODERATOR,
  NOON,
  newAudit,
  newReply,
  newReview,
  OTHER_GUILD,
  replyEnd,
  settingsChange,
  settingsWith,
} from "../support/store-records.ts";

const DAY = "2026-11-21";

/** A database that writes down what each change is to survive. */
async function watchedDatabase(told: Survival[]): Promise<Database> {
  const database = await openSqlite(":memory:");
  return {
    dialect: { ...database.dialect, afterDeletion: [] },
    run: (statement, survives = "crash") => {
      told.push(survives);
      return database.run(statement, survives);
    },
    runAll: (statements, survives = "crash") => {
      told.push(survives);
      return database.runAll(statements, survives);
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

describe("What the store has acknowledged", () => {
  const told: Survival[] = [];
  let store: Store;
  beforeAll(async () => {
    store = await storeIn(await watchedDatabase(told));
  });
  afterAll(() => store[Symbol.asyncDispose]());

  it.each<[string, Survival, () => Promise<unknown>]>([
    ["settings that were decided", "power-loss", () => store.changeSettings(settingsChange())],
    ["a message that is held for review", "power-loss", () => store.addReview(newReview())],
    ["a review's decision", "power-loss", () => store.decide({ guild: GUILD, id: 1, decision: "rejected", by: MODERATOR, at: NOON })],
    ["an appeal", "power-loss", () => store.appeal({ guild: GUILD, id: 1, author: AUTHOR, text: "Why?" })],
    ["somebody's opting out", "power-loss", () => store.setOptedOut(AUTHOR, true)],
    ["that somebody was forgotten", "power-loss", () => store.forgetPerson(AUTHOR)],
    ["that a guild was forgotten", "power-loss", () => store.purgeGuild(GUILD)],
    ["that an answer began", "crash", () => store.beginReply(newReply())],
    ["how an answer ended", "crash", () => store.endReply(GUILD, newReply().source, replyEnd())],
    ["that a decision was carried out", "crash", () => store.carriedOut(GUILD, 1)],
    ["how much somebody asked", "crash", () => store.countWithin({ key: AUTHOR, day: DAY, cap: 1 })],
    ["the audit", "crash", () => store.addAudit(newAudit())],
  ])("outlives at least this: %s, a %s", async (_what, survives, action) => {
    told.length = 0;
    await action();
    expect(told).toEqual([survives]);
  });
});

describe("A full database", () => {
  it("says that there is no room, still reads, and writes again when there is some", async () => {
    const database = await openSqlite(":memory:");
    await using store = await storeIn(database);
    await store.changeSettings(settingsChange({ settings: settingsWith(99) }));
    const pages = (await database.run(sql`PRAGMA page_count`)).rows[0]?.["page_count"];
    await database.run(raw(`PRAGMA max_page_count = ${pages}`));
    const detail = "x".repeat(3000);
    const fill = async () => {
      for (let index = 0; index < 100; index++) await store.addAudit(newAudit({ detail }));
    };
    await expect(fill()).rejects.toMatchObject({ name: "StoreError", code: "full" });
    await expect(
      store.changeSettings(settingsChange({ guild: OTHER_GUILD, settings: settingsWith(1000, { principles: LONG }) })),
    ).rejects.toMatchObject({ code: "full" });
    expect((await store.settings(GUILD)).settings.talk.maxTokens).toBe(99);
    expect((await store.settings(OTHER_GUILD)).version).toBe(0);
    expect(await store.audit(GUILD, 100)).not.toContainEqual(expect.objectContaining({ detail: "" }));
    await database.run(sql`PRAGMA max_page_count = 10000`);
    await fill();
  });
});

const LONG = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [`long-${index}`, { question: `${"x".repeat(199)}?`, good: "good", bad: "bad" }]),
);
