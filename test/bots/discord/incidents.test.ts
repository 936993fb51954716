import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Person } from "../../support/discord/people/person.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

const DAY_MS = 86_400_000;

/** So much that is fine that what comes now is no reason to doubt the judge; all who are there are no newcomers any more. */
async function opened(action: "log" | "hide" | "delete" | "timeout" = "delete"): Promise<Scene> {
  const scene = await Scene.moderated(STEADY, action);
  scene.platform.advance(2 * DAY_MS);
  for (let count = 0; count < 99; count++) scene.bob.says(scene.general, "Good morning.");
  await scene.settled();
  return scene;
}

async function flood(scene: Scene, people: readonly Person[]): Promise<readonly Message[]> {
  const messages = people.map((person, index) => person.says(scene.general, `${STEADY_BAD} ${index}`));
  await scene.settled();
  return messages;
}

function newcomers(scene: Scene, count: number): readonly Person[] {
  return Array.from({ length: count }, (_, index) => scene.guild.addMember({ name: `New${index}` }));
}

function fieldsOf(card: Message | undefined): readonly string[] {
  return card?.embeds[0]?.fields?.map(({ name }) => name) ?? [];
}

describe("What one person writes again and again", () => {
  it("is one card, which counts and lists it and has all of it in a file, and one private message", async () => {
    await using scene = await opened();
    const messages = await flood(
      scene,
      Array.from({ length: 12 }, () => scene.ada),
    );
    expect(messages.every(({ isDeleted }) => isDeleted)).toBe(true);
    expect([scene.cards.length, scene.platform.posts(scene.ada.privately).length]).toEqual([1, 1]);
    const [card] = scene.cards;
    expect(fieldsOf(card)).toContain("12 messages, decided together");
    expect(asText(card as Message)).toContain(`slip the goods under your coat. 11`);
    const [file, ...others] = card?.attachments ?? [];
    for (let index = 0; index < 12; index++) expect(String(file?.content)).toContain(`${STEADY_BAD} ${index}\n`);
    expect(others).toEqual([]);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("has its file sent again only with what was added to it", async () => {
    await using scene = await opened("log");
    const messages = await flood(scene, [scene.ada, scene.ada, scene.ada]);
    const fileOf = () => scene.cards[0]?.attachments.map(({ id, content }) => ({ id, text: String(content) }));
    const before = fileOf();
    const versions = scene.cards[0]?.versions.length ?? 0;
    for (const message of messages.slice(1)) scene.guild.owner.deletes(message);
    await scene.settled();
    expect(scene.cards[0]?.versions.length).toBeGreaterThan(versions);
    expect(fileOf()).toEqual(before);
    await flood(scene, [scene.ada]);
    const [grown, ...others] = fileOf() ?? [];
    expect(others).toEqual([]);
    expect(grown?.id).not.toBe(before?.[0]?.id);
    expect(grown?.text).toContain(before?.[0]?.text);
  });

  it("has each failure on its card, and not only the first message's", async () => {
    await using scene = await opened("timeout");
    await flood(scene, [scene.ada]);
    // The time-out ends.
    scene.platform.advance(10 * 60_000);
    scene.platform.failEvery(({ method, route }) => method === "PATCH" && route.includes("/members/"), { status: 403 });
    await flood(scene, [scene.ada, scene.ada]);
    const failures = scene.cards[0]?.embeds[0]?.fields?.find(({ name }) => name === "Not done")?.value ?? "";
    expect(scene.cards).toHaveLength(1);
    expect(failures.split("\n").map((line) => line.replace(/(Not timed out): .*/, "$1"))).toEqual([
      "Review 2: Not timed out",
      "Review 3: Not timed out",
    ]);
  });

  it("is decided once for all of it, in the log channel or in the queue", async () => {
    await using scene = await opened();
    await flood(scene, [scene.ada, scene.ada, scene.ada]);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect(queue.embeds).toHaveLength(1);
    const said = (await scene.mona.presses(queue, "Reject all").response()).content;
    expect(said).toBe("Review 1 and 2 with it: rejected. 3 times: The message is gone already.");
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
    expect(asText(scene.cards[0] as Message)).toContain(`Rejected by ${scene.mona.mention}`);
  });

  it("is shown again, all of it, where it was hidden and is approved", async () => {
    await using scene = await opened("hide");
    await flood(scene, [scene.ada, scene.ada, scene.ada]);
    const said = (await scene.mona.presses(scene.cards[0] as Message, "Approve all").response()).content;
    expect(said).toBe("Review 1 and 2 with it: approved. 3 times: The message is shown again.");
    expect(scene.platform.posts(scene.general)).toHaveLength(3);
  });

  it("is decided as far as the moderator saw it: what came since is not shown again, and has a card", async () => {
    await using scene = await opened("hide");
    await flood(scene, [scene.ada, scene.ada]);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    await flood(scene, [scene.ada]);
    expect((await scene.mona.presses(queue, "Approve all").response()).content).toBe(
      "Review 1 and 1 with it: approved. 2 times: The message is shown again.",
    );
    await scene.settled();
    expect(scene.platform.posts(scene.general)).toHaveLength(2);
    expect((await scene.running.store.pendingReviews(scene.guild.id, 9)).map(({ id }) => id)).toEqual([3]);
    expect(scene.cards).toHaveLength(2);
    expect(fieldsOf(scene.cards[0])).toContain("2 messages, decided together");
    // Of that one nothing else is left.
    await scene.mona.presses(scene.cards[1] as Message, "Reject").response();
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
  });

  it("is appealed once for all of it, and decided so", async () => {
    await using scene = await opened();
    await flood(scene, [scene.ada, scene.ada]);
    await scene.mona.presses(scene.cards[0] as Message, "Reject all").response();
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    const card = scene.cards.at(-1) as Message;
    expect(fieldsOf(card)).toContain("2 messages, decided together");
    await scene.mona.presses(card, "Approve all").response();
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
    expect(scene.platform.posts(scene.ada.privately)).toHaveLength(2);
  });

  it("begins anew when it was decided, after a while, and for everybody else", async () => {
    await using scene = await opened();
    await flood(scene, [scene.ada, scene.bob]);
    expect(scene.cards).toHaveLength(2);
    await scene.mona.presses(scene.cards[0] as Message, "Reject").response();
    await flood(scene, [scene.ada]);
    expect(scene.cards).toHaveLength(3);
    scene.platform.advance(11 * 60_000);
    await flood(scene, [scene.ada]);
    expect(scene.cards).toHaveLength(4);
  });

  it("is no one matter where it is treated in different ways", async () => {
    await using scene = await opened();
    await flood(scene, [scene.ada]);
    const { version, settings } = await scene.running.store.settings(scene.guild.id);
    const moderation = { ...settings.moderation, shadow: true };
    const change = { guild: scene.guild.id, version, settings: { ...settings, moderation }, by: scene.mona.id, at: scene.platform.now() };
    await scene.running.store.changeSettings(change);
    await flood(scene, [scene.ada]);
    expect(scene.cards.map((card) => fieldsOf(card).filter((name) => /Done|Shadow/.test(name)))).toEqual([["Done"], ["Shadow mode"]]);
  });
});

describe("A raid", () => {
  it("of many who joined lately is one card, decided once, and each of them is told once", async () => {
    await using scene = await opened();
    const people = newcomers(scene, 7);
    await flood(scene, people);
    await flood(scene, people.slice(5));
    // Four are no raid yet.
    expect(scene.cards).toHaveLength(5);
    const card = scene.cards[4] as Message;
    expect(fieldsOf(card)).toContain("5 messages of 3 people, who joined lately, decided together");
    for (const person of people) expect(scene.platform.posts(person.privately)).toHaveLength(1);
    const said = (await scene.mona.presses(card, "Reject all").response()).content;
    expect(said).toBe("Review 5 and 4 with it: rejected. 5 times: The message is gone already.");
  });

  it("that puts the server back into shadow mode is one more card there", async () => {
    await using scene = await opened();
    await flood(scene, Array.from({ length: 6 }, () => newcomers(scene, 5)).flat());
    expect((await scene.running.store.settings(scene.guild.id)).settings.moderation.shadow).toBe(true);
    const inShadow = scene.cards.filter((card) => fieldsOf(card).includes("Shadow mode"));
    expect([inShadow.length, scene.cards.length - inShadow.length]).toEqual([1, 6]);
  });

  it("is none of people who have been there for long", async () => {
    await using scene = await opened();
    const people = newcomers(scene, 7);
    scene.platform.advance(2 * DAY_MS);
    await flood(scene, people);
    expect(scene.cards).toHaveLength(7);
  });

  it("that one of them appeals against is decided for that one alone", async () => {
    await using scene = await opened();
    const people = newcomers(scene, 7);
    await flood(scene, people);
    const [fifth] = people.slice(4);
    const form = await fifth?.presses(scene.platform.posts((fifth as Person).privately)[0] as Message, "Appeal").modal();
    await fifth?.submits(form as NonNullable<typeof form>, { reason: "I only quoted it." }).response();
    const said = (await scene.mona.presses(scene.cards.at(-1) as Message, "Approve").response()).content;
    expect(said).toMatch(/^Review 5: approved\./);
    expect((await scene.running.store.pendingReviews(scene.guild.id, 9)).map(({ id }) => id)).toEqual([1, 2, 3, 4, 6, 7]);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect(fieldsOf({ embeds: queue.embeds.slice(-1) } as unknown as Message)).toContain(
      "2 messages of 2 people, who joined lately, decided together",
    );
  });
});
