import { describe, expect, it } from "vitest";
import { TASKS } from "../../training/world/index.ts";
import type { BotProcess } from "../support/bot-process.ts";
import { BotScene } from "../support/bot-scene.ts";
import { shardOf } from "../support/discord/snowflakes.ts";
import type { Guild } from "../support/discord/world/guild.ts";

const [QUESTION = "", SECOND = "", THIRD = "", FOURTH = ""] = TASKS.helpful.questions(4, 31).map(({ text }) => text);

/** What a bot asks for before it writes an answer: it has begun by then. */
const READING = { method: "GET", route: "/channels/:channel/messages" } as const;
const LOGGING_IN = { method: "GET", route: "/gateway/bot" } as const;

/** A guild of each shard: here of the first, there of the second. */
async function addGuilds(scene: BotScene): Promise<{ readonly here: Guild; readonly there: Guild }> {
  const guilds = [await scene.addGuild(), await scene.addGuild()];
  const of = (shard: number) => guilds.find(({ id }) => shardOf(id, 2) === shard) ?? expect.fail("Expected guilds of both shards");
  return { here: of(0), there: of(1) };
}

/** Resolves with the number of its process when a shard is ready. */
async function ready(bot: BotProcess, shard: number): Promise<number> {
  return (await bot.line("ready", (line) => line["shard"] === shard))["pid"] as number;
}

/** What the bot was last known to count. */
async function counted(bot: BotProcess, name: string): Promise<number> {
  const { text } = await bot.page("/metrics");
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );
}

describe("A bot of two shards", () => {
  it("has a process for each, and shows and ends them together", async () => {
    await using scene = await BotScene.open({ shards: 2 });
    const { here, there } = await addGuilds(scene);
    const bot = scene.start({ SHARDS: "auto" });
    const processes = [await ready(bot, 0), await ready(bot, 1)];
    expect(new Set([bot.pid, ...processes]).size).toBe(3);
    expect(scene.platform.logins.map(({ shard }) => shard).toSorted()).toEqual([
      [0, 2],
      [1, 2],
    ]);
    // At a terminal Ctrl-C reaches all processes: shards leave it to the one that leads them.
    for (const child of processes) process.kill(child, "SIGINT");
    await scene.platform.replyTo(scene.ask(here, QUESTION));
    await scene.platform.replyTo(scene.ask(there, SECOND));
    for (const shard of [0, 1]) await bot.line("answered", (line) => line["shard"] === shard);
    expect(await bot.page("/readyz")).toEqual({ status: 200, text: '{"ready":true,"reasons":{}}' });
    expect(await counted(bot, "rain_replies_total")).toBe(2);
    expect(await counted(bot, "rain_leaks")).toBe(0);
    expect(await counted(bot, 'rain_shards{state="answering"}')).toBe(2);
    bot.kill("SIGTERM");
    expect(await bot.ended).toEqual({ code: 0, signal: null, stderr: "" });
    expect(JSON.stringify(bot.lines)).not.toContain(scene.platform.token);
  });

  it("starts one again that was killed, while the other one goes on", async () => {
    await using scene = await BotScene.open();
    const { here, there } = await addGuilds(scene);
    const bot = scene.start({ SHARDS: "2" });
    await ready(bot, 0);
    const child = await ready(bot, 1);
    const reading = scene.platform.holdNext(READING);
    const begun = scene.ask(here, QUESTION);
    await reading.arrived;
    const alsoReading = scene.platform.holdNext(READING);
    scene.ask(there, FOURTH);
    await alsoReading.arrived;
    const login = scene.platform.holdNext(LOGGING_IN);
    process.kill(child, "SIGKILL");
    expect(await bot.line("shard died, and is started again")).toMatchObject({ shard: 1, signal: "SIGKILL" });
    await login.arrived;
    // What it was writing is not written any more; what the other one writes is.
    expect((await scene.records(there.channel("general"))).map(({ state }) => state)).toEqual(["failed"]);
    expect((await scene.records(here.channel("general"))).map(({ state }) => state)).toEqual(["drafting"]);
    reading.release();
    await scene.platform.replyTo(begun);
    await scene.platform.replyTo(scene.ask(here, SECOND));
    expect(await bot.page("/readyz")).toEqual({ status: 503, text: '{"ready":false,"reasons":{"shard 1 gateway":"not connected"}}' });
    login.release();
    expect(await ready(bot, 1)).not.toBe(child);
    await scene.platform.replyTo(scene.ask(there, THIRD));
    expect(await bot.page("/readyz")).toMatchObject({ status: 200 });
    bot.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 0 });
  });

  it("ends wholly when the process is killed that holds the model", async () => {
    await using scene = await BotScene.open();
    const { here } = await addGuilds(scene);
    const bot = scene.start({ SHARDS: "2" });
    for (const shard of [0, 1]) await ready(bot, shard);
    const reading = scene.platform.holdNext(READING);
    scene.ask(here, QUESTION);
    await reading.arrived;
    bot.kill("SIGKILL");
    for (const shard of [0, 1]) await bot.line("leaving", (line) => line["shard"] === shard);
    reading.release();
    // Not before all processes have ended that write to its log.
    expect(await bot.ended).toMatchObject({ signal: "SIGKILL" });
    expect(scene.platform.posts(here.channel("general"))).toEqual([]);
  });

  it("is refused a memory that each process would have for itself", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ SHARDS: "2", DATABASE_URL: ":memory:" });
    const complaint = "rain: Expected `databaseUrl` to be one that several shards can use, got `:memory:` (string)\n";
    expect(await bot.ended).toEqual({ code: 2, signal: null, stderr: complaint });
  });
});
