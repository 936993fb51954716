import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DiscordAPIError, HTTPError, REST } from "discord.js";
import type { Logger } from "pino";
import { InferenceError, StoreError } from "rain-align/discord";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineError } from "../../../src/core/index.ts";
import { logOf, PASSWORD, TOKEN } from "../../support/bot-log.ts";
import { startPlatform } from "../../support/discord/platform.ts";

const TEXT = "I told Ada about it, she knows.";

/** What is logged, as text and as fields. */
function logging(): { readonly log: Logger; readonly lines: string[]; last(): Record<string, unknown> } {
  const lines: string[] = [];
  const log = logOf((line) => void lines.push(line));
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? "") as Record<string, unknown> };
}

/** What goes wrong when this is done. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.fail("Expected a failure, got none"),
    (error: unknown) => error,
  );
}

describe("A line of the log", () => {
  it("has the fields that are known, when, how bad and from which process", () => {
    const { log, last } = logging();
    log.info({ guild: "198622483471925248", rewinds: 2, reason: "judged", shadow: true }, "answered");
    expect(last()).toEqual({
      level: "info",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      pid: process.pid,
      guild: "198622483471925248",
      rewinds: 2,
      reason: "judged",
      shadow: true,
      msg: "answered",
    });
  });

  it("counts what it leaves out: unknown fields, and known ones of another shape", () => {
    const { log, last } = logging();
    log.info({ text: TEXT, guild: TEXT, rewinds: TEXT, reason: TEXT, shard: 1 }, "answered");
    expect(last()).toMatchObject({ shard: 1, hidden: 4, msg: "answered" });
    expect(last()).not.toHaveProperty("guild");
  });

  it("has the same care for what a logger was given for all its lines", () => {
    const { log, lines, last } = logging();
    log.child({ shard: 3, text: TEXT }).warn("gone");
    expect(last()).toMatchObject({ shard: 3, hidden: 1, level: "warn" });
    expect(lines.join()).not.toContain(TEXT);
  });

  it("has no secret even where our own words have it", () => {
    const { log, lines } = logging();
    log.info(`logged in as ${TOKEN} to ${PASSWORD} and ${encodeURIComponent(PASSWORD)}`);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ msg: "logged in as [redacted] to [redacted] and [redacted]" });
  });

  it("takes no message from an error, and formats nothing into its own", () => {
    const { log, lines, last } = logging();
    log.error(new Error(TEXT));
    expect(last()).toMatchObject({ msg: "(no message)", err: { type: "Error" } });
    log.error({ err: new Error(TEXT) }, "failed: %s", TEXT);
    expect(last()).toMatchObject({ msg: "failed: %s" });
    expect(lines.join()).not.toContain(TEXT);
  });
});

describe("An error in the log", () => {
  const platform = { close: async () => undefined as unknown };
  let rest: REST;
  beforeAll(async () => {
    const started = await startPlatform();
    platform.close = () => started.close();
    rest = new REST({ api: started.api, retries: 0 }).setToken(started.token);
  });
  afterAll(async () => await platform.close());

  it("of Discord's says what was asked for and which part was wrong, and not what was to be posted", async () => {
    const { log, lines, last } = logging();
    const error = new DiscordAPIError(
      {
        code: 50_035,
        message: `Invalid Form Body ${TEXT}`,
        errors: { embeds: { "0": { title: { _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: `"${TEXT}" is too long` }] } } } },
      },
      50_035,
      400,
      "POST",
      `https://discord.com/api/v10/interactions/198622483471925248/aW50ZXJhY3Rpb246/callback?text=${encodeURIComponent(TEXT)}`,
      { files: undefined, body: { content: TEXT } },
    );
    log.error({ err: error }, "failed");
    expect(last()["err"]).toMatchObject({
      type: "DiscordAPIError",
      code: 50_035,
      status: 400,
      method: "POST",
      route: "/interactions/198622483471925248/:token/callback",
      problems: ["embeds.0.title: BASE_TYPE_MAX_LENGTH"],
    });
    expect(lines.join()).not.toMatch(/Ada|aW50/);
  });

  it("of a real request has none of its body either", async () => {
    const { log, lines, last } = logging();
    const error = await failureOf(rest.post("/channels/198622483471925248/messages", { body: { content: TEXT } }));
    expect(error).toBeInstanceOf(DiscordAPIError);
    expect(JSON.stringify(error)).toContain(TEXT);
    log.error({ err: error }, "failed");
    expect(last()["err"]).toMatchObject({ code: 10_003, status: 404, route: "/channels/198622483471925248/messages" });
    expect(lines.join()).not.toContain("Ada");
  });

  it("of a proxy before Discord is no other", async () => {
    const { log, lines, last } = logging();
    const url = `https://discord.com/api/v10/webhooks/198622483471925248/${TOKEN}/messages/@original`;
    log.error({ err: new HTTPError(502, TEXT, "PATCH", url, { files: undefined, body: { content: TEXT } }) }, "failed");
    expect(last()["err"]).toMatchObject({ status: 502, method: "PATCH", route: "/webhooks/198622483471925248/:token/messages/@original" });
    expect(lines.join()).not.toMatch(/Ada|MTk4/);
  });

  it("of a connection that breaks names its causes by their codes", async () => {
    const { log, last } = logging();
    const gone = createServer((request) => request.socket.destroy());
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const api = `http://127.0.0.1:${(gone.address() as AddressInfo).port}/api`;
    const error = await failureOf(new REST({ api, retries: 0 }).setToken(TOKEN).post("/channels/1/messages", { body: { content: TEXT } }));
    gone.close();
    log.error({ err: error }, "failed");
    expect(JSON.stringify(last()["err"])).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
  });

  it("says its message only where the words are ours", () => {
    const { log, last } = logging();
    log.error({ err: new StoreError("full", "Expected room to write, got a full disk", { cause: new Error(`INSERT ${TEXT}`) }) }, "failed");
    expect(last()["err"]).toMatchObject({
      type: "StoreError",
      code: "full",
      message: expect.stringContaining("got a full disk"),
      cause: { type: "Error" },
    });
    const cause = new EngineError("decode-failed", "Expected a token, got none");
    log.error({ err: new InferenceError("model", `could not answer ${TEXT}`, { cause }) }, "failed");
    expect(last()["err"]).toMatchObject({ type: "InferenceError", code: "model", cause: { message: "Expected a token, got none" } });
    expect(JSON.stringify(last())).not.toContain("Ada");
  });

  it("says where it was thrown, without the folders above", () => {
    const { log, last } = logging();
    const error = new Error(TEXT);
    error.stack = `Error: ${TEXT}\n    at ${TEXT}\n    at async run (file:///home/ada/bot/dist/cli/main.js:7:9)\n    at /home/ada/bot/node_modules/@discordjs/rest/dist/index.js:5:1\n    at node:internal/main:1:2`;
    log.error({ err: error }, "failed");
    expect(last()["err"]).toMatchObject({ at: ["dist/cli/main.js:7:9", "node_modules/@discordjs/rest/dist/index.js:5:1"] });
  });

  it("that goes round in a circle ends", () => {
    const { log, last } = logging();
    const error = new Error("a");
    error.cause = new AggregateError([error, error], "b", { cause: error });
    log.error({ err: error }, "failed");
    expect(last()["err"]).toMatchObject({ cause: { type: "AggregateError", errors: [{ type: "Error" }, { type: "Error" }] } });
  });
});
