import { PermissionFlagsBits } from "discord.js";
import { expect, it } from "vitest";
import type { Channel } from "../../support/discord/world/channel.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";

const QUESTION = "How do I visit the castle?";

function mute(scene: Scene): Channel {
  const deny = PermissionFlagsBits.SendMessages | PermissionFlagsBits.ReadMessageHistory;
  return scene.guild.addChannel({ name: "mute", overwrites: [{ target: scene.guild.bot.user, deny }] });
}

it("tells the server's owner in private, once, where it is asked and may not write", async () => {
  await using scene = await Scene.open(STEADY);
  const channel = mute(scene);
  for (const person of [scene.ada, scene.bob, scene.ada]) person.says(channel, scene.mention(QUESTION));
  await scene.settled();
  const told = scene.platform.posts(scene.guild.owner.privately).map(({ content }) => content);
  expect(told).toEqual([
    `I was asked something in <#${channel.id}> of Guild 1, and cannot answer there: I lack Read Message History, Send Messages. Either let me, or set \`talk.channels\` to where I am to answer.`,
  ]);
  expect(scene.platform.posts(channel)).toEqual([]);
  expect(await scene.running.store.lastReplies(scene.guild.id, channel.id, 9)).toEqual([]);
});

it("says so in the log channel, where there is one", async () => {
  await using scene = await Scene.open(STEADY, { moderation: { logChannel: "123456789012345678" } });
  const log = scene.guild.channel("log");
  await scene.running.set(scene.guild, { moderation: { logChannel: log.id } });
  scene.ada.says(mute(scene), scene.mention(QUESTION));
  await scene.settled();
  expect(scene.platform.posts(log).map(({ content }) => content)).toEqual([expect.stringContaining("cannot answer there")]);
  expect(scene.platform.posts(scene.guild.owner.privately)).toEqual([]);
});

it("says nothing of channels in which it is not asked, or is not to answer", async () => {
  await using scene = await Scene.open(STEADY);
  const channel = mute(scene);
  scene.ada.says(channel, "Good morning.");
  await scene.running.set(scene.guild, { talk: { channels: [scene.general.id] } });
  scene.ada.says(channel, scene.mention(QUESTION));
  const question = scene.ada.says(scene.general, scene.mention(QUESTION));
  expect((await scene.platform.replyTo(question)).content).toBe(STEADY_ANSWER);
  await scene.settled();
  expect(scene.platform.posts(scene.guild.owner.privately)).toEqual([]);
});
