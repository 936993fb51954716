import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/bots/guard/store/open-store.ts";
import { plain } from "../../src/bots/guard/store/sql.ts";
import { openSqlite } from "../../src/bots/guard/store/sqlite.ts";
import { describeStore } from "../contracts/store-contract.ts";
import { AUTHOR, GUILD, newReview, settingsChange } from "../support/store-records.ts";

describeStore("The store on SQLite", makePlace);

describe("The store on SQLite", () => {
  it("has nothing left of what was forgotten, in none of its files", async () => {
    await using place = await makePlace();
    const text = "Something that nobody is to read again.";
    const store = await place.open();
    await store.addReview(newReview({ text, judged: text, excerpt: text }));
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
  return {
    folder,
    open: () => openStore(`file:${join(folder, "rain.db")}`),
    run: async (sql: string) => {
      await using database = await openSqlite(`file:${join(folder, "rain.db")}`);
      return await database.run(plain(sql));
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
