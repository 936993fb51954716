import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { Events } from "discord.js";
import type { Bot } from "rain-align/discord";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Health, NotReady, readinessOf, serveHealth } from "../../../src/bots/discord/health.ts";
import { type EngineInference, StoreError } from "../../../src/bots/guard/index.ts";
import { embeddedInference, RunningBot } from "../../support/discord-bot.ts";
import { ROOT, runProgram } from "../../support/run-module.ts";

const LOCKED = new StoreError("locked", "Expected the database to be free, got a lock", { cause: new Error("secret") });

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
    const people = Array.from({ length: 500 + 10 }, (_, index) => guild.addMember({ name: `Person ${index}` }));
    for (const person of people) person.says(guild.channel("general"), "Good morning.");
    await running.platform.idle();
    const remembered = running.bot.client.guilds.cache.get(guild.id);
    expect(remembered?.channels.cache.get(guild.channel("general").id)).toMatchObject({
      messages: { cache: { size: 50 } },
    });
    expect(remembered?.members.cache.size).toBe(500);
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

  it("names each of several shards that is not heard", async () => {
    await using running = await RunningBot.start({ inference });
    const health = new Health(running.store);
    health.inference = inference;
    const shards = [true, false, false].map((isReady, id) => ({ id, isReady }));
    health.bot = { shards, isReady: false } as unknown as Bot;
    const reasons = { "shard 1 gateway": "not connected", "shard 2 gateway": "not connected" };
    expect(await health.readiness()).toEqual({ isReady: false, reasons });
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
    const health = new Health({ ...running.store, ping: () => Promise.reject(LOCKED) });
    expect((await health.readiness()).reasons["store"]).toBe(LOCKED.message);
  });
});

const READY: Parameters<typeof serveHealth>[0] = {
  metrics: async () => "rain_leaks 0\n",
  readiness: async () => ({ isReady: true, reasons: {} }),
};

async function serve(pages: Partial<typeof READY> = {}) {
  const server = await serveHealth({ ...READY, ...pages }, { host: "127.0.0.1", port: 0 });
  const get = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { status: response.status, type: response.headers.get("content-type"), body: await response.text() };
  };
  return { server, get, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

describe("The pages for operation", () => {
  it("show the figures as Prometheus reads them", async () => {
    await using http = await serve();
    expect(await http.get("/metrics")).toEqual({
      status: 200,
      type: "text/plain; version=0.0.4; charset=utf-8",
      body: "rain_leaks 0\n",
    });
  });

  it("say that the process is alive even when it is not ready", async () => {
    await using http = await serve({ readiness: async () => ({ isReady: false, reasons: { gateway: "not connected" } }) });
    expect(await http.get("/healthz")).toMatchObject({ status: 200, body: '{"alive":true}' });
    expect(await http.get("/readyz?verbose")).toEqual({
      status: 503,
      type: "application/json",
      body: '{"ready":false,"reasons":{"gateway":"not connected"}}',
    });
  });

  it("are asked by the image whether it is alive", async () => {
    const dockerfile = readFileSync(join(ROOT, "Dockerfile"), "utf8").replaceAll("\\\n", " ");
    const command = /^\s*HEALTHCHECK .* CMD (.*)$/m.exec(dockerfile)?.[1] ?? "";
    const [program, ...parameters] = JSON.parse(command) as string[];
    expect(program).toBe("node");
    const readiness = () => expect.fail("Expected nobody to ask whether it is ready");
    await using http = await serve({ readiness });
    const environment = { RAIN_DISCORD_HTTP_PORT: String(http.server.port) };
    expect(await runProgram(process.execPath, parameters, environment)).toMatchObject({ code: 0 });
    await http.server[Symbol.asyncDispose]();
    expect(await runProgram(process.execPath, parameters, environment)).toMatchObject({ code: 1 });
  });

  it("say when it is ready", async () => {
    await using http = await serve();
    expect(await http.get("/readyz")).toMatchObject({ status: 200, body: '{"ready":true,"reasons":{}}' });
  });

  it("are three, and can only be read", async () => {
    await using http = await serve();
    for (const path of ["/", "/metrics/", "/toString", "/constructor", "/config"]) expect((await http.get(path)).status).toBe(404);
    for (const method of ["POST", "DELETE", "PUT"]) expect((await http.get("/healthz", method)).status).toBe(405);
    expect(await http.get("/healthz", "HEAD")).toMatchObject({ status: 200, body: "" });
  });

  it("do not say why they fail", async () => {
    await using http = await serve({ metrics: () => Promise.reject(new Error("postgres://rain:secret@host")) });
    expect(await http.get("/metrics")).toMatchObject({ status: 500, body: '{"error":"Something went wrong"}' });
  });

  it("refuse an address that is taken", async () => {
    await using http = await serve();
    await expect(serveHealth(READY, { host: "127.0.0.1", port: http.server.port })).rejects.toThrow(
      `Expected \`httpHost\` and \`httpPort\` to be free, got EADDRINUSE at \`127.0.0.1:${http.server.port}\``,
    );
  });

  it("close at once, whoever is still connected", async () => {
    let onAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      onAsked = resolve;
    });
    const http = await serve({
      readiness: () => {
        onAsked();
        return new Promise(() => undefined);
      },
    });
    const hungUp = once(request({ host: "127.0.0.1", port: http.server.port, path: "/readyz" }).end(), "error");
    await asked;
    await http.server[Symbol.asyncDispose]();
    await expect(hungUp).resolves.toMatchObject([{ code: "ECONNRESET" }]);
  });
});

describe("Readiness", () => {
  it("is that of everything", async () => {
    expect(await readinessOf({ gateway: async () => undefined, store: async () => undefined })).toEqual({ isReady: true, reasons: {} });
  });

  it("names all that is not ready, in words that quote nothing", async () => {
    const readiness = await readinessOf({
      gateway: () => Promise.reject(new NotReady("not connected")),
      store: () => Promise.reject(LOCKED),
      model: () => Promise.reject(Object.assign(new Error("secret"), { code: "ECONNREFUSED" })),
      clock: async () => undefined,
    });
    expect(readiness).toEqual({
      isReady: false,
      reasons: { gateway: "not connected", store: LOCKED.message, model: "ECONNREFUSED" },
    });
  });

  it("waits two seconds for who does not answer, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const asked = readinessOf({ store: () => new Promise(() => undefined) });
      await vi.advanceTimersByTimeAsync(2000);
      expect(await asked).toEqual({ isReady: false, reasons: { store: "no answer within 2000 ms" } });
    } finally {
      vi.useRealTimers();
    }
  });
});
