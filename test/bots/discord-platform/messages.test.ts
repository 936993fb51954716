import { Events, MessageFlags, MessageType, type Message as ReceivedMessage, Routes } from "discord.js";
import { expect, test } from "vitest";
import { logIn } from "../../support/discord/log-in.ts";
import { startPlatform } from "../../support/discord/platform.ts";

test("What a person says reaches the bot, and its reply reaches the channel", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
  await using bot = await logIn(platform);
  bot.client.on(Events.MessageCreate, (message) => {
    if (!message.author.bot) void message.reply(`You said: ${message.content}`);
  });

  const question = guild.person("Ada").says(guild.channel("general"), "hello");
  const answer = await platform.nextPost(guild.channel("general"));

  expect(answer).toMatchObject({ content: "You said: hello", replyTo: question, pings: ["@Ada"] });
  expect(await platform.replyTo(question)).toBe(answer);
  await platform.idle();
  expect(platform.requests.at(-1)).toMatchObject({ method: "POST", route: "/channels/:channel/messages", status: 200 });
  expect(platform.sentTexts()).toContain("You said: hello");
  expect(bot.errors).toEqual([]);
});

test("The bot sees edits, deletions, replies and reactions", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada", "Ben"] });
  const [general, ada, ben] = [guild.channel("general"), guild.person("Ada"), guild.person("Ben")];
  await using bot = await logIn(platform, { intents: ["Guilds", "GuildMessages", "GuildMessageReactions", "MessageContent"] });
  const seen: unknown[] = [];
  bot.client.on(Events.MessageCreate, ({ content, reference }) => seen.push([content, reference?.messageId]));
  bot.client.on(Events.MessageUpdate, (before, after) => seen.push([before.content, after.content]));
  bot.client.on(Events.MessageDelete, ({ id }) => seen.push(id));
  bot.client.on(Events.MessageReactionAdd, ({ emoji }, { id }) => seen.push([emoji.name, id]));

  const first = ada.says(general, "one");
  ben.says(general, "two", { replyTo: first });
  ada.edits(first, "uno");
  ben.reacts(first, "👍");
  ada.deletes(first);
  await platform.idle();

  expect(seen).toEqual([["one", undefined], ["two", first.id], ["one", "uno"], ["👍", ben.id], first.id]);
});

test("A preview of a link is told as an update that nobody made", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const message = guild.person("Ada").says(guild.channel("general"), "https://example.com");
  await using bot = await logIn(platform);
  const seen: unknown[] = [];
  bot.client.on(Events.MessageUpdate, (_, { embeds, editedAt }) => seen.push([embeds.length, editedAt]));
  await bot.sendable(guild.channel("general")).messages.fetch();

  message.unfurl([{ title: "Example" }]);
  await platform.idle();

  expect(seen).toEqual([[1, null]]);
});

test("People talk to the bot in private, once they have something to do with it", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada", "Ben"] });
  const [ada, ben, stranger] = [guild.person("Ada"), guild.person("Ben"), platform.person("Cleo")];
  ben.acceptsDirectMessages = false;
  await using bot = await logIn(platform);
  bot.client.on(Events.MessageCreate, (message) => {
    if (message.channel.isDMBased() && !message.author.bot) void message.reply("in private");
  });

  ada.says(ada.privately, "psst");
  expect((await platform.nextPost(ada.privately)).content).toBe("in private");
  await expect(bot.client.users.send(ben.id, "hello")).rejects.toMatchObject({ code: 50007 });
  await expect(bot.client.users.send(stranger.id, "hello")).rejects.toMatchObject({ code: 50007 });
});

test("Threads, webhooks and other bots are told apart", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  const robot = guild.addMember({ name: "Robot", isBot: true });
  await using bot = await logIn(platform);
  const seen: ReceivedMessage[] = [];
  bot.client.on(Events.MessageCreate, (message) => seen.push(message));

  const thread = general.addThread({ name: "more", owner: ada });
  ada.says(thread, "in a thread");
  general.addWebhook("News").says("by a webhook");
  robot.says(general, "by a bot");
  ada.says(general, "", { type: MessageType.UserJoin });
  await platform.idle();

  expect(seen.map(({ content }) => content)).toEqual(["in a thread", "by a webhook", "by a bot", ""]);
  expect(seen.map(({ channel }) => channel.isThread())).toEqual([true, false, false, false]);
  expect(seen.map(({ webhookId }) => webhookId !== null)).toEqual([false, true, false, false]);
  expect(seen.map(({ author }) => author.bot)).toEqual([false, true, true, false]);
  expect(seen.map(({ system }) => system)).toEqual([false, false, false, true]);
});

test("The bot starts threads and answers in them", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const question = guild.person("Ada").says(guild.channel("general"), "a long story");
  await using bot = await logIn(platform);

  const channel = await bot.client.channels.fetch(question.channel.id);
  const received = channel?.isTextBased() ? await channel.messages.fetch(question.id) : undefined;
  const thread = await received?.startThread({ name: "story" });
  await thread?.send("go on");

  expect((await platform.nextPost(guild.channel("story"))).content).toBe("go on");
});

test("Messages are listed as Discord lists them", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  const said = ["1", "2", "3", "4", "5"].map((text) => ada.says(general, text));
  await using bot = await logIn(platform);
  const texts = async (query: Record<string, string>) => {
    const list = (await bot.client.rest.get(Routes.channelMessages(general.id), { query: new URLSearchParams(query) })) as {
      content: string;
    }[];
    return list.map(({ content }) => content);
  };

  expect(await texts({})).toEqual(["5", "4", "3", "2", "1"]);
  expect(await texts({ limit: "2", before: said[3]!.id })).toEqual(["3", "2"]);
  expect(await texts({ limit: "2", after: said[1]!.id })).toEqual(["4", "3"]);
  expect(await texts({ limit: "3", around: said[2]!.id })).toEqual(["4", "3", "2"]);
  await expect(texts({ limit: "101" })).rejects.toMatchObject({ code: 50035 });
});

test("The same nonce means the same message, for a while", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  await using bot = await logIn(platform);
  const post = (content: string) => {
    const body = { content, nonce: "42", enforce_nonce: true };
    return bot.client.rest.post(Routes.channelMessages(guild.channel("general").id), { body });
  };

  const first = await post("once");
  expect(await post("again")).toMatchObject({ id: (first as { id: string }).id, content: "once" });
  platform.advance(6 * 60 * 1000);
  await post("much later");

  expect(platform.posts(guild.channel("general")).map(({ content }) => content)).toEqual(["once", "much later"]);
});

test("Every post says whom it pings", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"], botPermissions: 8n });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  const cooks = guild.addRole({ name: "Cooks" });
  await using bot = await logIn(platform);
  const channel = bot.sendable(general);
  const content = `@everyone ${ada.mention} ${cooks.mention} \`@here\``;

  await channel.send({ content });
  await channel.send({ content, allowedMentions: { parse: [] } });
  await channel.send({ content, allowedMentions: { parse: ["roles"], users: [ada.id] } });
  await channel.send({ content: "`@everyone`" });

  const pings = platform.posts(general).map((post) => post.pings);
  expect(pings).toEqual([["@everyone", "@Ada", "@Cooks"], [], ["@Ada", "@Cooks"], []]);
});

test("Who may not ping everybody, pings nobody", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  const cooks = guild.addRole({ name: "Cooks" });
  await using bot = await logIn(platform);

  await bot.client.rest.post(Routes.channelMessages(guild.channel("general").id), { body: { content: `@everyone ${cooks.mention}` } });

  expect((await platform.nextPost(guild.channel("general"))).pings).toEqual([]);
});

test("Files travel both ways, and are kept with the request", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const general = guild.channel("general");
  await using bot = await logIn(platform);
  const shout = async ({ author, attachments, channel }: ReceivedMessage) => {
    const url = attachments.first()?.url;
    if (author.bot || url === undefined || !channel.isSendable()) return;
    const text = await (await fetch(url)).text();
    await channel.send({ files: [{ attachment: Buffer.from(text.toUpperCase()), name: "loud.txt" }] });
  };
  bot.client.on(Events.MessageCreate, (message) => void shout(message));

  guild.person("Ada").says(general, "look", { attachments: [{ name: "quiet.txt", content: Buffer.from("hush") }] });
  const answer = await platform.nextPost(general);

  expect(answer.attachments.map(({ name, content }) => [name, String(content)])).toEqual([["loud.txt", "HUSH"]]);
  expect(platform.requests.at(-1)?.files).toMatchObject([{ field: "files[0]", name: "loud.txt" }]);
  expect(platform.sentTexts()).toContain("HUSH");
});

test("The typing indicator lasts ten seconds, or until the bot posts", async () => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform);
  const channel = bot.sendable(general);

  await channel.sendTyping();
  expect(general.isBotTyping).toBe(true);
  platform.advance(10_000);
  expect(general.isBotTyping).toBe(false);
  await channel.sendTyping();
  await channel.send("done");
  expect(general.isBotTyping).toBe(false);
});

test("A post keeps all it ever showed, and an edit pings nobody", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild();
  const general = guild.channel("general");
  await using bot = await logIn(platform);
  const channel = bot.sendable(general);

  const sent = await channel.send({ content: "one", flags: MessageFlags.SuppressNotifications });
  await sent.edit(`two ${guild.owner.mention}`);
  const [post] = platform.posts(general);
  await sent.delete();

  expect(post?.versions.map(({ content }) => content)).toEqual(["one", `two ${guild.owner.mention}`]);
  expect(post).toMatchObject({ pings: [], mentions: { users: [guild.owner] } });
  expect(platform.posts(general)).toEqual([]);
  expect(platform.everything).toEqual([post]);
});

test("After a long run everything can be forgotten, and goes on", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const [general, ada] = [guild.channel("general"), guild.person("Ada")];
  await using bot = await logIn(platform);
  bot.client.on(Events.MessageCreate, (message) => {
    if (!message.author.bot) void message.reply("yes");
  });
  ada.says(general, "one");
  await platform.nextPost(general);
  await platform.idle();

  platform.forget();
  expect([platform.requests, platform.everything, platform.posts(general)]).toEqual([[], [], []]);
  ada.says(general, "two");

  expect((await platform.nextPost(general)).replyTo?.content).toBe("two");
});

test("What never happens is an error that tells what did", async () => {
  await using platform = await startPlatform({ patienceMs: 50 });
  const guild = platform.addGuild({ members: ["Ada"] });
  guild.person("Ada").says(guild.channel("general"), "hello");

  await expect(platform.nextPost(guild.channel("general"))).rejects.toThrow(/a post in general within 0.05 s.*Ada says in general: hello/s);
});
