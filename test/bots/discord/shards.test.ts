import { Events } from "discord.js";
import { describe, expect, it } from "vitest";
import { shardOf } from "../../support/discord/clock.ts";
import type { Guild } from "../../support/discord/world/guild.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { Gate } from "../../support/gate.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";

/** A bot of two shards, and a guild of each. */
async function open(inference = STEADY) {
  const running = await RunningBot.start({ inference, platform: { shards: 2 }, shards: "auto" });
  const guilds = ["One", "Another"].map((name) => running.platform.addGuild({ name, members: ["Ada"] }));
  for (const guild of guilds) await running.set(guild, {});
  await running.login();
  const { bot } = running;
  /** Which shards are heard, and what the figures say of them. */
  const heard = async () => ({
    shards: bot.shards,
    isReady: bot.isReady,
    figures: await bot.metrics.registry.getSingleMetricAsString("rain_shards"),
  });
  const of = (shard: number) => guilds.find(({ id }) => shardOf(id, 2) === shard) ?? expect.fail("Expected guilds of both shards");
  const ask = (guild: Guild) => guild.person("Ada").says(guild.channel("general"), `${running.platform.bot.mention} Where is the museum?`);
  return { running, heard, first: of(0), second: of(1), ask, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
}

const BOTH = {
  shards: [
    { id: 0, isReady: true },
    { id: 1, isReady: true },
  ],
  isReady: true,
};

describe("A bot of two shards", () => {
  it("hears the guilds of both, and is ready when both are", async () => {
    await using scene = await open();
    const { running, heard, first, second, ask } = scene;
    for (const guild of [first, second]) expect((await running.platform.replyTo(ask(guild))).content).toBe(STEADY_ANSWER);
    expect(await heard()).toEqual({ ...BOTH, figures: expect.stringMatching(/\{state="wanted"\} 2\n.*\{state="answering"\} 2$/) });
  });

  it("of which one loses its connection says which, goes on with the other, and takes up what was said meanwhile", async () => {
    const gate = new Gate();
    await using scene = await open({
      ...STEADY,
      answer: async (request) => {
        await gate.opened;
        return await STEADY.answer(request);
      },
    });
    const { running, heard, first, second, ask } = scene;
    const { platform, bot } = running;
    const begun = [ask(first), ask(second)];
    await platform.idle();
    const away = new Promise<ReturnType<typeof heard>>((resolve) => bot.client.once(Events.ShardReconnecting, () => resolve(heard())));
    platform.dropGateway({ shard: 1 });
    const meanwhile = ask(second);
    expect(await away).toEqual({
      shards: [
        { id: 0, isReady: true },
        { id: 1, isReady: false },
      ],
      isReady: false,
      figures: expect.stringContaining('{state="answering"} 1'),
    });
    gate.open();
    for (const question of [...begun, meanwhile]) expect((await platform.replyTo(question)).content).toBe(STEADY_ANSWER);
    expect(platform.logins.map(({ kind, shard: [id] }) => `${kind} ${id}`).slice(2)).toEqual(["resumed 1"]);
    expect(await heard()).toMatchObject(BOTH);
  });

  it("forgets no guild of either shard for being in the other", async () => {
    await using scene = await open();
    const { running, first, second } = scene;
    await running.bot.idle();
    // A week after it was noted that a guild is gone, all that is known of it is forgotten.
    await running.store.purgeExpired(running.platform.now() + 8 * 24 * 3_600_000);
    expect(new Set(await running.store.guilds())).toEqual(new Set([first.id, second.id]));
  });
});
