import { GatewayDispatchEvents } from "discord-api-types/v10";
import { loadLlamaEngine } from "rain-align/llama";
import { describe, expect, it } from "vitest";
import { TASKS } from "../../training/world/index.ts";
import { BotScene } from "../support/bot-scene.ts";
import { shardOf } from "../support/discord/clock.ts";
import { serveLikeLlama } from "../support/model-server.ts";

const [QUESTION = "", OTHER_QUESTION = ""] = TASKS.helpful.questions(2, 31).map(({ text }) => text);

/** What the bot asks for before it writes an answer: it has begun by then. */
const READING = { method: "GET", route: "/channels/:channel/messages" } as const;

/** First it asks whether it may log in at all, then where. */
const LOGGING_IN = { method: "GET", route: "/gateway/bot" } as const;

describe("The bot in a process of its own", () => {
  it("answers, shows how it is, and leaves when it is told to", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const bot = scene.start();
    await bot.line("ready");
    const reply = await scene.platform.replyTo(scene.ask(guild, QUESTION));
    await bot.line("answered");
    expect(reply.content).not.toBe("");
    expect(await bot.page("/readyz")).toEqual({ status: 200, text: '{"ready":true,"reasons":{}}' });
    expect((await bot.page("/metrics")).text).toContain("\nrain_replies_total 1\n");
    bot.kill("SIGTERM");
    expect(await bot.ended).toEqual({ code: 0, signal: null, stderr: "" });
    const said = JSON.stringify(bot.lines);
    for (const secret of [QUESTION, reply.content, scene.platform.token]) expect(said).not.toContain(secret);
  });

  it("answers by a model that a server has loaded, and apologises without telling where that was when it is gone", async () => {
    await using engine = await loadLlamaEngine({ gpu: false, threads: 1 });
    await using server = await serveLikeLlama(engine);
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const bot = scene.start({ ENGINE: server.url, ENGINE_KEY: "sesame", GPU: "", THREADS: "" });
    await bot.line("ready");
    const reply = await scene.platform.replyTo(scene.ask(guild, QUESTION));
    await bot.line("answered");
    expect(reply.content).not.toBe("");
    expect(server.requests.some(({ path }) => path === "/completion")).toBe(true);
    for (const { headers } of server.requests) expect(headers.authorization).toBe("Bearer sesame");
    await server[Symbol.asyncDispose]();
    const apology = await scene.platform.replyTo(scene.ask(guild, OTHER_QUESTION));
    expect(apology.content).not.toContain("127.0.0.1");
    bot.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 0 });
    expect(JSON.stringify(bot.lines)).not.toContain("sesame");
  });

  it("has as many shards as Discord recommends, all in one process, and shows and ends them together", async () => {
    await using scene = await BotScene.open({ shards: 2 });
    const guilds = [await scene.addGuild(), await scene.addGuild()];
    const bot = scene.start({ SHARDS: "auto" });
    expect(await bot.line("ready")).toMatchObject({ shards: 2, pid: bot.pid });
    expect(scene.platform.logins.map(({ shard }) => shard).toSorted()).toEqual([
      [0, 2],
      [1, 2],
    ]);
    expect(new Set(guilds.map(({ id }) => shardOf(id, 2))).size).toBe(2);
    for (const guild of guilds) await scene.platform.replyTo(scene.ask(guild, QUESTION));
    for (const _ of guilds) await bot.line("answered");
    expect(await bot.page("/readyz")).toEqual({ status: 200, text: '{"ready":true,"reasons":{}}' });
    const { text } = await bot.page("/metrics");
    for (const line of ["rain_replies_total 2", "rain_leaks 0", 'rain_shards{state="answering"} 2']) expect(text).toContain(`\n${line}\n`);
    bot.kill("SIGTERM");
    expect(await bot.ended).toEqual({ code: 0, signal: null, stderr: "" });
  });

  it("has as many shards as its configuration says, whatever Discord recommends", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ SHARDS: "2" });
    expect(await bot.line("ready")).toMatchObject({ shards: 2 });
    expect(scene.platform.logins.map(({ shard: [, count] }) => count)).toEqual([2, 2]);
  });

  it("is alive before it is ready, and says what it waits for", async () => {
    await using scene = await BotScene.open();
    await scene.addGuild();
    const asking = scene.platform.holdNext(LOGGING_IN);
    const bot = scene.start();
    await asking.arrived;
    const login = scene.platform.holdNext(LOGGING_IN);
    asking.release();
    await login.arrived;
    expect(await bot.page("/healthz")).toMatchObject({ status: 200 });
    expect(await bot.page("/readyz")).toEqual({ status: 503, text: '{"ready":false,"reasons":{"gateway":"not connected"}}' });
    login.release();
    await bot.line("ready");
    expect(await bot.page("/readyz")).toMatchObject({ status: 200 });
  });

  it("lets an answer that is being written end before it leaves", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const bot = scene.start();
    await bot.line("ready");
    const hold = scene.platform.holdNext(READING);
    const question = scene.ask(guild, QUESTION);
    await hold.arrived;
    bot.kill("SIGTERM");
    await bot.line("leaving");
    const late = await scene.platform.replyTo(scene.ask(guild, OTHER_QUESTION));
    expect(late.content).toBe("I have to restart. Please ask again in a moment.");
    hold.release();
    await scene.platform.replyTo(question);
    expect(await bot.ended).toMatchObject({ code: 0 });
    expect(scene.platform.posts(guild.channel("general"))).toHaveLength(2);
  });

  it("tells those for whom there is no time left", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const general = guild.channel("general");
    await scene.run("discord", "deploy");
    const bot = scene.start({ DRAIN_SECONDS: "0" });
    await bot.line("ready");
    const hold = scene.platform.holdNext(READING);
    const question = scene.ask(guild, QUESTION);
    await hold.arrived;
    // Waits for the answer to the question before it.
    const asking = guild.person("Bob").uses(general, "/ask", { question: OTHER_QUESTION });
    await asking.acknowledged();
    bot.kill("SIGINT");
    await bot.line("leaving");
    hold.release();
    expect((await asking.response()).content).toBe("I have to restart. Please ask again in a moment.");
    expect((await scene.platform.replyTo(question)).content).toBe("I have to restart. Please ask again in a moment.");
    expect(await bot.ended).toMatchObject({ code: 0 });
    expect(await scene.records(general)).toMatchObject([{ state: "stopped" }, { state: "stopped" }]);
  });

  it("ends at once when it is told a second time", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const bot = scene.start();
    await bot.line("ready");
    const hold = scene.platform.holdNext(READING);
    scene.ask(guild, QUESTION);
    await hold.arrived;
    bot.kill("SIGTERM");
    await bot.line("leaving");
    bot.kill("SIGTERM");
    expect(await bot.ended).toMatchObject({ code: 143 });
  });

  it("leaves while it is still starting, whatever it waits for", async () => {
    await using scene = await BotScene.open();
    const first = scene.platform.holdNext(LOGGING_IN);
    const bot = scene.start();
    await first.arrived;
    bot.kill("SIGTERM");
    expect(await bot.ended).toEqual({ code: 0, signal: null, stderr: "" });

    const asking = scene.platform.holdNext(LOGGING_IN);
    const next = scene.start();
    await asking.arrived;
    scene.platform.holdNext(LOGGING_IN);
    asking.release();
    await next.line("logging in");
    next.kill("SIGTERM");
    expect(await next.ended).toEqual({ code: 0, signal: null, stderr: "" });
  });

  it("ends in order with 1, to be started again, where Discord's library fails", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const bot = scene.start();
    await bot.line("ready");
    // What the gateway says of the session itself must be readable: without it the library hears of nothing any more.
    scene.platform.tells(GatewayDispatchEvents.Ready, {});
    expect(await bot.ended).toEqual({ code: 1, signal: null, stderr: "" });
    const line = await bot.line("something failed where nobody waited: ending, to be started again");
    expect(line).toMatchObject({
      level: "fatal",
      err: { type: "TypeError", at: expect.arrayContaining([expect.stringContaining("discord.js")]) },
    });
    const next = scene.start();
    await next.line("ready");
    await scene.platform.replyTo(scene.ask(guild, QUESTION));
  });
});
