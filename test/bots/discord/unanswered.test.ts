import { type APIButtonComponent, type APIMessageTopLevelComponent, ButtonStyle, ComponentType } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { hashOf, type ReplyRecord } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";

const TOLD = "I was restarted before I could answer this. Please ask again.";
const STOP: APIButtonComponent = { type: ComponentType.Button, style: ButtonStyle.Secondary, label: "Stop", custom_id: "stop:1" };

/** A bot comes back after it was killed while it answered Ada. */
class Return implements AsyncDisposable {
  static async prepare(): Promise<Return> {
    const running = await RunningBot.start({ inference: STEADY });
    const guild = running.platform.addGuild({ channels: ["general"], members: ["Ada", "Bob"] });
    const scene = new Return(running, guild);
    await scene.leave(scene.question);
    return scene;
  }

  readonly running: RunningBot;
  readonly guild: ReturnType<RunningBot["platform"]["addGuild"]>;
  readonly question: Message;

  private constructor(running: RunningBot, guild: Return["guild"]) {
    this.running = running;
    this.guild = guild;
    this.question = this.ada.says(this.general, `${running.platform.bot.mention} Where is the museum?`);
  }

  get general() {
    return this.guild.channel("general");
  }

  get ada() {
    return this.guild.person("Ada");
  }

  get posts(): readonly Message[] {
    return this.running.platform.posts(this.general);
  }

  /** Has what the dead process noted of its answer. */
  async leave(source: Message, text = STEADY_ANSWER): Promise<void> {
    const { store, platform } = this.running;
    const guild = source.channel.guild?.id ?? `dm:${source.author.id}`;
    const record = { guild, channel: source.channel.id, source: source.id, author: source.author.id };
    await store.beginReply({ ...record, principle: "harmless", createdAt: platform.now() });
    await store.endReply(guild, source.id, { state: "drafting", hash: hashOf(text), value: 0.9 });
  }

  /** What the dead process had posted. */
  stands(content: string, isUnfinished = false): Message {
    const components: APIMessageTopLevelComponent[] = isUnfinished ? [{ type: ComponentType.ActionRow, components: [STOP] }] : [];
    return this.general.post({ author: this.running.platform.bot, content, replyTo: this.question, components });
  }

  async back(): Promise<readonly ReplyRecord[]> {
    const { bot, platform, store } = this.running;
    await this.running.login();
    await platform.idle();
    await bot.idle();
    expect(bot.leaks).toBe(0);
    return await store.lastReplies(this.guild.id, this.general.id, 9);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.running[Symbol.asyncDispose]();
  }
}

describe("A bot that was killed while it answered", () => {
  it("tells who asked when it is back, in reply, once, with no ping", async () => {
    await using scene = await Return.prepare();
    const records = await scene.back();
    expect(scene.posts.map(({ content, replyTo, pings }) => [content, replyTo, pings])).toEqual([[TOLD, scene.question, []]]);
    expect(records).toMatchObject([{ state: "failed", messages: [scene.posts[0]?.id] }]);
  });

  it("tells who asked in private, too", async () => {
    await using scene = await Return.prepare();
    const question = scene.ada.says(scene.ada.privately, "Where is the museum?");
    await scene.leave(question);
    await scene.back();
    expect(scene.running.platform.posts(scene.ada.privately).map(({ content, replyTo }) => [content, replyTo])).toEqual([[TOLD, question]]);
  });

  it("tells it once, though Discord's response is lost", async () => {
    await using scene = await Return.prepare();
    scene.running.platform.failNext({ method: "POST", route: "/channels/:channel/messages", status: "accepted-then-500" });
    await scene.back();
    expect(scene.posts).toHaveLength(1);
  });

  it("tells it in the place of what was not finished", async () => {
    await using scene = await Return.prepare();
    const begun = scene.stands("Follow the river", true);
    await scene.back();
    expect(scene.posts).toEqual([begun]);
    expect([begun.content, begun.components]).toEqual([TOLD, []]);
  });

  it("tells nothing where the whole answer stands, however much was said since, and knows it again", async () => {
    await using scene = await Return.prepare();
    for (let count = 0; count < 150; count++) scene.ada.says(scene.general, "And?");
    const answer = scene.stands(STEADY_ANSWER);
    const records = await scene.back();
    expect(scene.posts).toEqual([answer]);
    expect(records).toMatchObject([{ state: "posted", messages: [answer.id] }]);
  });

  it.each<[string, (scene: Return) => unknown]>([
    ["whose question is gone", ({ question }) => question.delete()],
    ["who wants no answer any more", ({ ada, question }) => ada.edits(question, "Never mind.")],
    ["who opted out", ({ running, ada }) => running.store.setOptedOut(ada.id, true)],
    ["where it is not to talk any more", ({ running, guild }) => running.set(guild, { talk: { enabled: false } })],
  ])("tells nothing to those %s", async (_, happen) => {
    await using scene = await Return.prepare();
    await happen(scene);
    expect(await scene.back()).toMatchObject([{ state: "failed", messages: [] }]);
    expect(scene.posts).toEqual([]);
  });
});
