import { Client } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { openStore } from "../../src/bots/guard/index.ts";
import { describeStore } from "../contracts/store-contract.ts";
import { findPostgres, PostgresServer } from "../support/postgres.ts";
import { AUTHOR, GUILD, settingsChange, settingsWith } from "../support/store-records.ts";

const found = await findPostgres();

if ("reason" in found) describe.skipIf(true)(`The store on PostgreSQL (${found.reason})`, () => it("is not tested", () => expect.fail()));
else {
  const server = await PostgresServer.start(found);
  afterAll(() => server[Symbol.asyncDispose]());

  describeStore("The store on PostgreSQL", async () => {
    const address = await server.newPlace();
    return {
      open: () => openStore(address),
      run: (sql) => server.run(sql, address),
      counter: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
      [Symbol.asyncDispose]: async () => undefined,
    };
  });

  describe("The store on PostgreSQL, when the server fails,", () => describeFaults(server));
}

function describeFaults(server: PostgresServer): void {
  it("says so where no server answers", async () => {
    await expect(openStore("postgres://rain:secret@localhost:1/rain")).rejects.toMatchObject({ code: "unreachable" });
    await expect(openStore("postgres://rain:secret@localhost:1/rain")).rejects.not.toThrow("secret");
    await expect(openStore(server.addressOf({ database: "no_such_database" }))).rejects.toMatchObject({ code: "unreachable" });
  });

  it("is usable again after a crash of the server, and knows all that it acknowledged", async () => {
    await using store = await openStore(await server.newPlace());
    await store.changeSettings(settingsChange({ settings: settingsWith(99) }));
    await server.stop();
    const attempts = await Promise.allSettled([store.settings(GUILD), store.ping(), store.setOptedOut(AUTHOR, true)]);
    for (const attempt of attempts)
      expect(attempt).toMatchObject({ status: "rejected", reason: { name: "StoreError", code: "unreachable" } });
    await server.resume();
    expect((await store.settings(GUILD)).settings.talk.maxTokens).toBe(99);
  });

  it("gives up a lock that is held too long, and goes on when it is free", async () => {
    const address = await server.newPlace();
    await using store = await openStore(`${address}&lock_timeout=100`);
    const client = new Client({ connectionString: address });
    await client.connect();
    await client.query("BEGIN; LOCK TABLE guard_opt_outs");
    await expect(store.setOptedOut(AUTHOR, true)).rejects.toMatchObject({ code: "locked" });
    await client.end();
    await store.setOptedOut(AUTHOR, true);
    expect(await store.isOptedOut(AUTHOR)).toBe(true);
  });

  it("refuses a database that a newer version of the bot wrote", async () => {
    const address = await server.newPlace();
    await (await openStore(address))[Symbol.asyncDispose]();
    await server.run("INSERT INTO guard_migrations (number) VALUES (99)", address);
    await expect(openStore(address)).rejects.toMatchObject({ code: "newer" });
  });

  it("says that it may not write", async () => {
    await server.run("CREATE ROLE guest LOGIN");
    await expect(openStore(server.addressOf({ user: "guest" }))).rejects.toMatchObject({ code: "read-only" });
  });
}
