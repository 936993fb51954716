import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@libsql/client/sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/bots/guard/index.ts";
import { ROOT } from "../support/run-module.ts";
import { AUTHOR, CHANNEL, GUILD, newReply, OTHER_GUILD, settingsChange, settingsWith } from "../support/store-records.ts";

describe("The store on SQLite", () => {
  let folder: string;
  let url: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "rain-faults-"));
    url = `file:${join(folder, "rain.db")}`;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("loses nothing of what two processes write at once", async () => {
    const writers = ["left", "right"].map((name) => writer(url, name, 60));
    await Promise.all(writers.map((one) => one.ready));
    expect(await Promise.all(writers.map((one) => one.ended))).toEqual([0, 0]);
    await using store = await openStore(url);
    const history = await store.settingsHistory(GUILD, 1000);
    expect(history.map(({ version }) => version)).toEqual(Array.from({ length: 120 }, (_, index) => 120 - index));
    expect(new Set(history.map(({ changedBy }) => changedBy))).toEqual(new Set(["left", "right"]));
    const replies = await store.lastReplies(GUILD, CHANNEL, 1000);
    expect(replies).toHaveLength(120);
    for (const { source, excerpt, messages } of replies) {
      expect(excerpt).toBe(source);
      expect((await store.reply(GUILD, messages[1] as string))?.source).toBe(source);
    }
    expect(await store.pendingReviews(GUILD, 1000)).toHaveLength(120);
    expect(await store.countWithin({ key: "all", day: "2026-11-21", cap: 120 })).toBe(false);
    expect(await store.countWithin({ key: "all", day: "2026-11-21", cap: 121 })).toBe(true);
  });

  it.each([1, 7, 40])("has all that was acknowledged, and nothing half, when the process is killed after %i rounds", async (rounds) => {
    const { child, versions, ended } = writer(url, "victim", 100_000);
    await versions(rounds);
    child.kill("SIGKILL");
    await ended;
    const acknowledged = (await versions(rounds)).at(-1) as number;
    await using store = await openStore(url);
    const { version, settings } = await store.settings(GUILD);
    expect(version).toBeGreaterThanOrEqual(acknowledged);
    expect(settings).toEqual(settingsWith(16 + ((version - 1) % 1000)));
    expect(await store.settingsHistory(GUILD, version)).toHaveLength(version);
    const replies = await store.lastReplies(GUILD, CHANNEL, 1_000_000);
    expect(replies.length).toBeGreaterThanOrEqual(acknowledged);
    for (const { state, messages, excerpt, source } of replies) {
      if (state === "drafting") expect([messages, excerpt]).toEqual([[], undefined]);
      else expect([messages.length, excerpt]).toEqual([2, source]);
      for (const message of messages) expect((await store.reply(GUILD, message))?.source).toBe(source);
    }
    expect((await store.pendingReviews(GUILD, 1_000_000)).length).toBeGreaterThanOrEqual(acknowledged);
  });

  it("gives up a lock that is held too long; the process lives on meanwhile, and all goes on when it is free", async () => {
    await using store = await openStore(url);
    const holder = createClient({ url, concurrency: 1 });
    const lock = await holder.transaction("write");
    let turns = 0;
    const clock = setInterval(() => turns++, 10);
    const attempts = await Promise.allSettled([store.setOptedOut(AUTHOR, true), store.changeSettings(settingsChange())]);
    clearInterval(clock);
    for (const attempt of attempts) expect(attempt).toMatchObject({ status: "rejected", reason: { name: "StoreError", code: "locked" } });
    expect(turns).toBeGreaterThanOrEqual(5);
    await lock.rollback();
    holder.close();
    expect([await store.isOptedOut(AUTHOR), (await store.settings(GUILD)).version]).toEqual([false, 0]);
    await store.changeSettings(settingsChange());
    await store.beginReply(newReply());
    expect(await store.forgetPerson(AUTHOR)).toBe(1);
  });

  it("waits for a lock that is held for a while", async () => {
    await using store = await openStore(url);
    const holder = createClient({ url, concurrency: 1 });
    const lock = await holder.transaction("write");
    const done = store.setOptedOut(AUTHOR, true);
    // As soon as the process is let breathe between two turns.
    setImmediate(() => void lock.rollback().then(() => holder.close()));
    await done;
    expect(await store.isOptedOut(AUTHOR)).toBe(true);
  });

  it("opens nothing that is no database", async () => {
    const path = join(folder, "notes.txt");
    writeFileSync(path, "Buy milk. ".repeat(500));
    await expect(openStore(`file:${path}`)).rejects.toMatchObject({ name: "StoreError", code: "unreadable" });
    await expect(openStore(`file:${folder}`)).rejects.toMatchObject({ code: "unreachable" });
    await expect(openStore(`file:${join(folder, "no/such/folder/rain.db")}`)).rejects.toMatchObject({ code: "unreachable" });
  });

  it("says that it may not write, in a folder and to a file of others", async () => {
    await (await openStore(url))[Symbol.asyncDispose]();
    const locked = join(folder, "locked");
    mkdirSync(locked, { mode: 0o555 });
    chmodSync(join(folder, "rain.db"), 0o444);
    chmodSync(folder, 0o555);
    const codes = await asNobody(() =>
      Promise.all([`file:${join(locked, "rain.db")}`, url].map((one) => openStore(one).catch(({ code }: { code: unknown }) => code))),
    );
    chmodSync(folder, 0o755);
    expect(codes).toEqual(["unreachable", "read-only"]);
  });

  it.each(["mysql://root:secret@host/rain", "file:", "rain.db", ""])("is not at an address such as `%s`", async (address) => {
    const opening = openStore(address);
    await expect(opening).rejects.toMatchObject({ name: "OptionError", option: "databaseUrl" });
    await expect(opening).rejects.not.toThrow("secret");
  });

  it("refuses a database that a newer version of the bot wrote, and leaves it as it is", async () => {
    await (await openStore(url))[Symbol.asyncDispose]();
    await change(url, "INSERT INTO guard_migrations (number) VALUES (99)");
    await expect(openStore(url)).rejects.toMatchObject({ name: "StoreError", code: "newer" });
  });

  it.each([
    ['settings = \'{"talk": {"enab\'', "unreadable"],
    ['settings = \'{"talk": {"enabled": "perhaps"}}\'', "unreadable"],
    ['settings = \'{"talk": {"unheardOf": true}}\'', "unreadable"],
    ["format = 2", "newer"],
  ])("gives no defaults instead of settings that it cannot read: %s", async (damage, code) => {
    await using store = await openStore(url);
    await store.changeSettings(settingsChange());
    await change(url, `UPDATE guard_settings SET ${damage}`);
    await expect(store.settings(GUILD)).rejects.toMatchObject({ name: "StoreError", code });
    await expect(store.settingsHistory(GUILD, 1)).rejects.toMatchObject({ code });
    expect((await store.settings(OTHER_GUILD)).version).toBe(0);
  });
});

const WRITER = fileURLToPath(new URL("../support/store-writer.ts", import.meta.url));

/** Another process that writes, until it has written `count` times or is killed. */
function writer(url: string, name: string, count: number) {
  const parameters = ["--conditions=rain-source", "--import", "tsx", WRITER, url, name, `${count}`];
  const child: ChildProcess = spawn(process.execPath, parameters, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout as NonNullable<typeof child.stdout> });
  const said: number[] = [];
  lines.on("line", (line) => {
    if (line !== "ready") said.push(Number(line));
  });
  /** All versions that were acknowledged, when there are so many. */
  const versions = async (rounds: number) => {
    while (said.length < rounds) await once(lines, "line");
    return said;
  };
  const ended = Promise.all([once(child, "exit"), once(lines, "close")]).then(([[code]]) => code as number | null);
  return { child, versions, ready: once(lines, "line"), ended };
}

/** Another program's change, on a connection of its own. */
async function change(url: string, statement: string): Promise<void> {
  const client = createClient({ url });
  await client.execute(statement);
  client.close();
}

/** Root may write everywhere: what others may not is seen as one of them. */
async function asNobody<Result>(action: () => Promise<Result>): Promise<Result> {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    return await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}
