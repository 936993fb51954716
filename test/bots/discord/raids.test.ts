import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Person } from "../../support/discord/people/person.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD, UNFIT, verdictOf } from "../../support/steady-inference.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** All who are there are no newcomers any more; three of those that come are a raid. */
async function opened(raids: object = { action: "hide" }, moderation: object = {}, inference = STEADY): Promise<Scene> {
  const scene = await Scene.moderated(inference, "log", { filters: { raids: { people: 3, ...raids } }, ...moderation });
  scene.platform.advance(8 * DAY_MS);
  return scene;
}

let count = 0;

function newcomer(scene: Scene): Person {
  return scene.guild.addMember({ name: `New${++count}` });
}

/** Whether what they write is taken away, though it is fine. */
async function isTaken(scene: Scene, person: Person): Promise<boolean> {
  const message = person.says(scene.general, `Good morning. ${++count}`);
  await scene.settled();
  return message.isDeleted;
}

async function raid(scene: Scene, people = 3): Promise<void> {
  for (let index = 0; index < people; index++) newcomer(scene).says(scene.general, `${STEADY_BAD} ${index}`);
  await scene.settled();
}

/** What the server was told of raids. */
function told(scene: Scene): readonly Message[] {
  return scene.cards.filter(({ content }) => content.includes("A raid"));
}

async function events(scene: Scene): Promise<readonly string[]> {
  return (await scene.running.store.audit(scene.guild.id, 100)).map(({ event }) => event).filter((event) => event.startsWith("raid."));
}

describe("Raid mode", () => {
  it("begins when enough newcomers are flagged, is told once, and is for newcomers alone", async () => {
    await using scene = await opened();
    await raid(scene, 2);
    expect([told(scene).length, await isTaken(scene, newcomer(scene))]).toEqual([0, false]);
    await raid(scene, 1);
    expect(told(scene).map(({ content }) => content)).toEqual([
      expect.stringMatching(/^\*\*A raid\*\*: 3 newcomers .* within 10 minutes.*Until <t:\d+:t> .* hidden until somebody decides/s),
    ]);
    expect([await isTaken(scene, newcomer(scene)), await isTaken(scene, newcomer(scene)), await isTaken(scene, scene.ada)]).toEqual([
      true,
      true,
      false,
    ]);
    await raid(scene);
    expect([told(scene).length, await events(scene)]).toEqual([1, ["raid.began"]]);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("is one also where all of them write at once", async () => {
    await using scene = await opened();
    await raid(scene, 20);
    expect(told(scene)).toHaveLength(1);
  });

  it("is none of one person, of people who have been there for long, and of what came over a long time", async () => {
    await using scene = await opened();
    const one = newcomer(scene);
    for (let index = 0; index < 5; index++) for (const person of [one, scene.ada, scene.bob]) person.says(scene.general, STEADY_BAD);
    await scene.settled();
    for (let index = 0; index < 5; index++) {
      scene.platform.advance(6 * MINUTE_MS);
      await raid(scene, 1);
    }
    expect(told(scene)).toEqual([]);
  });

  it("ends by itself, and does not go on by what it has found itself", async () => {
    await using scene = await opened({ action: "hide", lastsMinutes: 5 });
    await raid(scene);
    for (let minute = 0; minute < 4; minute++) {
      scene.platform.advance(MINUTE_MS);
      expect(await isTaken(scene, newcomer(scene))).toBe(true);
    }
    scene.platform.advance(MINUTE_MS);
    expect(await isTaken(scene, newcomer(scene))).toBe(false);
    expect(told(scene)).toHaveLength(1);
    await raid(scene);
    expect([told(scene).length, await isTaken(scene, newcomer(scene))]).toEqual([2, true]);
  });

  it("is ended by a moderator's button, once, and by nobody else's", async () => {
    await using scene = await opened();
    await raid(scene);
    const [card] = told(scene);
    const forged = scene.ada.forges(card as Message, "raid:end");
    expect((await forged.response()).content).toContain("moderators");
    expect(await isTaken(scene, newcomer(scene))).toBe(true);
    expect((await scene.mona.presses(card as Message, "End raid mode").response()).content).toContain("Raid mode is over");
    expect([await isTaken(scene, newcomer(scene)), await events(scene)]).toEqual([false, ["raid.ended", "raid.began"]]);
    await scene.settled();
    expect(told(scene)[0]?.content).toContain(`Ended by ${scene.mona.mention}`);
    const again = scene.mona.forges(told(scene)[0] as Message, "raid:end");
    expect((await again.response()).content).toBe("It is over already.");
    const audit = await scene.mona.uses(scene.general, "/moderate audit").response();
    expect(audit.embeds[0]?.description).toMatch(
      new RegExp(`${scene.mona.mention} ended raid mode[^]*I began raid mode \\(3 newcomers\\)`),
    );
  });

  it("is ended by /moderate stop, and stays so when moderation is switched on again", async () => {
    await using scene = await opened();
    await raid(scene);
    expect((await scene.mona.uses(scene.general, "/moderate stop").response()).content).toContain("Raid mode is over");
    await scene.sets("moderation.automatic", "true");
    expect(await isTaken(scene, newcomer(scene))).toBe(false);
  });

  it("of one channel alone is there alone, shown and ended like any", async () => {
    await using scene = await opened({ action: "off" });
    const [general, other] = [scene.general, scene.guild.channel("other")];
    await scene.sets(`exceptions.${general.id}.filters.raids`, "delete");
    await raid(scene);
    const elsewhere = newcomer(scene).says(other, "Good evening.");
    expect([await isTaken(scene, newcomer(scene)), elsewhere.isDeleted]).toEqual([true, false]);
    const status = (await scene.guild.owner.uses(general, "/rain status").response()).embeds[0]?.fields ?? [];
    expect(status.find(({ name }) => name === "Moderation")?.value).toContain("Raid mode is on until");
    expect((await scene.mona.presses(told(scene)[0] as Message, "End raid mode").response()).content).toContain("Raid mode is over");
    expect(await isTaken(scene, newcomer(scene))).toBe(false);
  });

  it("shows in shadow mode what would have been done", async () => {
    await using scene = await opened({ action: "delete" }, { shadow: true });
    await raid(scene);
    expect(told(scene)[0]?.content).toContain("shadow mode");
    expect(await isTaken(scene, newcomer(scene))).toBe(false);
    const [field] = scene.cards.at(-1)?.embeds[0]?.fields?.filter(({ name }) => name === "Shadow mode") ?? [];
    expect(field?.value).toBe("Would have been deleted");
  });

  it("does not begin by a judge that is not fit", async () => {
    const judge: typeof STEADY.judge = async ({ turns, principles }) =>
      principles.map(() => verdictOf(turns.at(-1)?.text.startsWith(STEADY_BAD) ? -1 : 1, UNFIT));
    await using scene = await opened(
      { action: "delete" },
      {},
      { ...STEADY, judge, judges: async ({ principles }) => principles.map(() => UNFIT) },
    );
    await raid(scene, 5);
    expect([told(scene).length, await isTaken(scene, newcomer(scene))]).toEqual([0, false]);
  });

  it("begins by what a filter finds, whatever the judge is", async () => {
    const judges: typeof STEADY.judges = async ({ principles }) => principles.map(() => UNFIT);
    const judge: typeof STEADY.judge = async ({ principles }) => principles.map(() => verdictOf(-1, UNFIT));
    const filters = { raids: { people: 3, action: "delete" }, newcomers: { action: "log" } };
    await using scene = await opened({}, { filters }, { ...STEADY, judge, judges });
    for (let index = 0; index < 3; index++) expect(await isTaken(scene, newcomer(scene))).toBe(false);
    expect([told(scene).length, await isTaken(scene, newcomer(scene)), await isTaken(scene, scene.ada)]).toEqual([1, true, false]);
  });

  it("is off at first", async () => {
    await using scene = await opened({});
    await raid(scene, 5);
    expect([told(scene).length, await events(scene)]).toEqual([0, []]);
  });

  it("is shown by /rain status while it lasts", async () => {
    await using scene = await opened();
    await raid(scene);
    const status = async () => (await scene.guild.owner.uses(scene.general, "/rain status").response()).embeds[0]?.fields ?? [];
    const moderation = async () => (await status()).find(({ name }) => name === "Moderation")?.value;
    expect(await moderation()).toContain("Raid mode is on until");
    scene.platform.advance(DAY_MS);
    expect(await moderation()).not.toContain("Raid mode");
  });

  it("does to nobody what the settings of the moment do not allow, whatever they are by then", async () => {
    await using scene = await opened();
    const { guild, running } = scene;
    const spared = guild.addRole({ name: "Spared" });
    await raid(scene);
    const usually = (value: boolean) => fc.oneof({ weight: 4, arbitrary: fc.constant(value) }, fc.constant(!value));
    const settings = fc.record({
      automatic: usually(true),
      shadow: usually(false),
      action: fc.constantFrom("off", "look", "log", "hide", "delete", "timeout"),
      exception: fc.constantFrom("usual", "off", "log", "delete"),
      accountDays: fc.constantFrom(0, 7),
      memberHours: fc.constantFrom(0, 24),
      isNew: usually(true),
      isSpared: usually(false),
    });
    await fc.assert(
      fc.asyncProperty(settings, async ({ automatic, shadow, action, exception, accountDays, memberHours, isNew, isSpared }) => {
        await running.set(guild, {
          moderation: {
            automatic,
            shadow,
            filters: { raids: { people: 3, lastsMinutes: 1440, action }, newcomers: { accountDays, memberHours } },
            ignore: { roles: [spared.id] },
          },
          exceptions: { [scene.general.id]: { filters: { raids: exception } } },
        });
        const person = isNew ? guild.addMember({ name: `New${++count}`, roles: isSpared ? [spared] : [] }) : scene.ada;
        const asked = exception === "usual" ? action : exception;
        const isMeant = isNew && (accountDays > 0 || memberHours > 0) && !isSpared;
        const takes = ["hide", "delete", "timeout"].includes(asked);
        expect(await isTaken(scene, person)).toBe(automatic && !shadow && takes && isMeant);
      }),
      { numRuns: 40 },
    );
  });
});

/** A bot that comes back after this was noted, so many minutes later. */
async function returning(event: "raid.began" | "raid.ended", minutes: number) {
  const running = await RunningBot.start({ inference: STEADY });
  const { platform, store } = running;
  const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
  await running.set(guild, { moderation: { automatic: true, shadow: false, filters: { raids: { action: "delete" } } } });
  await store.addAudit({ guild: guild.id, actor: undefined, event: "raid.began", detail: "5 newcomers", at: platform.now() });
  if (event === "raid.ended")
    await store.addAudit({ guild: guild.id, actor: guild.owner.id, event, detail: "5 newcomers", at: platform.now() });
  platform.advance(minutes * MINUTE_MS);
  await running.login();
  return {
    taken: async () => {
      const message = guild.addMember({ name: `New${++count}` }).says(guild.channel("general"), "Good morning.");
      await platform.idle();
      await running.bot.idle();
      return message.isDeleted;
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

describe("Raid mode of a bot that was started anew", () => {
  it.each([
    ["raid.began", 29, true],
    ["raid.began", 30, false],
    ["raid.ended", 1, false],
  ] as const)("after %s, %i minutes later: is on: %s", async (event, minutes, isOn) => {
    await using scene = await returning(event, minutes);
    expect([await scene.taken(), await scene.taken()]).toEqual([isOn, isOn]);
  });
});
