import { PermissionFlagsBits } from "discord.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logOf } from "../../support/bot-log.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Person } from "../../support/discord/people/person.ts";
import { eachComponent } from "../../support/discord/world/each-component.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { guildPermissions } from "../../support/discord/world/permissions.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { newReview } from "../../support/store-records.ts";

const { Administrator, BanMembers, KickMembers, ManageGuild, ManageMessages, ModerateMembers, ViewChannel } = PermissionFlagsBits;

const DAY_MS = 86_400_000;

/** Ada has written what a rule logs; Max may do all that a moderator may. */
async function opened(moderation: object = {}, action: "log" | "delete" = "log"): Promise<{ readonly scene: Scene; readonly max: Person }> {
  const scene = await Scene.moderated(STEADY, action, moderation);
  const role = scene.guild.addRole({ name: "Guards", permissions: ManageMessages | ModerateMembers | BanMembers, position: 50 });
  const max = scene.guild.addMember({ name: "Max", roles: [role] });
  scene.ada.says(scene.general, STEADY_BAD);
  await scene.settled();
  return { scene, max };
}

async function menuOf(person: Person, card: Message | undefined): Promise<Message> {
  return await person.presses(card as Message, "Act").response();
}

/** A moderator presses a button of their menu of the newest card. Gives what it says. */
async function acts(scene: Scene, person: Person, label: string): Promise<string> {
  const said = (await person.presses(await menuOf(person, scene.cards.at(-1)), label).response()).content;
  await scene.settled();
  return said;
}

function labelsOf({ components }: Message): readonly string[] {
  return [...eachComponent(components)].flatMap((one) => ("label" in one && typeof one.label === "string" ? [one.label] : []));
}

/** Lines of which the log as it is kept would not write all fields. */
function hiddenIn(logged: readonly string[]): readonly string[] {
  const written: string[] = [];
  const log = logOf((line) => void written.push(line));
  for (const line of logged) {
    const { level: _level, time: _time, pid: _pid, hostname: _hostname, msg, ...fields } = JSON.parse(line);
    log.warn(fields, msg);
  }
  return written.filter((line) => "hidden" in JSON.parse(line));
}

function since(card: Message | undefined): readonly string[] {
  const value = card?.embeds[0]?.fields?.find(({ name }) => name === "Since then")?.value ?? "";
  return value.split("\n").map((line) => line.replace(/^<t:\d+:f>: /, ""));
}

describe("Nobody does by a card what they could not do by hand", () => {
  const PERMISSIONS = [ManageMessages, ModerateMembers, BanMembers, KickMembers, ManageGuild, Administrator] as const;
  const seldom = fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
  const meeting = fc.record({
    act: fc.constantFrom("delete", "warn", "timeout", "ban"),
    permissions: fc.subarray([...PERMISSIONS], { minLength: 2 }),
    /** The bot's own is 100. */
    moderatorAt: fc.constantFrom(10, 30, 200),
    personAt: fc.constantFrom(0, 20, 40, 150),
    who: fc.oneof(
      { weight: 8, arbitrary: fc.constant("plain" as const) },
      {
        weight: 7,
        arbitrary: fc.constantFrom("same role", "administrator", "owner", "spared role", "spared", "moderator", "gone"),
      },
    ),
    isTimedOut: seldom,
    isBlind: seldom,
  });

  it("whatever their permissions, whoever it is about, and however they come by the button", { timeout: 120_000 }, async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { guild, general, running, platform } = scene;
    const spared = guild.addRole({ name: "Spared", position: 1 });
    let run = 0;
    const done = new Set<string>();
    await fc.assert(
      fc.asyncProperty(meeting, async ({ act, permissions, moderatorAt, personAt, who, isTimedOut, isBlind }) => {
        run++;
        const role = guild.addRole({
          name: `M${run}`,
          permissions: permissions.reduce((all, one) => all | one, 0n),
          position: moderatorAt,
        });
        const moderator = guild.addMember({ name: `Moderator ${run}`, roles: [role] });
        const above = guild.addRole({ name: `P${run}`, permissions: who === "administrator" ? Administrator : 0n, position: personAt });
        const roles = who === "same role" ? [role] : who === "spared role" ? [spared] : [above];
        const person = who === "owner" ? guild.owner : who === "moderator" ? moderator : guild.addMember({ name: `Person ${run}`, roles });
        const ignore = { roles: [spared.id], users: who === "spared" ? [person.id] : [] };
        await running.set(guild, { moderation: { automatic: false, logChannel: guild.channel("log").id, ignore } });
        const overwrites = isBlind ? [{ target: moderator, deny: ViewChannel }] : [];
        const place = guild.addChannel({ name: `place-${run}`, overwrites });
        const message = (who === "moderator" ? guild.owner : person).says(place, "Something.");
        const record = newReview({ guild: guild.id, channel: place.id, message: message.id, author: person.id, hash: `${run}` });
        const id = await running.store.addReview({ ...record, createdAt: platform.now() });
        const moderating = guild.memberOf(moderator);
        const member = guild.memberOf(person);
        if (isTimedOut) moderating.timeOut(platform.now() + DAY_MS, { by: guild.owner });
        if (who === "gone") guild.kick(person, { by: guild.owner });
        await platform.idle();

        const said = (await moderator.forges(general.post({ author: platform.bot, content: "A card." }), `act:${act}:${id}`).response())
          .content;
        await scene.settled();
        const isWarned = platform.posts(person.privately).some(({ content }) => content.includes("warn you"));
        const has = { delete: message.isDeleted, warn: isWarned, timeout: member.isTimedOut, ban: guild.bans.has(person) };
        const isDone = has[act as keyof typeof has] && !(act === "timeout" && who === "moderator");

        const rights = guildPermissions(moderating);
        const may = (permission: bigint) => (rights & (permission | Administrator)) !== 0n;
        const isAbove = who === "gone" || (!member.isOwner && moderating.position > member.position);
        const byHand =
          act === "delete"
            ? may(ManageMessages) && (!isBlind || may(Administrator))
            : may(act === "ban" ? BanMembers : ModerateMembers) && isAbove && (act === "ban" || who !== "gone");
        const isModerator = [ManageMessages, ModerateMembers, ManageGuild].some(may);
        const isSpared = ["administrator", "owner", "spared role", "spared", "moderator"].includes(who);
        const botMay = act === "delete" || act === "warn" || who === "gone" || member.position < 100;
        const isExpected = byHand && isModerator && !isTimedOut && !isSpared && botMay && !(who === "same role" && may(Administrator));
        expect([isDone, said], JSON.stringify({ act, who })).toEqual([isExpected, said]);
        // What was refused has decided nothing either.
        if (!isDone) expect((await running.store.review(guild.id, id ?? 0))?.decision).toBe("pending");
        if (isDone) done.add(act);
      }),
      { numRuns: 200 },
    );
    expect(done.size).toBe(4);
    expect(running.bot.leaks).toBe(0);
  });

  it("and of another server nobody learns or does anything", async () => {
    const { scene } = await opened();
    await using _ = scene;
    const elsewhere = scene.platform.addGuild({ channels: ["general"] });
    await scene.platform.idle();
    const message = elsewhere.channel("general").post({ author: scene.platform.bot, content: "A card." });
    for (const act of ["menu", "delete", "warn", "timeout", "ban", "nothing"])
      expect((await elsewhere.owner.forges(message, `act:${act}:1`).response()).content).toBe("I do not know this review.");
    for (const forged of ["act:ban:", "act:ban:1e3", "act:ban:-1", "act:kick:1", "act"])
      expect((await scene.guild.owner.forges(scene.cards[0] as Message, forged).response()).content).toBe("I do not know this review.");
    expect([scene.guild.bans.size, elsewhere.bans.size]).toEqual([0, 0]);
  });
});

describe("The button Act", () => {
  it("opens a menu of what who presses may do, and says which permission is missing for the rest", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const menu = await menuOf(scene.mona, scene.cards[0]);
    expect(menu.isEphemeral).toBe(true);
    expect(labelsOf(menu)).toEqual(["Delete", "Warn", "Time out"]);
    expect(menu.content).toBe(
      [
        `${scene.ada.mention}: 1 strike within 30 days, with this one. I would warn them.`,
        "Ban: not here, you lack Ban Members.",
        "Each of these also rejects what was written.",
      ].join("\n"),
    );
    expect(labelsOf(await menuOf(max, scene.cards[0]))).toEqual(["Delete", "Warn", "Time out", "Ban"]);
    const refused = await scene.bob.forges(scene.cards[0] as Message, "act:menu:1").response();
    expect(refused.content).toBe("Only moderators may do that.");
  });

  it("says what the bot itself may not do, and to whom", async () => {
    const { scene } = await opened();
    await using _ = scene;
    const { SendMessages, EmbedLinks, AttachFiles, ReadMessageHistory } = PermissionFlagsBits;
    const botPermissions = ViewChannel | SendMessages | EmbedLinks | AttachFiles | ReadMessageHistory;
    const weak = scene.platform.addGuild({ channels: ["general", "log"], members: ["Zoe"], botPermissions });
    await scene.platform.idle();
    const high = scene.guild.addMember({ name: "Hugo", roles: [scene.guild.addRole({ name: "High", position: 150 })] });
    await scene.running.set(weak, { moderation: { automatic: true, logChannel: weak.channel("log").id } });
    weak.person("Zoe").says(weak.channel("general"), STEADY_BAD);
    high.says(scene.general, STEADY_BAD);
    await scene.settled();
    const menu = await menuOf(weak.owner, scene.platform.posts(weak.channel("log"))[0]);
    expect(labelsOf(menu)).toEqual(["Warn"]);
    for (const [what, lacking] of [
      ["Delete", "Manage Messages there"],
      ["Time out", "Moderate Members"],
      ["Ban", "Ban Members"],
    ])
      expect(menu.content).toContain(`${what}: not here, I lack ${lacking}.`);
    const other = await menuOf(scene.guild.owner, scene.cards[1]);
    expect(labelsOf(other)).toEqual(["Delete", "Warn"]);
    expect(other.content).toContain("Ban: not here, their role is not below mine.");
  });

  it("does what is pressed, once, tells the person and the card, and rejects what was written", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const { ada, guild, platform, running } = scene;
    expect(await acts(scene, max, "Warn")).toBe(
      `Review 1: rejected. The rule asks for nothing but a card: nothing is done to the message.\n${ada.mention}: warned.`,
    );
    const [told] = platform.posts(ada.privately);
    expect(told?.content).toBe(
      "The moderators of Guild 1 warn you: what you wrote there was found to be against harmless. If you think that is wrong, ask them to look at it again.",
    );
    expect(await acts(scene, scene.mona, "Warn")).toBe(`${ada.mention}: was warned for it already.`);
    expect(await acts(scene, max, "Time out")).toBe(`${ada.mention}: timed out for 60 minutes.`);
    expect(guild.memberOf(ada).timedOutUntilMs).toBe(platform.now() + 3_600_000);
    expect(await acts(scene, max, "Delete")).toBe(`${ada.mention}: 1 message deleted.`);
    expect(await acts(scene, max, "Ban")).toBe(`${ada.mention}: banned.`);
    expect([...guild.bans]).toEqual([[ada, `Review 1: by ${max.id}`]]);
    expect(platform.posts(ada.privately)).toHaveLength(3);
    const [by, whom] = [max.mention, ada.mention];
    expect(since(scene.cards[0])).toEqual([
      "judged",
      `${by} rejected`,
      `${by} warned ${whom}`,
      `${by} timed out ${whom}`,
      `${by} took away a message of ${whom}`,
      `${by} banned ${whom}`,
    ]);
    const audit = asText(await scene.mona.uses(scene.general, "/moderate audit").response());
    expect(audit).toContain(`${by} banned the author (review 1, a message of ${whom})`);
    expect([running.bot.leaks, scene.cards[0]?.pings]).toEqual([0, []]);
    expect(hiddenIn(running.logged)).toEqual([]);
  });

  it("warns once though two moderators press at the same moment", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    const menus = [await menuOf(max, scene.cards[0]), await menuOf(scene.mona, scene.cards[0])];
    const pressed = [max.presses(menus[0] as Message, "Warn"), scene.mona.presses(menus[1] as Message, "Warn")];
    const said = await Promise.all(pressed.map((one) => one.response()));
    await scene.settled();
    expect(said.filter(({ content }) => content.endsWith(": warned."))).toHaveLength(1);
    expect(scene.platform.posts(scene.ada.privately)).toHaveLength(1);
    expect(await scene.running.store.sanctions(scene.guild.id, scene.ada.id, 9)).toHaveLength(1);
  });

  it("says that a warning counts where the person takes no private messages, and what Discord refused", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    scene.ada.acceptsDirectMessages = false;
    expect(await acts(scene, max, "Warn")).toContain("warned, though they take no private message of mine: the strike counts all the same");
    scene.platform.failNext({ method: "PUT", route: "/guilds/:guild/bans/:user", status: 403 });
    expect(await acts(scene, max, "Ban")).toMatch(/: not done, /);
    expect(since(scene.cards[0]).at(-1)).toBe(`${max.mention} warned ${scene.ada.mention}`);
    expect(scene.guild.bans.size).toBe(0);
  });

  it("is no more where the message was found fine; and what was done by then is told of, as it stays", async () => {
    const { scene, max } = await opened();
    await using _ = scene;
    await acts(scene, max, "Ban");
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    await scene.settled();
    const card = scene.cards.at(-1) as Message;
    const said = (await scene.mona.presses(card, "Approve").response()).content;
    expect(said).toContain("What a moderator did for it stays until somebody takes it back by hand: a ban.");
    expect((await max.forges(card, "act:ban:1").response()).content).toBe(
      `It was approved by ${scene.mona.mention}: nothing is done about it.`,
    );
  });

  it("acts on all who took part in a raid, leaves out whom nobody may act on, and asks again where more have joined in", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    const { guild, platform } = scene;
    platform.advance(2 * DAY_MS);
    for (let count = 0; count < 99; count++) scene.bob.says(scene.general, "Good morning.");
    await scene.settled();
    const trusted = guild.addRole({ name: "Trusted", position: 90 });
    const role = guild.addRole({ name: "Guards", permissions: BanMembers | ManageMessages, position: 50 });
    const max = guild.addMember({ name: "Max", roles: [role] });
    const people = Array.from({ length: 7 }, (_, index) => guild.addMember({ name: `New${index}`, roles: index === 6 ? [trusted] : [] }));
    for (const person of people) person.says(scene.general, STEADY_BAD);
    await scene.settled();
    const raid = scene.cards.at(-1);
    const menu = await menuOf(max, raid);
    expect(labelsOf(menu)).toContain("Ban (3 people)");
    const late = guild.addMember({ name: "Late" });
    late.says(scene.general, STEADY_BAD);
    await scene.settled();
    expect((await max.presses(menu, "Ban (3 people)").response()).content).toBe(
      "It is about other people by now: please press Act once more, to see whom.",
    );
    expect(guild.bans.size).toBe(0);
    guild.kick(people[5] as Person, { by: guild.owner });
    const said = (await max.presses(await menuOf(max, raid), "Ban (4 people)").response()).content;
    await scene.settled();
    expect([...guild.bans.keys()]).toEqual([...people.slice(4, 6), late]);
    expect(said).toContain(`${(people[6] as Person).mention}: not done, their role is not below yours.`);
  });
});

describe("Strikes", () => {
  /** Ada writes, and it is decided; an hour goes by. */
  async function strike(scene: Scene, decision: "Approve" | "Reject" = "Reject"): Promise<void> {
    scene.ada.says(scene.general, `${STEADY_BAD} ${scene.platform.now()}`);
    await scene.settled();
    await scene.mona.presses(scene.cards.at(-1) as Message, decision).response();
    await scene.settled();
    scene.platform.advance(3_600_000);
  }

  it("are what moderators rejected of late, and say what I would do; they expire, and go with an approval", async () => {
    const { scene, max } = await opened({ strikes: { days: 2, timeoutFrom: 2, banFrom: 4 } });
    await using _ = scene;
    const advice = async () => (await menuOf(max, scene.cards.at(-1))).content.split("\n")[0]?.replace(/^\S+ /, "");
    expect(await advice()).toBe("1 strike within 2 days, with this one. I would warn them.");
    await scene.mona.presses(scene.cards[0] as Message, "Reject").response();
    scene.platform.advance(3_600_000);
    await strike(scene, "Approve");
    await strike(scene);
    expect(await advice()).toBe("2 strikes within 2 days. I would time them out for 60 minutes.");
    await strike(scene);
    scene.ada.says(scene.general, STEADY_BAD);
    await scene.settled();
    expect(await advice()).toBe("4 strikes within 2 days, with this one. I would ban them.");
    expect(asText(scene.cards.at(-1) as Message)).toContain(`${scene.ada.mention} (3 strikes before)`);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect(asText(queue)).toContain(`${scene.ada.mention} (3 strikes before)`);
    scene.platform.advance(2 * DAY_MS);
    // The last one waits still.
    expect(await advice()).toBe("1 strike within 2 days, with this one. I would warn them.");
  });

  it("time nobody out by themselves, unless the server wants that, a rule acts, and its judge is fit", async () => {
    const outcome = async (moderation: object) => {
      const { scene } = await opened({ rules: { harmless: { strictness: "medium", action: "delete" } }, ...moderation });
      await using _ = scene;
      await scene.mona.presses(scene.cards[0] as Message, "Reject").response();
      scene.platform.advance(3_600_000);
      scene.ada.says(scene.general, `${STEADY_BAD} Again.`);
      await scene.settled();
      const until = scene.guild.memberOf(scene.ada).timedOutUntilMs;
      return until === undefined ? undefined : (until - scene.platform.now()) / 60_000;
    };
    const strikes = { automatic: true, timeoutFrom: 2, banFrom: 2 };
    expect(await outcome({ strikes })).toBe(60);
    expect(await outcome({ strikes: { ...strikes, automatic: false } })).toBeUndefined();
    expect(await outcome({ strikes: { ...strikes, timeoutFrom: 3 } })).toBeUndefined();
    expect(await outcome({ strikes: { ...strikes, timeoutFrom: 0 } })).toBeUndefined();
    expect(await outcome({ strikes, shadow: true })).toBeUndefined();
    expect(await outcome({ strikes, rules: { harmless: { strictness: "medium", action: "log" } } })).toBeUndefined();
    expect(await outcome({ strikes, rules: { harmless: { strictness: "medium", action: "delete", actsFrom: 1 } } })).toBeUndefined();
  });
});
