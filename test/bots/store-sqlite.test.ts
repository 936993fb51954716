import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@libsql/client/sqlite3";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/bots/guard/index.ts";
import { describeStore } from "../contracts/store-contract.ts";
import { AUTHOR, GUILD, MODERATOR, NOON, newReview, settingsChange } from "../support/store-records.ts";

describeStore("The store on SQLite", makePlace);

describe("The store on SQLite", () => {
  it("has nothing left of what was forgotten, in none of its files", async () => {
    await using place = await makePlace();
    const text = "Something that nobody is to read again.";
    const store = await place.open();
    const id = (await store.addReview(newReview({ text, judged: text, excerpt: text }))) ?? 0;
    await store.decide({ guild: GUILD, id, decision: "approved", by: MODERATOR, at: NOON });
    await store.forgetPerson(AUTHOR);
    await store[Symbol.asyncDispose]();
    for (const file of readdirSync(place.folder)) expect(readFileSync(join(place.folder, file), "latin1")).not.toContain(text);
  });

  it("is in memory where it is told so, and empty each time", async () => {
    await using store = await openStore(":memory:");
    await store.changeSettings(settingsChange());
    expect((await store.settings(GUILD)).version).toBe(1);
    await using other = await openStore(":memory:");
    expect((await other.settings(GUILD)).version).toBe(0);
  });
});

async function makePlace() {
  const folder = await mkdtemp(join(tmpdir(), "rain-store-"));
  const url = `file:${join(folder, "rain.db")}`;
  return {
    folder,
    open: () => openStore(url),
    run: async (sql: string) => {
      const client = createClient({ url });
      await client.executeMultiple(sql);
      client.close();
    },
    counter: "INTEGER PRIMARY KEY AUTOINCREMENT",
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
