import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import type { Person } from "../../support/discord/people/person.ts";
import { eachComponent } from "../../support/discord/world/each-component.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { DAY_MS, newReview } from "../../support/store-records.ts";

/** Two messages of two people; the moderator lets one pass, and the owner does not let the other. */
async function decidedScene(): Promise<Scene> {
  const scene = await Scene.moderated(STEADY, "log");
  for (const person of [scene.ada, scene.bob]) {
    person.says(scene.general, `${STEADY_BAD} ${person.name}`);
    await scene.settled();
  }
  const [first, second] = scene.cards as Message[];
  await scene.mona.presses(first as Message, "Approve").response();
  scene.platform.advance(60_000);
  await scene.guild.owner.presses(second as Message, "Reject").response();
  return scene;
}

function linesOf(message: Message): readonly string[] {
  return message.embeds[0]?.description?.split("\n").map((line) => line.replace(/^<t:\d+:f>: /, "")) ?? [];
}

/** May manage messages, and not the server. */
function helperIn({ guild }: Scene): Person {
  const helpers = guild.addRole({ name: "Helpers", permissions: PermissionFlagsBits.ManageMessages });
  return guild.addMember({ name: "Hal", roles: [helpers] });
}

describe("/moderate audit", () => {
  it("says who did what about whose message, the newest first, and pings nobody", async () => {
    await using scene = await decidedScene();
    const { ada, bob, mona, guild } = scene;
    const answer = await mona.uses(scene.general, "/moderate audit").response();
    expect(linesOf(answer)).toEqual([
      `${guild.owner.mention} rejected (review 2, a message of ${bob.mention})`,
      `${mona.mention} approved (review 1, a message of ${ada.mention})`,
    ]);
    expect([answer.pings, answer.attachments, scene.running.bot.leaks]).toEqual([[], [], 0]);
  });

  it("can be of one moderator, or about one person", async () => {
    await using scene = await decidedScene();
    const { ada, bob, mona } = scene;
    const by = await mona.uses(scene.general, "/moderate audit", { moderator: mona }).response();
    expect(linesOf(by)).toEqual([`${mona.mention} approved (review 1, a message of ${ada.mention})`]);
    const about = await mona.uses(scene.general, "/moderate audit", { person: bob }).response();
    expect(linesOf(about)).toEqual([`${scene.guild.owner.mention} rejected (review 2, a message of ${bob.mention})`]);
    const nothing = await mona.uses(scene.general, "/moderate audit", { moderator: ada }).response();
    expect(nothing.content).toBe("The audit says nothing of that.");
  });

  it("is a file with whole texts for who may manage the server, who stands in it then", async () => {
    await using scene = await decidedScene();
    const answer = await scene.mona.uses(scene.general, "/moderate audit", { export: true }).response();
    const lines = String(answer.attachments[0]?.content).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { event: "review.rejected", actor: scene.guild.owner.id, author: scene.bob.id, text: `${STEADY_BAD} Bob` },
      { event: "review.approved", actor: scene.mona.id, author: scene.ada.id, text: `${STEADY_BAD} Ada` },
    ]);
    expect((await scene.running.store.audit(scene.guild.id, 1))[0]).toMatchObject({ event: "audit.exported", actor: scene.mona.id });
  });

  it("is a file without texts for who only moderates", async () => {
    await using scene = await decidedScene();
    const answer = await helperIn(scene).uses(scene.general, "/moderate audit", { export: true }).response();
    expect(answer.content).toBe("2 entries. Whole texts are for who may manage the server.");
    const file = String(answer.attachments[0]?.content);
    expect(file.split("\n").map((line) => line && JSON.parse(line))).toMatchObject([
      { author: scene.bob.id },
      { author: scene.ada.id },
      "",
    ]);
    expect(file).not.toContain(STEADY_BAD);
    expect((await scene.running.store.audit(scene.guild.id, 1))[0]?.detail).toBe("2 entries");
  });

  it("is a file with what an author says to it, and with no text that is not kept any more", async () => {
    await using scene = await decidedScene();
    const { running, guild, mona, general, bob, platform } = scene;
    const text = `Look elsewhere. ${STEADY_BAD}`;
    await running.store.appeal({ guild: guild.id, id: 2, author: bob.id, text });
    const taken = () => mona.uses(general, "/moderate audit", { export: true, person: bob }).response();
    expect(String((await taken()).attachments[0]?.content)).toContain(JSON.stringify(text));
    platform.advance(365 * DAY_MS);
    await running.store.addAudit({
      guild: guild.id,
      actor: mona.id,
      event: "review.rejected",
      detail: "review 2",
      at: scene.platform.now(),
    });
    await running.store.purgeExpired(scene.platform.now());
    const later = await mona.uses(general, "/moderate audit", { export: true }).response();
    expect(String(later.attachments[0]?.content)).toContain('"detail":"review 2"');
    expect(String(later.attachments[0]?.content)).not.toContain(STEADY_BAD);
  });

  it("is no longer than Discord takes, and says what is left out", async () => {
    await using scene = await decidedScene();
    const { running, guild, mona, general } = scene;
    // Four thousand characters of three bytes, a thousand times, are more than 10 MiB.
    const { excerpt, text } = { excerpt: "雨", text: "雨".repeat(4000) };
    const id = await running.store.addReview(newReview({ guild: guild.id, excerpt, text }));
    const record = { guild: guild.id, actor: mona.id, event: "review.approved", detail: `review ${id}`, at: scene.platform.now() };
    for (let count = 0; count < 1000; count++) await running.store.addAudit(record);
    const answer = await mona.uses(general, "/moderate audit", { export: true }).response();
    const lines = String(answer.attachments[0]?.content).trim().split("\n");
    expect(answer.content).toBe(`${lines.length} entries. The oldest are left out: Discord takes no longer file.`);
    expect(lines.length).toBeGreaterThan(700);
    expect(JSON.parse(lines.at(-1) ?? "")).toMatchObject({ review: id, text });
  });

  it("finds what one moderator did, and what was done about one person, behind thousands of other entries", async () => {
    await using scene = await decidedScene();
    const { running, guild, mona, general, bob } = scene;
    const record = { guild: guild.id, actor: mona.id, event: "settings.changed", detail: "version 9", at: scene.platform.now() };
    for (let count = 0; count < 1500; count++) await running.store.addAudit(record);
    const line = `${guild.owner.mention} rejected (review 2, a message of ${bob.mention})`;
    expect(linesOf(await mona.uses(general, "/moderate audit", { moderator: guild.owner }).response())).toEqual([line]);
    expect(linesOf(await mona.uses(general, "/moderate audit", { person: bob }).response())).toEqual([line]);
  });

  it("is read on page by page, to its end, each entry once, and back to the newest", async () => {
    await using scene = await decidedScene();
    const { running, guild, mona, general } = scene;
    for (let count = 0; count < 150; count++) {
      const detail = `version ${count}`;
      await running.store.addAudit({ guild: guild.id, actor: mona.id, event: "settings.changed", detail, at: scene.platform.now() });
    }
    let page = await mona.uses(general, "/moderate audit", { moderator: mona }).response();
    const first = linesOf(page);
    const read = [...first];
    const buttons = () => [...eachComponent(page.components)].flatMap((component) => ("label" in component ? [component.label] : []));
    while (buttons().includes("Older")) {
      page = await mona.presses(page, "Older").response();
      read.push(...linesOf(page));
    }
    expect(read).toHaveLength(151);
    expect(read.slice(0, 150)).toEqual(
      Array.from({ length: 150 }, (_, index) => `${mona.mention} changed the settings (version ${149 - index})`),
    );
    expect(linesOf(await mona.presses(page, "Newest").response())).toEqual(first);
    const forged = await scene.ada.forges(page, "audit:::").response();
    expect(forged.content).toContain("moderators");
  });

  it("says nothing of another server", async () => {
    await using scene = await decidedScene();
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: [] });
    await scene.platform.idle();
    for (const options of [{}, { export: true }]) {
      const other = await elsewhere.owner.uses(elsewhere.channel("general"), "/moderate audit", options).response();
      expect([other.content, other.attachments]).toEqual(["The audit says nothing of that.", []]);
    }
  });
});
