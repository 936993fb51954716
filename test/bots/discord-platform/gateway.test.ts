import { once } from "node:events";
import { Client, Events, GatewayIntentBits } from "discord.js";
import { expect, test } from "vitest";
import { heard, logIn } from "../../support/discord/log-in.ts";
import { startPlatform } from "../../support/discord/platform.ts";

test("A wrong token is refused", async () => {
  await using platform = await startPlatform();
  const client = new Client({ ...platform.clientOptions, intents: [] });
  await expect(client.login("wrong")).rejects.toThrow(/invalid token/);
  await client.destroy();
});

test("Intents that were not granted end the connection", async () => {
  await using platform = await startPlatform({ deniedIntents: GatewayIntentBits.MessageContent });
  const client = new Client({ ...platform.clientOptions, intents: ["Guilds", "MessageContent"] });
  await expect(client.login(platform.token)).rejects.toThrow(/disallowed intents/);
  await client.destroy();
});

test("Who is told of nothing but guilds hears nothing", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  await using bot = await logIn(platform, { intents: ["Guilds"] });
  const texts = heard(bot);

  guild.person("Ada").says(guild.channel("general"), "hello");
  guild.person("Ada").says(guild.person("Ada").privately, "hello");
  await platform.idle();

  expect(texts).toEqual([]);
});

test("Without Message Content, only what is meant for the bot can be read", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  await using bot = await logIn(platform, { intents: ["Guilds", "GuildMessages", "DirectMessages"] });
  const texts = heard(bot);
  const own = await bot.sendable(general).send("own");
  const post = platform.posts(general)[0]!;

  const edits: string[] = [];
  const file = { name: "x.txt", content: Buffer.from("x") };
  const later = ada.says(general, "not for the bot", { attachments: [file] });
  ada.says(general, `for the bot ${platform.bot.mention}`);
  ada.says(general, "to the bot", { replyTo: post });
  ada.says(general, "past the bot", { replyTo: post, isSilent: true });
  ada.says(ada.privately, "in private");
  bot.client.on(Events.MessageUpdate, (_, { content }) => edits.push(content));
  ada.edits(later, `now for the bot ${platform.bot.mention}`);
  await platform.idle();

  expect(edits).toEqual([`now for the bot ${platform.bot.mention}`]);
  expect(own.content).toBe("own");
  expect(texts).toEqual(["own", "", `for the bot ${platform.bot.mention}`, "to the bot", "", "in private"]);
});

test("The REST interface blanks messages, too, for an application that was not granted their content", async () => {
  await using platform = await startPlatform({ deniedIntents: GatewayIntentBits.MessageContent });
  const guild = platform.addGuild({ members: ["Ada"] });
  guild.person("Ada").says(guild.channel("general"), "not for the bot");
  await using bot = await logIn(platform, { intents: ["Guilds"] });

  const messages = await bot.sendable(guild.channel("general")).messages.fetch();

  expect(messages.map(({ content }) => content)).toEqual([""]);
});

test("The bot is not told of channels that it cannot see", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const hidden = guild.addChannel({ name: "hidden", overwrites: [{ target: platform.bot, deny: 1024n }] });
  [...guild.bot.roles][0]!.changePermissions(0n);
  const whispers = guild.channel("general").addThread({ name: "whispers", isPrivate: true, owner: guild.person("Ada") });
  await using bot = await logIn(platform);
  const texts = heard(bot);

  guild.person("Ada").says(hidden, "hidden");
  guild.person("Ada").says(whispers, "whispered");
  guild.person("Ada").says(guild.channel("general"), "open");
  await platform.idle();
  expect(texts).toEqual(["open"]);
  expect(bot.client.channels.cache.has(whispers.id)).toBe(false);
  whispers.join(platform.bot);
  guild.person("Ada").says(whispers, "shared");
  await platform.idle();

  expect(texts).toEqual(["open", "shared"]);
});

test("Each shard is told of its own guilds, and the first one of private messages", async () => {
  await using platform = await startPlatform();
  const guilds = [platform.addGuild({ members: ["Ada"] }), platform.addGuild({ members: ["Ben"] })].toSorted(
    (left, right) => left.shardOf(2) - right.shardOf(2),
  );
  await using first = await logIn(platform, { shards: [0], shardCount: 2 });
  await using second = await logIn(platform, { shards: [1], shardCount: 2 });
  const texts = [heard(first), heard(second)];

  for (const guild of guilds) guild.owner.says(guild.channel("general"), guild.name);
  guilds[1]!.owner.says(guilds[1]!.owner.privately, "in private");
  await platform.idle();

  expect(guilds.map((guild) => guild.shardOf(2))).toEqual([0, 1]);
  expect(texts).toEqual([[guilds[0]!.name, "in private"], [guilds[1]!.name]]);
  expect(platform.logins.map(({ shard }) => shard)).toEqual([
    [0, 2],
    [1, 2],
  ]);
});

test("Guilds, channels, roles and members come and go before the client's eyes", async () => {
  await using platform = await startPlatform();
  await using bot = await logIn(platform, { intents: ["Guilds", "GuildMembers"] });
  const guild = platform.addGuild({ name: "Later" });
  await once(bot.client, Events.GuildCreate);
  const known = bot.client.guilds.cache.get(guild.id)!;

  const role = guild.addRole({ name: "Cooks" });
  const ada = guild.addMember({ name: "Ada", roles: [role] });
  const channel = guild.addChannel({ name: "kitchen" });
  await platform.idle();
  expect(known.members.cache.get(ada.id)?.roles.cache.has(role.id)).toBe(true);
  expect(known.channels.cache.get(channel.id)?.name).toBe("kitchen");
  expect(known.members.me?.permissionsIn(channel.id).has("SendMessages")).toBe(true);
  channel.overwrite([{ target: platform.bot, deny: 2048n }]);
  await platform.idle();
  expect(known.members.me?.permissionsIn(channel.id).has("SendMessages")).toBe(false);
  expect((await known.members.fetch()).map(({ displayName }) => displayName)).toEqual(["Owner of Later", "Rain", "Ada"]);
  guild.removeMember(ada);
  channel.delete();
  role.changePermissions(8n);
  await platform.idle();
  expect([known.members.cache.has(ada.id), known.channels.cache.has(channel.id)]).toEqual([false, false]);
  expect(known.roles.cache.get(role.id)?.permissions.bitfield).toBe(8n);
  guild.removeBot();
  await platform.idle();

  expect(bot.client.guilds.cache.size).toBe(0);
});

test("An outage is not the end of a guild", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  await using bot = await logIn(platform);

  guild.breakDown();
  await once(bot.client, Events.GuildUnavailable);
  guild.comeBack();
  await once(bot.client, Events.GuildAvailable);

  expect(bot.client.guilds.cache.has(guild.id)).toBe(true);
});

test("Closing never waits for clients", async () => {
  const platform = await startPlatform();
  const bot = await logIn(platform);
  const waiting = expect(platform.until(() => false)).rejects.toThrow(/was closed/);
  await platform.close();
  await waiting;
  await bot.client.destroy();
});
