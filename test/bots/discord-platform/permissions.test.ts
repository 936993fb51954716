import { PermissionFlagsBits, Routes } from "discord.js";
import { expect, test } from "vitest";
import { logIn } from "../../support/discord/log-in.ts";
import { startPlatform } from "../../support/discord/platform.ts";

const { Administrator, EmbedLinks, ManageMessages, ReadMessageHistory, SendMessages, ViewChannel } = PermissionFlagsBits;

const MISSING_ACCESS = { code: 50001, status: 403 };
const MISSING_PERMISSIONS = { code: 50013, status: 403 };

test("The bot acts only where it is allowed to", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const without = (name: string, deny: bigint) => guild.addChannel({ name, overwrites: [{ target: platform.bot, deny }] });
  const [hidden, mute, plain] = [
    without("hidden", ViewChannel),
    without("mute", SendMessages),
    without("plain", EmbedLinks | ManageMessages),
  ];
  const message = guild.person("Ada").says(plain, "hello");
  await using bot = await logIn(platform);
  const { rest } = bot.client;
  const body = { content: "hi" };

  await expect(rest.post(Routes.channelMessages(hidden.id), { body })).rejects.toMatchObject(MISSING_ACCESS);
  await expect(rest.get(Routes.channel(hidden.id))).rejects.toMatchObject(MISSING_ACCESS);
  await expect(rest.post(Routes.channelMessages(mute.id), { body })).rejects.toMatchObject(MISSING_PERMISSIONS);
  await expect(rest.post(Routes.channelTyping(mute.id))).rejects.toMatchObject(MISSING_PERMISSIONS);
  await expect(rest.post(Routes.channelMessages(plain.id), { body: { embeds: [{ title: "x" }] } })).rejects.toMatchObject(
    MISSING_PERMISSIONS,
  );
  await expect(rest.delete(Routes.channelMessage(plain.id, message.id))).rejects.toMatchObject(MISSING_PERMISSIONS);
  await expect(rest.patch(Routes.channelMessage(plain.id, message.id), { body })).rejects.toMatchObject({ code: 50005 });

  expect(platform.everything).toEqual([]);
});

test("What is not there is unknown", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  const general = guild.channel("general");
  await using bot = await logIn(platform);
  const { rest } = bot.client;
  const nobody = "100000000000000000";

  await expect(rest.get(Routes.channel(nobody))).rejects.toMatchObject({ code: 10003, status: 404 });
  await expect(rest.get(Routes.channelMessage(general.id, nobody))).rejects.toMatchObject({ code: 10008 });
  await expect(rest.get(Routes.guild(nobody))).rejects.toMatchObject({ code: 10004 });
  await expect(rest.get(Routes.guildMember(guild.id, nobody))).rejects.toMatchObject({ code: 10007 });
  await expect(rest.get(Routes.user(nobody))).rejects.toMatchObject({ code: 10013 });
  await expect(bot.sendable(general).send({ content: "?", reply: { messageReference: nobody } })).rejects.toMatchObject({ code: 50035 });
  await bot.sendable(general).send({ content: "!", reply: { messageReference: nobody, failIfNotExists: false } });

  expect(platform.posts(general).map(({ content, replyTo }) => [content, replyTo])).toEqual([["!", undefined]]);
});

test("Without the history there is neither a list nor a reply", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const general = guild.channel("general");
  general.overwrite([
    { target: guild.everyone, deny: ReadMessageHistory },
    { target: guild.bot.user, deny: ReadMessageHistory },
  ]);
  const message = guild.person("Ada").says(general, "hello");
  await using bot = await logIn(platform);

  expect((await bot.sendable(general).messages.fetch()).size).toBe(0);
  await expect(bot.sendable(general).send({ content: "?", reply: { messageReference: message.id } })).rejects.toMatchObject({
    code: 160002,
  });
});

test("Time-outs need the permission and a higher role, end by themselves, and last 28 days at most", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const chief = guild.addRole({ name: "Chief", position: 200 });
  const admin = guild.addRole({ name: "Admin", permissions: Administrator });
  const [ada, general] = [guild.person("Ada"), guild.channel("general")];
  const protectedOnes = [guild.owner, guild.addMember({ name: "Ben", roles: [chief] }), guild.addMember({ name: "Cleo", roles: [admin] })];
  await using bot = await logIn(platform);
  const timeOut = (id: string, ms: number) => {
    const body = { communication_disabled_until: new Date(platform.now() + ms).toISOString() };
    return bot.client.rest.patch(Routes.guildMember(guild.id, id), { body });
  };

  for (const person of protectedOnes) await expect(timeOut(person.id, 1000)).rejects.toMatchObject(MISSING_PERMISSIONS);
  await expect(timeOut(ada.id, 29 * 24 * 60 * 60 * 1000)).rejects.toMatchObject({ code: 50035 });
  await timeOut(ada.id, 60_000);
  expect(() => ada.says(general, "ouch")).toThrow(/allowed to write/);
  platform.advance(60_000);
  ada.says(general, "again");
  [...guild.bot.roles][0]!.changePermissions(ManageMessages);
  await expect(timeOut(ada.id, 1000)).rejects.toMatchObject(MISSING_PERMISSIONS);
});

test("Several messages are deleted at once, if they are not too old", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  const old = ada.says(general, "old");
  platform.advance(15 * 24 * 60 * 60 * 1000);
  const ids = ["one", "two"].map((text) => ada.says(general, text).id);
  await using bot = await logIn(platform);
  const deleteAll = (messages: readonly string[]) => bot.client.rest.post(Routes.channelBulkDelete(general.id), { body: { messages } });

  await expect(deleteAll([old.id, ...ids])).rejects.toMatchObject({ code: 50034 });
  await expect(deleteAll(ids.slice(1))).rejects.toMatchObject({ code: 50016 });
  await deleteAll(ids);

  expect([...general.messages.values()]).toEqual([old]);
});

test("Roles are given and taken below the bot's own, reactions set and removed", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"], botPermissions: Administrator });
  const [cook, chief] = [guild.addRole({ name: "Cook" }), guild.addRole({ name: "Chief", position: 200 })];
  const ada = guild.person("Ada");
  const message = ada.says(guild.channel("general"), "soup");
  await using bot = await logIn(platform);
  const { rest } = bot.client;

  await rest.put(Routes.guildMemberRole(guild.id, ada.id, cook.id));
  await expect(rest.put(Routes.guildMemberRole(guild.id, ada.id, chief.id))).rejects.toMatchObject(MISSING_PERMISSIONS);
  expect([...guild.memberOf(ada).roles]).toEqual([cook]);
  await rest.delete(Routes.guildMemberRole(guild.id, ada.id, cook.id));
  expect(guild.memberOf(ada).roles.size).toBe(0);
  const emoji = encodeURIComponent("🍲");
  await rest.put(Routes.channelMessageOwnReaction(message.channel.id, message.id, emoji));
  expect([...message.reactions.keys()]).toEqual(["🍲"]);
  await rest.delete(Routes.channelMessageOwnReaction(message.channel.id, message.id, emoji));
  expect(message.reactions.size).toBe(0);
  await rest.delete(Routes.guildMember(guild.id, ada.id));

  expect(guild.members.has(ada.id)).toBe(false);
});

test("Roles, overwrites and threads add up as on Discord", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [readers, writers] = [guild.addRole({ name: "Readers" }), guild.addRole({ name: "Writers" })];
  const [ada, ben] = [guild.person("Ada"), guild.addMember({ name: "Ben", roles: [readers] })];
  const board = guild.addChannel({
    name: "board",
    overwrites: [
      { target: guild.everyone, deny: ViewChannel },
      { target: readers, allow: ViewChannel, deny: SendMessages | PermissionFlagsBits.SendMessagesInThreads },
    ],
  });
  const thread = board.addThread({ name: "talk", owner: ben });

  expect(() => ada.says(board, "?")).toThrow(/allowed to write/);
  expect(() => ben.says(board, "?")).toThrow(/allowed to write/);
  expect(() => ben.says(thread, "?")).toThrow(/allowed to write/);
  board.overwrite([...board.overwrites, { target: ben, allow: PermissionFlagsBits.SendMessagesInThreads }]);
  ben.says(thread, "!");
  board.overwrite([...board.overwrites, { target: writers, allow: SendMessages }]);
  guild.memberOf(ben).addRole(writers);
  ben.says(board, "!");
  guild.owner.says(board, "!");

  expect(() => ada.deletes(guild.owner.says(guild.channel("general"), "!"))).toThrow(/allowed to delete/);
});
