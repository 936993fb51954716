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

/** What the gateway says after its first words. */
function answers(socket: WebSocket): readonly { readonly op: GatewayOpcodes; readonly d: unknown }[] {
  const said: { readonly op: GatewayOpcodes; readonly d: unknown }[] = [];
  socket.on("message", (line) => {
    const answer = JSON.parse(String(line));
    if (answer.op !== GatewayOpcodes.Hello) said.push(answer);
  });
  return said;
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

test.for([
  ["that nobody knows", { session_id: "unknown", seq: 1 }, 4200],
  ["that the client has ended", { seq: 1 }, 1000],
  ["with events that have not happened", { seq: 99 }, 4200],
] as const)("A session %s cannot be resumed", async ([, resume, code]) => {
  await using platform = await startPlatform();
  const first = await connect(platform);
  const ready = answers(first);
  first.send(identity(platform));
  const { session_id } = (await platform.until(() => ready[0])).d as { readonly session_id: string };
  first.close(code);
  await once(first, "close");

  const second = await connect(platform);
  const refusal = answers(second);
  second.send(JSON.stringify({ op: GatewayOpcodes.Resume, d: { token: platform.token, session_id, ...resume } }));

  expect(await platform.until(() => refusal[0])).toMatchObject({ op: GatewayOpcodes.InvalidSession, d: false });
});
