import { type APIButtonComponent, type APIMessageTopLevelComponent, ButtonStyle, ComponentType } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { excerptOf, hashOf, type Inference, type ReplyRecord } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";

const TOLD = "I was restarted before I could answer this. Please ask again.";
const CUT = "I was restarted while I posted this answer: the rest of it is missing. Please ask again.";
const STOP: APIButtonComponent = { type: ComponentType.Button, style: ButtonStyle.Secondary, label: "Stop", custom_id: "stop:1" };
const RETRY: APIButtonComponent = { ...STOP, label: "Retry", custom_id: "answer:retry" };

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
  async leave(source: Message, text = STEADY_ANSWER, hash = hashOf(text)): Promise<void> {
    const { store, platform } = this.running;
    const guild = source.channel.guild?.id ?? `dm:${source.author.id}`;
    const record = { guild, channel: source.channel.id, source: source.id, author: source.author.id };
    await store.beginReply({ ...record, principle: "harmless", createdAt: platform.now() });
    await store.endReply(guild, source.id, { state: "drafting", hash, excerpt: excerptOf(text), value: 0.9 });
  }

  /** What the dead process had posted. */
  stands(content: string, { isUnfinished = false, hasButtons = false, isFirst = true } = {}): Message {
    const buttons = [...(isUnfinished ? [STOP] : []), ...(hasButtons ? [RETRY] : [])];
    const components: APIMessageTopLevelComponent[] = buttons.length === 0 ? [] : [{ type: ComponentType.ActionRow, components: buttons }];
    return this.general.post({ author: this.running.platform.bot, content, components, ...(isFirst ? { replyTo: this.question } : {}) });
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
    const begun = scene.stands("Follow the river", { isUnfinished: true });
    await scene.back();
    expect(scene.posts).toEqual([begun]);
    expect([begun.content, begun.components]).toEqual([TOLD, []]);
  });

  it.each([false, true])(
    "tells nothing where the whole answer stands, however much was said since, and knows it again (buttons: %s)",
    async (hasButtons) => {
      await using scene = await Return.prepare();
      for (let count = 0; count < 150; count++) scene.ada.says(scene.general, "And?");
      const answer = scene.stands(STEADY_ANSWER, { hasButtons });
      const records = await scene.back();
      expect(scene.posts).toEqual([answer]);
      expect(records).toMatchObject([{ state: "posted", messages: [answer.id] }]);
    },
  );

  describe("and had posted a part of a long one", () => {
    const LONG = Array.from({ length: 300 }, (_, index) => `Sentence ${index} is here.`).join(" ");

    /** As a bot posts it that lives, and what that notes of it. */
    async function posted(): Promise<{ readonly parts: readonly string[]; readonly hash: string }> {
      const answer: Inference["answer"] = async (request) => ({ ...(await STEADY.answer(request)), text: LONG });
      await using scene = await Scene.open({ ...STEADY, answer });
      scene.ada.says(scene.general, scene.mention("Where is the museum?"));
      await scene.settled();
      const [record] = await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1);
      const parts = scene.platform.posts(scene.general).map(({ content }) => content);
      expect(parts.length).toBeGreaterThan(2);
      return { parts, hash: record?.hash ?? "" };
    }

    it("knows it again where all of it stands, whatever was said in between", async () => {
      const { parts, hash } = await posted();
      await using scene = await Return.prepare();
      await scene.leave(scene.question, LONG, hash);
      const ids: string[] = [];
      for (const [index, part] of parts.entries()) {
        ids.push(scene.stands(part, { isFirst: index === 0 }).id);
        scene.ada.says(scene.general, "And?");
      }
      expect(await scene.back()).toMatchObject([{ state: "posted", messages: ids }]);
      expect(scene.posts.map(({ content }) => content)).toEqual(parts);
    });

    it("says so behind it, once, and posts no part again", async () => {
      const { parts, hash } = await posted();
      await using scene = await Return.prepare();
      await scene.leave(scene.question, LONG, hash);
      const stood = parts.slice(0, -1).map((part, index) => scene.stands(part, { isFirst: index === 0 }));
      const records = await scene.back();
      expect(scene.posts.map(({ content }) => content)).toEqual([...parts.slice(0, -1), CUT]);
      expect(records).toMatchObject([{ state: "failed", messages: [stood[0]?.id, scene.posts.at(-1)?.id] }]);
    });

    it("says nothing of the kind behind a line that is no answer", async () => {
      await using scene = await Return.prepare();
      await scene.leave(scene.question, LONG);
      scene.stands("Something went wrong on my side. Please try again in a moment.");
      await scene.back();
      expect(scene.posts).toHaveLength(1);
    });
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
