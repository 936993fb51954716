import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

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

  it("is for nobody else: not the file for who only moderates, and nothing of another server", async () => {
    await using scene = await decidedScene();
    const helpers = scene.guild.addRole({ name: "Helpers", permissions: PermissionFlagsBits.ManageMessages });
    const helper = scene.guild.addMember({ name: "Hal", roles: [helpers] });
    const refused = await helper.uses(scene.general, "/moderate audit", { export: true }).response();
    expect(asText(refused)).toContain("Only who may manage the server may do that.");
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: [] });
    await scene.platform.idle();
    const other = await elsewhere.owner.uses(elsewhere.channel("general"), "/moderate audit").response();
    expect(other.content).toBe("The audit says nothing of that.");
  });
});
