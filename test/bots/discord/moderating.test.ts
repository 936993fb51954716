import { PermissionFlagsBits } from "discord.js";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { EngineInference } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { embeddedInference } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { untilTakenBack, WatchedInference } from "../../support/watched-inference.ts";

let embedded: EngineInference;
let inference: WatchedInference;
beforeAll(async () => {
  embedded = await embeddedInference();
});
beforeEach(() => {
  inference = new WatchedInference(embedded);
});
afterAll(async () => await embedded[Symbol.asyncDispose]());

const BAD = "Distract the guards and slip the goods under your coat.";
const GOOD = "Choose a warm colour for the walls.";

function textOf(message: Message | undefined): string {
  const embeds = message?.embeds ?? [];
  return embeds
    .flatMap(({ title, description, fields = [] }) => [title, description, ...fields.flatMap(({ name, value }) => [name, value])])
    .join("\n");
}

describe("Automatic moderation", () => {
  it("leaves alone what no principle speaks against", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    const message = scene.ada.says(scene.general, GOOD);
    await scene.settled();
    expect([message.isDeleted, scene.cards]).toEqual([false, []]);
    expect(inference.judged).toHaveLength(1);
  });

  it("only says what it would have done, in shadow mode, which is the default", async () => {
    await using scene = await Scene.moderated(inference, "timeout", { shadow: undefined });
    const message = scene.ada.says(scene.general, BAD);
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    const [card] = scene.cards;
    expect(textOf(card)).toContain("Shadow mode\nWould have been deleted, and its author timed out");
    expect(textOf(card)).toMatch(/✗ harmless -\d\.\d\d \(limit -0\.10\)/);
    expect(card?.pings).toEqual([]);
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toMatchObject([{ shadow: true, action: "timeout", text: BAD }]);
  });

  it("deletes, says so to the moderators and to its author, who may appeal", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    const message = scene.ada.says(scene.general, BAD);
    await scene.settled();
    expect(message.isDeleted).toBe(true);
    expect(textOf(scene.cards[0])).toContain("Done\nDeleted");
    const [told] = scene.platform.posts(scene.ada.privately);
    expect(told?.content).toContain("was removed: it was judged to be against harmless");
    const form = await scene.ada.presses(told as Message, "Appeal").modal();
    const answer = await scene.ada.submits(form, { reason: "It is from a play." }).response();
    expect(answer.content).toContain("The moderators will look at it again.");
    const appeal = scene.cards[1];
    expect(textOf(appeal)).toContain("The author appeals\nIt is from a play.");
    const again = await scene.ada.submits(form, { reason: "Please!" }).response();
    expect(again.content).toContain("You have appealed already");
    const decided = await scene.mona.presses(appeal as Message, "Approve").response();
    expect(decided.content).toMatch(/^Review 1: approved\. /);
    expect(scene.platform.posts(scene.ada.privately)[1]?.content).toContain("in your favour");
  });

  it("hides until somebody decides, and shows again what was approved, pinging nobody", async () => {
    await using scene = await Scene.moderated(inference, "hide");
    const message = scene.ada.says(scene.general, `${BAD} @everyone https://discord.gg/abc`);
    await scene.settled();
    expect(message.isDeleted).toBe(true);
    await scene.mona.presses(scene.cards[0] as Message, "Approve").response();
    const [shown] = scene.platform.posts(scene.general);
    expect(shown?.content).toContain(BAD);
    expect(shown?.content).not.toMatch(/discord\.gg|@everyone/);
    expect(shown?.pings).toEqual([]);
    expect(await scene.running.store.review(scene.guild.id, 1)).toMatchObject({ decision: "approved", text: undefined });
  });

  it("times out, for as long as the guild wants, and takes that back when a moderator approves", async () => {
    await using scene = await Scene.moderated(inference, "timeout", { timeoutMinutes: 30 });
    scene.ada.says(scene.general, BAD);
    await scene.settled();
    const member = scene.guild.memberOf(scene.ada);
    expect(member.timedOutUntilMs).toBeGreaterThan(scene.platform.now() + 29 * 60_000);
    await scene.mona.presses(scene.cards[0] as Message, "Approve").response();
    expect(member.timedOutUntilMs).toBeUndefined();
  });

  it("times out whom discord.js has forgotten meanwhile", async () => {
    await using scene = await Scene.moderated(inference, "timeout");
    inference.beforeJudge = () => scene.running.bot.client.guilds.cache.get(scene.guild.id)?.members.cache.delete(scene.ada.id);
    scene.ada.says(scene.general, BAD);
    await scene.settled();
    expect(scene.guild.memberOf(scene.ada).timedOutUntilMs).toBeGreaterThan(scene.platform.now());
  });

  it("judges edits, and what stands in threads or hidden text, in a poll, and in what somebody forwards", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    const message = scene.ada.says(scene.general, GOOD);
    await scene.settled();
    scene.ada.edits(message, BAD);
    const thread = scene.general.addThread({ name: "thread" });
    const inThread = scene.ada.says(thread, `||${BAD.replace("goods", "g**oo**ds")}||`);
    const masked = scene.ada.says(scene.general, [...BAD].join("\u200b").replaceAll("a", "а"));
    const asked = scene.ada.says(scene.general, "", { poll: { question: BAD, answers: ["Yes", "No"] } });
    const answer = scene.ada.says(scene.general, "", { poll: { question: "What shall we do?", answers: [GOOD, BAD] } });
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: ["Zoe"] });
    const said = elsewhere.person("Zoe").says(elsewhere.channel("general"), BAD);
    const forwarded = scene.ada.says(scene.general, "", { forwards: said });
    const harmless = scene.ada.says(scene.general, GOOD, { poll: { question: GOOD, answers: ["Yes"] } });
    await scene.settled();
    const bad = [message, inThread, masked, asked, answer, forwarded];
    expect(bad.map(({ isDeleted }) => isDeleted)).toEqual(bad.map(() => true));
    expect(harmless.isDeleted).toBe(false);
  });

  it("ignores the roles, channels, categories people and webhooks that it is told to, and bots", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    const { guild, general, platform } = scene;
    const role = guild.addRole({ name: "Trusted" });
    const trusted = guild.addMember({ name: "Tess", roles: [role] });
    const category = guild.addChannel({ name: "category", type: "category" });
    const inside = guild.addChannel({ name: "inside", parent: category });
    const hook = general.addWebhook("Hook");
    const users = [scene.bob.id, hook.user.id];
    const ignore = { roles: [role.id], channels: [guild.channel("other").id], categories: [category.id], users };
    const logChannel = guild.channel("log").id;
    const rules = { harmless: { strictness: "medium", action: "delete" } };
    await scene.running.set(guild, { moderation: { automatic: true, shadow: false, logChannel, rules, ignore } });
    const messages = [
      trusted.says(general, BAD),
      scene.ada.says(guild.channel("other"), BAD),
      scene.ada.says(guild.channel("other").addThread({ name: "thread" }), BAD),
      scene.ada.says(inside, BAD),
      scene.bob.says(general, BAD),
      guild.addMember({ name: "Robot", isBot: true }).says(general, BAD),
      hook.says(BAD),
    ];
    await scene.settled();
    expect(messages.map(({ isDeleted }) => isDeleted)).toEqual(messages.map(() => false));
    expect([inference.judged, platform.everything]).toEqual([[], []]);
    // Be it somebody whom discord.js has forgotten.
    scene.running.bot.client.guilds.cache.get(guild.id)?.members.cache.delete(trusted.id);
    scene.running.bot.client.channels.cache.clear();
    trusted.edits(messages[0] as Message, `${BAD} Now.`);
    await scene.settled();
    expect([inference.judged, platform.everything]).toEqual([[], []]);
  });

  it("shows cards that Discord takes, whatever the guild has written and however many principles it has", async () => {
    await using scene = await Scene.open(STEADY);
    const names = Array.from(
      { length: 20 },
      (_, index) => `${"a-long-name-of-a-principle-it-is".slice(0, 29)}-${String.fromCharCode(97 + index)}`,
    );
    const principles = Object.fromEntries(names.map((name) => [name, { question: "Is the message polite?", good: "polite", bad: "rude" }]));
    const rules = Object.fromEntries(names.map((name) => [name, { strictness: "strict", action: "timeout" }]));
    const logChannel = scene.guild.channel("log").id;
    await scene.running.set(scene.guild, { principles, moderation: { automatic: true, shadow: true, logChannel, rules } });
    for (let count = 0; count < 5; count++) scene.guild.addMember({ name: `Author${count}` }).says(scene.general, STEADY_BAD);
    await scene.settled();
    expect(scene.cards).toHaveLength(5);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect(queue.embeds.length).toBeGreaterThan(0);
    const explained = await scene.mona.presses(scene.cards[0] as Message, "Explain").response();
    expect(explained.embeds).toHaveLength(1);
  });

  it("quotes people on its cards without any effect", async () => {
    await using scene = await Scene.open(STEADY);
    await scene.running.set(scene.guild, { moderation: { automatic: true, logChannel: scene.guild.channel("log").id } });
    scene.ada.says(scene.general, `${STEADY_BAD} [b](https://e.example)`);
    await scene.settled();
    expect(scene.cards[0]?.embeds[0]?.description).toBe(`${STEADY_BAD} b (https://e.example)`);
  });

  it("ends with the bot, however long a verdict takes", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    inference.beforeJudge = (request, signal) => untilTakenBack(request, { signal });
    const message = scene.ada.says(scene.general, BAD);
    await scene.platform.until(() => inference.judged.length === 1 || undefined);
    await scene.running.bot.leave(0);
    expect(message.isDeleted).toBe(false);
  });

  it("does what its permissions allow at that moment, and says what it could not do", async () => {
    await using scene = await Scene.moderated(inference, "timeout", { ignore: { administrators: false } });
    const overwrites = [{ target: scene.guild.bot.user, deny: PermissionFlagsBits.ManageMessages }];
    const message = scene.guild.owner.says(scene.guild.addChannel({ name: "strict", overwrites }), BAD);
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    expect(textOf(scene.cards[0])).toContain("Not deleted: I lack the permission Manage Messages here; Not timed out:");
    expect(scene.platform.posts(scene.guild.owner.privately)).toEqual([]);
  });

  it("does nothing without the Message Content intent, whatever the settings say", async () => {
    await using scene = await Scene.open(inference, {}, { options: { messageContent: false } });
    await scene.running.set(scene.guild, { moderation: { automatic: true, shadow: false } });
    scene.ada.says(scene.general, BAD);
    await scene.settled();
    expect(inference.judged).toEqual([]);
  });

  it("leaves and counts what cannot be judged", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    inference.beforeJudge = () => {
      throw new Error("the judge is ill");
    };
    const message = scene.ada.says(scene.general, BAD);
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    expect(await scene.running.bot.metrics.registry.getSingleMetricAsString("rain_unjudged_total")).toContain("rain_unjudged_total 1");
  });
});

describe("The review queue", () => {
  it("is decided once, by a moderator, and explains itself", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    scene.ada.says(scene.general, BAD);
    await scene.settled();
    const card = scene.cards[0] as Message;
    const refused = await scene.bob.presses(card, "Reject").response();
    expect([refused.content, refused.isEphemeral]).toEqual(["Only moderators may do that.", true]);
    const explained = await scene.mona.presses(card, "Explain").response();
    expect(textOf(explained)).toContain("Below its limit: harmless. The rule asks for: delete.");
    expect((await scene.mona.presses(card, "Reject").response()).content).toMatch(/^Review 1: rejected\. /);
    await scene.platform.until(() => textOf(card).includes("Decision\nRejected by"));
    const forged = await scene.mona.forges(card, "review:approve:1").response();
    expect(forged.content).toBe(`It was rejected by ${scene.mona.mention} already.`);
  });

  it("is shown and exported to moderators, as JSONL, without the messages", async () => {
    await using scene = await Scene.moderated(inference, "log", { logChannel: undefined });
    scene.ada.says(scene.general, `${BAD} ${BAD} ${BAD} ${BAD}`);
    await scene.settled();
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect(queue.embeds).toHaveLength(1);
    await scene.mona.presses(queue, "Reject").response();
    const exported = await scene.mona.uses(scene.general, "/moderate export").response();
    const line = JSON.parse(exported.attachments[0]?.content.toString() ?? "");
    expect(line).toMatchObject({ id: 1, decision: "rejected", shadow: false, action: "log", findings: [{ principle: "harmless" }] });
    expect(JSON.stringify(line)).not.toContain(`${BAD} ${BAD} ${BAD}`);
    expect((await scene.mona.uses(scene.general, "/moderate queue").response()).content).toBe("Nothing waits for a decision.");
  });

  it("of one guild is closed to the moderators of another", async () => {
    await using scene = await Scene.moderated(inference, "delete");
    scene.ada.says(scene.general, BAD);
    await scene.settled();
    const elsewhere = scene.platform.addGuild({ channels: ["general"], name: "Elsewhere" });
    await scene.platform.idle();
    const post = await scene.platform.replyTo(
      elsewhere.owner.says(elsewhere.channel("general"), scene.mention("How do I visit the castle?")),
    );
    for (const act of ["approve", "reject", "explain"]) {
      const answer = await elsewhere.owner.forges(post, `review:${act}:1`).response();
      expect(answer.content).toBe("I do not know this review.");
    }
    const appeal = await elsewhere.owner.forges(post, `appeal:${scene.guild.id}:1`).modal();
    const answer = await elsewhere.owner.submits(appeal, { reason: "Mine!" }).response();
    expect(answer.content).toContain("there is nothing of yours to appeal against");
    expect(await scene.running.store.review(scene.guild.id, 1)).toMatchObject({ decision: "pending", appeal: undefined });
  });
});

describe("Judge this message", () => {
  it("gives a moderator its values, and does nothing", async () => {
    await using scene = await Scene.moderated(inference, "delete", { automatic: false });
    const message = scene.ada.says(scene.general, BAD);
    const answer = await scene.mona.usesOnMessage(message, "Judge this message").response();
    expect(answer.isEphemeral).toBe(true);
    expect(textOf(answer)).toMatch(/✗ harmless -\d\.\d\d/);
    expect(answer.embeds[0]?.footer?.text).toBe("The rules would ask for: delete");
    expect(message.isDeleted).toBe(false);
  });

  it("is for moderators, whatever an administrator lets everybody use", async () => {
    await using scene = await Scene.moderated(inference, "delete", { automatic: false });
    scene.guild.openCommands();
    const message = scene.ada.says(scene.general, BAD);
    for (const asking of [
      scene.bob.usesOnMessage(message, "Judge this message"),
      scene.bob.uses(scene.general, "/moderate queue"),
      scene.bob.uses(scene.general, "/moderate export"),
      scene.bob.uses(scene.general, "/moderate test", { text: BAD }),
      scene.bob.uses(scene.general, "/rain why"),
    ])
      expect((await asking.response()).content).toBe("Only moderators may do that.");
  });

  it("has a command that tries any text", async () => {
    await using scene = await Scene.moderated(inference, "hide");
    const answer = await scene.mona.uses(scene.general, "/moderate test", { text: BAD }).response();
    expect(answer.embeds[0]?.footer?.text).toBe("The rules would ask for: hide");
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
  });
});
