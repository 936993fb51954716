import { once } from "node:events";
import { GatewayCloseCodes, GatewayOpcodes } from "discord.js";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { type Platform, startPlatform } from "../../support/discord/platform.ts";

/** A client that says what it likes. */
async function connect(platform: Platform, version = 10): Promise<WebSocket> {
  const socket = new WebSocket(`${platform.api.replace("http", "ws").replace("/api", "/gateway")}?v=${version}&encoding=json`);
  await once(socket, "open");
  return socket;
}

function identity(platform: Platform, data: object = {}): string {
  return JSON.stringify({ op: GatewayOpcodes.Identify, d: { token: platform.token, intents: 1, properties: {}, ...data } });
}

test.for([
  [
    "speaks before it says who it is",
    () => [JSON.stringify({ op: GatewayOpcodes.PresenceUpdate, d: {} })],
    GatewayCloseCodes.NotAuthenticated,
  ],
  ["has a wrong token", (platform: Platform) => [identity(platform, { token: "wrong" })], GatewayCloseCodes.AuthenticationFailed],
  ["identifies twice", (platform: Platform) => [identity(platform), identity(platform)], GatewayCloseCodes.AlreadyAuthenticated],
  ["is a shard that there cannot be", (platform: Platform) => [identity(platform, { shard: [2, 2] })], GatewayCloseCodes.InvalidShard],
  ["asks for unknown intents", (platform: Platform) => [identity(platform, { intents: 1 << 30 })], GatewayCloseCodes.InvalidIntents],
  [
    "speaks of something unknown",
    (platform: Platform) => [identity(platform), JSON.stringify({ op: 99 })],
    GatewayCloseCodes.UnknownOpcode,
  ],
  ["speaks no JSON", () => ["hello?"], GatewayCloseCodes.DecodeError],
] as const)("A client that %s is sent away", async ([, lines, code]) => {
  await using platform = await startPlatform();
  const socket = await connect(platform);

  for (const line of lines(platform)) socket.send(line);

  expect(await once(socket, "close")).toMatchObject([code, expect.anything()]);
});

test("A client of another version is sent away", async () => {
  await using platform = await startPlatform();

  expect(await once(await connect(platform, 9), "close")).toMatchObject([GatewayCloseCodes.InvalidAPIVersion, expect.anything()]);
});

test("A session that nobody knows cannot be resumed", async () => {
  await using platform = await startPlatform();
  const socket = await connect(platform);
  const lines: { readonly op: GatewayOpcodes }[] = [];
  socket.on("message", (line) => lines.push(JSON.parse(String(line))));

  socket.send(JSON.stringify({ op: GatewayOpcodes.Resume, d: { token: platform.token, session_id: "x", seq: 1 } }));

  const answer = await platform.until(() => lines.find(({ op }) => op !== GatewayOpcodes.Hello));
  expect(answer).toMatchObject({ op: GatewayOpcodes.InvalidSession, d: false });
});
