import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Person } from "../../support/discord/people/person.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

/** Ada's message has a card and stands there; a moderator of the server may do all by hand. */
async function opened(): Promise<{ readonly scene: Scene; readonly message: Message; readonly max: Person }> {
  const scene = await Scene.moderated(STEADY, "log");
  const { BanMembers, KickMembers, ManageMessages, ModerateMembers } = PermissionFlagsBits;
  const role = scene.guild.addRole({ name: "Guards", permissions: BanMembers | KickMembers | ManageMessages | ModerateMembers });
  const max = scene.guild.addMember({ name: "Max", roles: [role] });
  const message = scene.ada.says(scene.general, STEADY_BAD);
  await scene.settled();
  return { scene, message, max };
}

/** What the field "Since then" of a card says, line by line, without times. */
function since(card: Message | undefined): readonly string[] {
  const value = card?.embeds[0]?.fields?.find(({ name }) => name === "Since then")?.value ?? "";
  return value.split("\n").map((line) => line.replace(/^<t:\d+:f>: /, ""));
}

describe("Cards say what moderators do by hand", () => {
  it("about a message and its author, on the card, in the queue and in Explain", async () => {
    const { scene, message, max } = await opened();
    await using _ = scene;
    const { ada, guild, mona } = scene;
    const member = guild.memberOf(ada);
    max.deletes(message);
    max.timesOut(member, 60_000);
    max.endsTimeOut(member);
    max.kicks(member);
    max.bans(member);
    guild.unban(ada, { by: guild.owner });
    await scene.settled();
    const [who, whom] = [max.mention, ada.mention];
    const told = [
      "judged",
      "I saw that it was taken away, by its author or by hand",
      `${who} took away a message of ${whom}`,
      `${who} timed out ${whom}`,
      `${who} ended the time-out of ${whom}`,
      `${who} kicked ${whom}`,
      `${who} banned ${whom}`,
      `${guild.owner.mention} lifted the ban of ${whom}`,
    ];
    const [card, ...others] = scene.cards;
    const queue = await mona.uses(scene.general, "/moderate queue").response();
    const explained = await mona.presses(card as Message, "Explain").response();
    for (const one of [card, queue, explained]) expect(since(one)).toEqual(told);
    expect([others, card?.pings, scene.running.bot.leaks]).toEqual([[], [], 0]);
    scene.platform.advance(1000);
    await mona.presses(card as Message, "Reject").response();
    await scene.settled();
    expect(since(card)).toEqual([...told, `${mona.mention} rejected`]);
    expect(asText(card as Message)).toContain(`Decision:\n│   Rejected by ${mona.mention}`);
  });

  it("and not what the bot does itself, nor what was done before", async () => {
    await using scene = await Scene.moderated(STEADY, "timeout");
    const { guild, ada, general } = scene;
    guild.owner.timesOut(guild.memberOf(ada), 1);
    scene.platform.advance(1000);
    ada.says(general, STEADY_BAD);
    await scene.settled();
    await scene.mona.presses(scene.cards[0] as Message, "Approve").response();
    await scene.settled();
    expect(since(scene.cards[0])).toEqual(["judged", `${scene.mona.mention} approved`]);
    expect(await scene.running.store.sanctions(guild.id, ada.id, 9)).toEqual([]);
  });

  it("about a message among many that are taken away at once, or by its author", async () => {
    const { scene, message } = await opened();
    await using _ = scene;
    const other = scene.bob.says(scene.general, STEADY_BAD);
    await scene.settled();
    scene.general.deleteMessages([message]);
    scene.bob.deletes(other);
    await scene.settled();
    for (const card of scene.cards) expect(since(card)).toEqual(["judged", "I saw that it was taken away, by its author or by hand"]);
    expect(scene.cards).toHaveLength(2);
  });

  it("and nothing is kept of people whose messages were never found, nor mixed between servers", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const elsewhere = scene.platform.addGuild({ channels: ["general"] });
    elsewhere.addMember({ person: scene.ada });
    await scene.platform.idle();
    max.kicks(scene.guild.memberOf(scene.bob));
    elsewhere.owner.bans(elsewhere.memberOf(scene.ada));
    await scene.settled();
    const { store } = scene.running;
    expect(await store.sanctions(scene.guild.id, scene.bob.id, 9)).toEqual([]);
    expect((await store.personalData(scene.ada.id)).sanctions).toEqual([]);
    expect(since(scene.cards[0])).toEqual([""]);
  });

  it("where the bot may see the audit log; where not, /rain status says so", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const bot = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.SendMessages | PermissionFlagsBits.EmbedLinks;
    const blind = scene.platform.addGuild({ channels: ["general"], members: ["Zoe"], botPermissions: bot });
    await scene.platform.idle();
    await scene.running.set(blind, { moderation: { automatic: true } });
    const zoe = blind.person("Zoe");
    zoe.says(blind.channel("general"), STEADY_BAD);
    await scene.settled();
    blind.owner.bans(blind.memberOf(zoe));
    max.timesOut(scene.guild.memberOf(scene.ada), 60_000);
    await scene.settled();
    expect(await scene.running.store.sanctions(blind.id, zoe.id, 9)).toEqual([]);
    const status = async (guild: typeof blind) => asText(await guild.owner.uses(guild.channel("general"), "/rain status").response());
    expect(await status(blind)).toContain("What I am not told:\n│   Cards do not say who took away a message");
    expect(await status(scene.guild)).not.toContain("What I am not told");
  });

  it("which is theirs to know, and the server's to keep", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const { ada, general, guild, running } = scene;
    max.timesOut(guild.memberOf(ada), 60_000);
    scene.platform.advance(61_000);
    await scene.settled();
    const file = (await ada.uses(general, "/privacy export").response()).attachments[0]?.content;
    expect(JSON.parse(String(file)).sanctions).toMatchObject([{ kind: "timed-out", actor: max.id, person: ada.id }]);
    const deleted = (await ada.uses(general, "/privacy delete").response()).content;
    expect(deleted).toContain("1 record of what moderators did about you. Each server forgets that after its own number of days.");
    await running.store.purgeExpired(scene.platform.now() + 31 * 86_400_000);
    expect((await running.store.personalData(ada.id)).sanctions).toEqual([]);
  });
});

describe("A longer time-out of a moderator's", () => {
  const HOUR_MS = 3_600_000;

  it.each(["before", "after"] as const)("that was given %s mine is neither cut short nor ended with mine", async (when) => {
    const inference = new WatchedInference(STEADY);
    await using scene = await Scene.moderated(inference, "timeout");
    const { ada, guild, mona, general } = scene;
    const member = guild.memberOf(ada);
    const until = scene.platform.now() + 24 * HOUR_MS;
    inference.beforeJudge = () => (when === "before" ? member.timeOut(until, { by: guild.owner }) : undefined);
    ada.says(general, STEADY_BAD);
    await scene.settled();
    if (when === "after") member.timeOut(until, { by: guild.owner });
    expect(member.timedOutUntilMs).toBe(until);
    expect((await mona.presses(scene.cards[0] as Message, "Approve").response()).content).toContain(
      "A longer time-out stays, which is not mine.",
    );
    await scene.settled();
    expect(member.timedOutUntilMs).toBe(until);
  });
});
