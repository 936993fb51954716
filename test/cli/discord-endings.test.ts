import { GatewayIntentBits } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { TASKS } from "../../training/world/index.ts";
import { BotScene } from "../support/bot-scene.ts";

const [QUESTION = "", OTHER_QUESTION = ""] = TASKS.helpful.questions(2, 31).map(({ text }) => text);

/** What the bot asks for before it writes an answer: it has begun by then. */
const READING = { method: "GET", route: "/channels/:channel/messages" } as const;

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
    const told = await scene.platform.replyTo(question);
    expect(told.content).toBe("I was restarted before I could answer this. Please ask again.");
    const reply = await scene.platform.replyTo(scene.ask(guild, OTHER_QUESTION));
    await next.line("answered");
    expect(scene.platform.posts(general)).toEqual([told, reply]);
    expect(await scene.records(general)).toMatchObject([
      { state: "posted", messages: [reply.id] },
      { source: question.id, state: "failed", messages: [told.id] },
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
    await next.line("ended the records of answers that were never finished");
    next.kill("SIGTERM");
    await next.ended;
    expect(scene.platform.posts(general)).toEqual([post]);
    expect(await scene.records(general)).toMatchObject([{ source: question.id, state: "posted", messages: [post.id] }]);
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
    const bot = scene.start({ DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" });
    expect(await bot.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^rain: Expected to reach the database[^\n]*\n$/) });
  });

  it("when there is no model", async () => {
    await using scene = await BotScene.open();
    const bot = scene.start({ MODEL: import.meta.filename });
    expect(await bot.ended).toMatchObject({ code: 1, stderr: expect.stringMatching(/^rain: Expected `model` [^\n]*GGUF[^\n]*\n$/) });
  });

  it("when its port is taken", async () => {
    await using scene = await BotScene.open();
    const { port } = new URL(scene.platform.api);
    const bot = scene.start({ HTTP_PORT: port });
    expect(await bot.ended).toMatchObject({ code: 2, stderr: expect.stringMatching(/^rain: Expected [^\n]*EADDRINUSE[^\n]*\n$/) });
  });
});
