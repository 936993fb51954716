import { Events } from "discord.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { REMEMBERED } from "../../../src/bots/discord/client.ts";
import { Health } from "../../../src/bots/discord/health.ts";
import type { EngineInference } from "../../../src/bots/guard/engine-inference.ts";
import { storeError } from "../../../src/bots/guard/store/store-error.ts";
import { embeddedInference, RunningBot } from "../../support/discord-bot.ts";

let inference: EngineInference;
beforeAll(async () => {
  inference = await embeddedInference();
});
afterAll(async () => await inference[Symbol.asyncDispose]());

describe("What discord.js remembers", () => {
  it("is of people's messages the newest ones only, and of people those who wrote last, besides the bot", async () => {
    await using running = await RunningBot.start({ inference });
    const guild = running.platform.addGuild({ name: "Town" });
    await running.login();
    const people = Array.from({ length: REMEMBERED.members + 10 }, (_, index) => guild.addMember({ name: `Person ${index}` }));
    for (const person of people) person.says(guild.channel("general"), "Good morning.");
    await running.platform.idle();
    const remembered = running.bot.client.guilds.cache.get(guild.id);
    expect(remembered?.channels.cache.get(guild.channel("general").id)).toMatchObject({
      messages: { cache: { size: REMEMBERED.messages } },
    });
    expect(remembered?.members.cache.size).toBe(REMEMBERED.members);
    expect(remembered?.members.me).not.toBeNull();
  });
});

describe("What can be asked of a bot", () => {
  it("says part by part what is not there yet", async () => {
    await using running = await RunningBot.start({ inference });
    const health = new Health(running.store);
    expect(await health.readiness()).toEqual({ isReady: false, reasons: { gateway: "not connected", model: "not loaded yet" } });
    expect(await health.metrics()).toBe("");
    health.inference = inference;
    health.bot = running.bot;
    expect(await health.readiness()).toEqual({ isReady: false, reasons: { gateway: "not connected" } });
    await running.login();
    expect(await health.readiness()).toEqual({ isReady: true, reasons: {} });
    expect(await health.metrics()).toContain("rain_leaks 0");
  });

  it("says that the gateway is away until it is back", async () => {
    await using running = await RunningBot.start({ inference });
    const { client } = running.bot;
    await running.login();
    const away = new Promise<boolean>((resolve) => client.once(Events.ShardReconnecting, () => resolve(running.bot.isReady)));
    const back = new Promise<boolean>((resolve) => client.once(Events.ShardResume, () => resolve(running.bot.isReady)));
    running.platform.dropGateway();
    expect(await away).toBe(false);
    expect(await back).toBe(true);
  });

  it("says that the store does not answer", async () => {
    await using running = await RunningBot.start({ inference });
    const health = new Health({ ...running.store, ping: () => Promise.reject(storeError("locked", undefined)) });
    expect((await health.readiness()).reasons["store"]).toContain("got a lock that somebody holds");
  });
});
