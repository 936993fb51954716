import { Routes } from "discord.js";
import { expect, test } from "vitest";
import { logIn } from "../../support/discord/log-in.ts";
import { startPlatform } from "../../support/discord/platform.ts";

const POSTING = { method: "POST", route: "/channels/:channel/messages" } as const;

test.for([
  [500, { status: 500 }],
  [502, { status: 502 }],
  [403, { status: 403, code: 50013 }],
  [404, { status: 404, code: 10008 }],
  ["hang-up", { code: "UND_ERR_SOCKET" }],
] as const)("A request that is to fail with %s fails so, and the next one does not", async ([status, error]) => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform, { rest: { retries: 0 } });
  platform.failNext({ ...POSTING, status });

  await expect(bot.sendable(general).send("one")).rejects.toMatchObject(error);
  await bot.sendable(general).send("two");

  expect(platform.posts(general).map(({ content }) => content)).toEqual(["two"]);
  expect(platform.requests.slice(-2).map((request) => request.status)).toEqual([status === "hang-up" ? "hung up" : status, 200]);
});

test("discord.js tries again after a server error", async () => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform);
  platform.failNext({ ...POSTING, status: 500, times: 3 });

  await bot.sendable(general).send("stubborn");

  expect(platform.requests.filter(({ route }) => route === POSTING.route).map(({ status }) => status)).toEqual([500, 500, 500, 200]);
});

test.for(["accepted-then-500", "accepted-then-hang-up"] as const)(
  "A request that was %s has been carried out, and a nonce keeps it from being so twice",
  async (status) => {
    await using platform = await startPlatform();
    const general = platform.addGuild().channel("general");
    await using bot = await logIn(platform, { rest: { retries: 0 } });
    const post = () => bot.sendable(general).send({ content: "once", nonce: "7", enforceNonce: true });
    platform.failNext({ ...POSTING, status });

    await expect(post()).rejects.toThrow();
    expect(platform.posts(general)).toHaveLength(1);
    await post();

    expect(platform.posts(general)).toHaveLength(1);
  },
);

test.for([false, true])("After a 429 the client waits as long as it is told (for all routes: %s)", async (isGlobal) => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform, { rest: { offset: 0 } });
  platform.failNext({ ...POSTING, status: 429, retryAfterMs: 30, isGlobal });

  await bot.sendable(general).send("patient");

  expect(platform.requests.slice(-2).map(({ status }) => status)).toEqual([429, 200]);
  expect(platform.requests.at(-2)?.answer).toEqual({ message: "You are being rate limited.", retry_after: 0.03, global: isGlobal });
});

test("A client that reads the headers never exceeds a limit", async () => {
  await using platform = await startPlatform();
  const general = platform.addGuild().channel("general");
  await using bot = await logIn(platform, { rest: { offset: 10 } });
  platform.limitRate({ route: POSTING.route, requests: 2, windowMs: 60 });

  await Promise.all(["1", "2", "3", "4", "5"].map((text) => bot.sendable(general).send(text)));

  expect(platform.posts(general)).toHaveLength(5);
  expect(platform.requests.filter(({ status }) => status === 429)).toEqual([]);
});

test("A client that asks too much of everything at once is held back", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ channels: ["a", "b", "c"] });
  await using bot = await logIn(platform, { rest: { offset: 10 } });
  platform.limitRate({ requests: 2, windowMs: 60 });

  await Promise.all(["a", "b", "c"].map((name) => bot.sendable(guild.channel(name)).send(name)));

  expect(platform.requests.find(({ status }) => status === 429)?.answer).toMatchObject({ global: true });
  expect(["a", "b", "c"].flatMap((name) => platform.posts(guild.channel(name)))).toHaveLength(3);
});

test("Every request of a kind can fail, until it no longer does", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const question = guild.person("Ada").says(guild.channel("general"), "hello");
  await using bot = await logIn(platform, { rest: { retries: 0 } });
  const recover = platform.failEvery(({ method }) => method !== "GET", { status: 500 });
  const { rest } = bot.client;

  await expect(rest.delete(Routes.channelMessage(question.channel.id, question.id))).rejects.toMatchObject({ status: 500 });
  await expect(rest.get(Routes.channelMessage(question.channel.id, question.id))).resolves.toMatchObject({ content: "hello" });
  recover();
  await rest.delete(Routes.channelMessage(question.channel.id, question.id));

  expect(question.isDeleted).toBe(true);
});

test("A request can be held, while something else happens", async () => {
  await using platform = await startPlatform();
  const guild = platform.addGuild({ members: ["Ada"] });
  const question = guild.person("Ada").says(guild.channel("general"), "hello");
  await using bot = await logIn(platform);
  const hold = platform.holdNext(POSTING);

  const replying = bot.sendable(question.channel).send({ content: "too late", reply: { messageReference: question.id } });
  expect((await hold.arrived).body).toMatchObject({ content: "too late" });
  await bot.client.rest.get(Routes.user());
  guild.person("Ada").deletes(question);
  hold.release();

  await expect(replying).rejects.toMatchObject({
    code: 50035,
    rawError: { errors: { message_reference: { _errors: [{ code: "REPLIES_UNKNOWN_MESSAGE" }] } } },
  });
});

test("A token that is wrong and a route that is not there are refused", async () => {
  await using platform = await startPlatform();
  await using bot = await logIn(platform);

  await expect(bot.client.rest.get("/nowhere/at/all")).rejects.toMatchObject({ status: 404, code: 0 });
  bot.client.rest.setToken("stolen");
  await expect(bot.client.rest.get(Routes.user())).rejects.toMatchObject({ status: 401 });
});
