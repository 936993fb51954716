import { GatewayIntentBits } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { TASKS } from "../../src/evaluation/world/index.ts";
import { BotScene } from "../support/bot-scene.ts";

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
    scene.ask(guild, OTHER_QUESTION);
    hold.release();
    await scene.platform.replyTo(question);
    expect(await bot.ended).toMatchObject({ code: 0 });
    expect(scene.platform.posts(guild.channel("general"))).toHaveLength(1);
  });

  it("tells those for whom there is no time left", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const general = guild.channel("general");
    await scene.run("discord", "deploy");
    const bot = scene.start({ DRAIN_SECONDS: "0" });
    await bot.line("ready");
    const hold = scene.platform.holdNext(READING);
    scene.ask(guild, QUESTION);
    await hold.arrived;
    // Waits for the answer to the question before it.
    const asking = guild.person("Bob").uses(general, "/ask", { question: OTHER_QUESTION });
    await asking.acknowledged();
    bot.kill("SIGINT");
    await bot.line("leaving");
    hold.release();
    expect((await asking.response()).content).toBe("I have to restart. Please ask again in a moment.");
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
    // A session that ends as soon as it was resumed is more than the library bears.
    let isInvalidated = false;
    scene.platform.dropGateway({ code: 4000 });
    await scene.platform.until(() => {
      const isResumed = scene.platform.logins.some(({ kind }) => kind === "resumed");
      if (isResumed && !isInvalidated) queueMicrotask(() => scene.platform.invalidateSessions());
      isInvalidated ||= isResumed;
      return isResumed;
    });
    expect(await bot.ended).toEqual({ code: 1, signal: null, stderr: "" });
    const line = await bot.line("something failed where nobody waited: ending, to be started again");
    expect(line).toMatchObject({
      level: "fatal",
      err: { type: "TypeError", at: expect.arrayContaining([expect.stringContaining("@discordjs/ws")]) },
    });
    const next = scene.start();
    await next.line("ready");
    await scene.platform.replyTo(scene.ask(guild, QUESTION));
  });
});

describe("A bot that was killed", () => {
  it("in the middle of an answer does not go on with it, and keeps what it knew", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const general = guild.channel("general");
    const bot = scene.start();
    await bot.line("ready");
    const hold = scene.platform.holdNext(READING);
    const question = scene.ask(guild, QUESTION);
    await hold.arrived;
    expect(await scene.records(general)).toMatchObject([{ source: question.id, state: "drafting" }]);
    bot.kill("SIGKILL");
    expect(await bot.ended).toMatchObject({ signal: "SIGKILL" });
    hold.release();

    const next = scene.start();
    expect(await next.line("ended the records of answers that were never finished")).toMatchObject({ count: 1 });
    await next.line("ready");
    const reply = await scene.platform.replyTo(scene.ask(guild, OTHER_QUESTION));
    await next.line("answered");
    expect(scene.platform.posts(general)).toEqual([reply]);
    expect(await scene.records(general)).toMatchObject([
      { state: "posted", messages: [reply.id] },
      { source: question.id, state: "failed" },
    ]);
    expect(await scene.home.open((store) => store.settings(guild.id))).toMatchObject({
      version: 1,
      settings: { talk: { refusal: "No, thank you." } },
    });
  });

  it("between a post and its record posts nothing twice", async () => {
    await using scene = await BotScene.open();
    const guild = await scene.addGuild();
    const general = guild.channel("general");
    const bot = scene.start();
    await bot.line("ready");
    const question = scene.ask(guild, QUESTION);
    // As soon as the post is there, and before the bot can know that it is.
    let isKilled = false;
    const post = await scene.platform.until(() => {
      const [posted] = scene.platform.posts(general);
      if (posted !== undefined && !isKilled) bot.kill("SIGKILL");
      isKilled ||= posted !== undefined;
      return posted;
    });
    await bot.ended;

    const next = scene.start();
    await next.line("ready");
    await scene.platform.idle();
    expect(scene.platform.posts(general)).toEqual([post]);
    expect(await scene.records(general)).toMatchObject([{ source: question.id, state: "failed", messages: [] }]);
  });
});

describe("A bot that cannot go on says why in one line", () => {
  it("when Discord does not know its token", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ TOKEN: "a.token.of-somebody-else.or-of-nobody" });
    expect(await bot.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^rain: Expected Discord to know the bot's token[^\n]*\n$/),
    });
  });

  it("when it has not the intents that it asks for", async () => {
    await using scene = await BotScene.open({ deniedIntents: GatewayIntentBits.MessageContent });
    const bot = scene.start({ MESSAGE_CONTENT: "true" });
    expect(await bot.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^rain: [^\n]*Message Content Intent[^\n]*\n$/) });
  });

  it("when Discord throws it out for good", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start();
    await bot.line("ready");
    scene.platform.dropGateway({ code: 4004 });
    expect(await bot.ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^rain: Expected Discord to know the bot's token[^\n]*\n$/),
    });
    expect(await bot.line("gateway closed for good")).toMatchObject({ code: 4004 });
  });

  it("when there is no database", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ DATABASE_URL: "file:/no/such/folder/bot.db" });
    expect(await bot.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^rain: Expected to reach the database[^\n]*\n$/) });
  });

  it("when there is no model", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ MODEL: "/no/such/model.gguf" });
    expect(await bot.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^rain: Expected `model` [^\n]*ENOENT[^\n]*\n$/) });
  });

  it("when its port is taken", async () => {
    await using scene = await BotScene.open();
    const { port } = new URL(scene.platform.api);
    const bot = scene.start({ HTTP_PORT: port });
    expect(await bot.ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/^rain: Expected [^\n]*EADDRINUSE[^\n]*\n$/) });
  });
});
