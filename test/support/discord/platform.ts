/**
 * A Discord of our own on loopback, for tests: the REST interface, the gateway, and the people.
 *
 * ```ts
 * await using platform = await startPlatform();
 * const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
 * const general = guild.channel("general");
 * const ada = guild.person("Ada");
 *
 * const client = new Client({ rest: { api: platform.api }, intents: [...] }); // a real one
 * await client.login(platform.token);
 *
 * const question = ada.says(general, `${platform.bot.mention} hello`);
 * const answer = await platform.nextPost(general);
 * expect(answer.replyTo).toBe(question);
 * expect(answer.pings).toEqual([]);
 *
 * const asking = ada.uses(general, "/ask", { question: "What is rain?" });
 * expect(await asking.acknowledged()).toEqual({ kind: "deferred", isEphemeral: false });
 * expect((await asking.response()).content).toContain("water");
 * ```
 *
 * - Its time stands still until `advance` moves it, so nothing dies on a slow machine: to see an interaction die, advance by 3 s.
 * - Nobody sleeps: `until`, `nextPost` and an interaction's promises look again at everything that happens here. What never comes
 *   is an error that lists what did happen.
 * - People do what Discord's own client lets them do; anything else is an error of the test. `forges` is how to cheat.
 * - It refuses what Discord refuses, with Discord's codes. `requests` has every request of the bot, whatever became of it.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { PlatformClock } from "./clock.ts";
import { Gateway, type Login } from "./gateway/gateway.ts";
import { Happenings } from "./happenings.ts";
import type { Person } from "./people/person.ts";
import { applicationRoutes } from "./rest/application-routes.ts";
import { commandRoutes } from "./rest/command-routes.ts";
import type { Fault, PlannedFault } from "./rest/faults.ts";
import { interactionRoutes } from "./rest/interaction-routes.ts";
import { messageRoutes } from "./rest/message-routes.ts";
import type { PlannedLimit, RateLimit } from "./rest/rate-limits.ts";
import type { RestRequest } from "./rest/rest-request.ts";
import { RestServer } from "./rest/rest-server.ts";
import { Router } from "./rest/router.ts";
import type { Channel } from "./world/channel.ts";
import type { Guild, GuildSpec } from "./world/guild.ts";
import type { Message } from "./world/message.ts";
import type { User } from "./world/user.ts";
import { World } from "./world/world.ts";

export interface PlatformOptions {
  /** @default "Rain" */
  readonly botName?: string;
  /** A clock that runs, in milliseconds since 1970. @default one that stands still */
  readonly now?: () => number;
  /** How often clients are to show that they live. @default 41,250, as Discord has it */
  readonly heartbeatMs?: number;
  /** Recommended number of shards. @default 1 */
  readonly shards?: number;
  /** Intents that the application was not granted, such as `GatewayIntentBits.MessageContent`. @default none */
  readonly deniedIntents?: number;
  /** How long a test waits for something before it fails. @default 20,000 */
  readonly patienceMs?: number;
}

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new Platform(server, options);
}

export class Platform implements AsyncDisposable {
  readonly token = "token-of-the-bot";
  /** What `rest.api` of a client is to be. */
  readonly api: string;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #clock: PlatformClock;
  readonly #happenings: Happenings;
  readonly #world: World;
  readonly #gateway: Gateway;
  readonly #rest: RestServer;
  /** How many posts of each channel a test has waited for. */
  readonly #seen = new Map<Channel, number>();

  constructor(
    server: Server,
    { botName = "Rain", now, heartbeatMs = 41_250, shards = 1, deniedIntents = 0, patienceMs = 20_000 }: PlatformOptions,
  ) {
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gatewayUrl = `ws://${address}/gateway`;
    this.api = `http://${address}/api`;
    this.#server = server;
    this.#clock = new PlatformClock(now);
    this.#happenings = new Happenings(patienceMs);
    this.#world = new World({
      clock: this.#clock,
      happenings: this.#happenings,
      publish: (dispatch) => this.#gateway.publish(dispatch),
      botName,
      filesUrl: `http://${address}/files`,
      deniedIntents,
    });
    this.#gateway = new Gateway(this.#world, { url: gatewayUrl, token: this.token, heartbeatMs, deniedIntents });
    this.#rest = new RestServer(this.#world, routerOf(this.#world, { url: gatewayUrl, shards }), this.token);
    server.on("request", (request, response) => void this.#respond(request, response));
    server.on("upgrade", (request, socket, head) => {
      const version = new URL(request.url ?? "", this.api).searchParams.get("v");
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#gateway.connect(webSocket, version));
    });
  }

  /** The bot itself; its id is the application's, too. */
  get bot(): User {
    return this.#world.bot;
  }

  addGuild(spec: GuildSpec = {}): Guild {
    return this.#world.addGuild(spec);
  }

  /** Somebody who is in no guild yet. */
  person(name: string): Person {
    return this.#world.person(name);
  }

  now(): number {
    return this.#clock.now();
  }

  /** Lets time pass: interactions die, tokens expire, time-outs end. */
  advance(ms: number): void {
    this.#clock.advance(ms);
    this.#happenings.tell(`${ms} ms pass`);
  }

  /** Every request to the REST interface, in order, those that failed too. */
  get requests(): readonly RestRequest[] {
    return this.#rest.requests;
  }

  /** Shards that came in, in order. */
  get logins(): readonly Login[] {
    return this.#gateway.logins;
  }

  /** What the bot has posted here, and everybody can read now. */
  posts(channel: Channel): readonly Message[] {
    return this.#world.botMessages.filter((message) => message.channel === channel && !message.isEphemeral && !message.isDeleted);
  }

  /** All that the bot has ever shown anywhere: also what was deleted, and what only one person sees. `versions` has what was edited. */
  get everything(): readonly Message[] {
    return this.#world.botMessages;
  }

  /** The first post of the bot in this channel that was not waited for yet. */
  async nextPost(channel: Channel): Promise<Message> {
    const index = this.#seen.get(channel) ?? 0;
    this.#seen.set(channel, index + 1);
    const shown = () => this.#world.botMessages.filter((message) => message.channel === channel && !message.isEphemeral)[index];
    return this.until(shown, `a post in ${channel.name}`);
  }

  /** What the bot replies to this message. */
  async replyTo(message: Message): Promise<Message> {
    return this.until(() => this.#world.botMessages.find(({ replyTo }) => replyTo === message), `a reply to "${message.content}"`);
  }

  /** The first value of `condition` that is neither `false` nor `undefined`: asked now, and whenever something has happened. */
  until<Value>(condition: () => Value, expected = "what the test waits for"): Promise<Exclude<Value, false | undefined>> {
    return this.#happenings.until(condition, expected);
  }

  /**
   * Resolves once the bot has read all it was told, and nothing is on its way. What the bot does by itself, such as writing an
   * answer, is not seen from here: wait for that with `until`.
   */
  async idle(): Promise<void> {
    for (let calm = 0; calm < 3; ) {
      const before = this.#happenings.count;
      await this.#gateway.roundTrip();
      await new Promise((resolve) => setImmediate(resolve));
      calm = this.#happenings.count === before && this.#rest.inFlight === 0 ? calm + 1 : 0;
    }
  }

  /** The next requests of a kind go wrong. */
  failNext(fault: PlannedFault): void {
    this.#rest.faults.plan(fault);
  }

  /** All such requests go wrong, until what this returns is called. */
  failEvery(concerns: (request: RestRequest) => boolean, fault: Fault): () => void {
    return this.#rest.faults.planAll(concerns, fault);
  }

  limitRate(limit: PlannedLimit): void {
    this.#rest.rateLimits.limit(limit);
  }

  limitRateOfAll(limit: RateLimit): void {
    this.#rest.rateLimits.limitAll(limit);
  }

  /** Closes all connections: with a code, or as if a cable was pulled. */
  dropGateway({ code }: { readonly code?: number } = {}): void {
    this.#gateway.drop(code);
  }

  /** Asks all clients to connect anew and resume (op 7). */
  reconnectAll(): void {
    this.#gateway.reconnectAll();
  }

  /** Tells all clients that their session is over (op 9); one that is resumable they may take up again. */
  invalidateSessions({ isResumable = false }: { readonly isResumable?: boolean } = {}): void {
    this.#gateway.invalidateSessions(isResumable);
  }

  /** The connections that there are stay open, and nothing goes through them any more. */
  becomeZombie(): void {
    this.#gateway.becomeZombie();
  }

  async close(): Promise<void> {
    this.#happenings.end();
    this.#gateway.drop(undefined);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = /^\/api\/v10(\/.*)$/.exec(request.url ?? "")?.[1];
    if (path !== undefined) return this.#rest.handle(request, path, response);
    const file = this.#world.files.get(/^\/files\/(\d+)\//.exec(request.url ?? "")?.[1] ?? "");
    response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.contentType ?? "application/octet-stream" });
    response.end(file?.content);
  }
}

function routerOf(world: World, gateway: { readonly url: string; readonly shards: number }): Router {
  return new Router(applicationRoutes(world, gateway), commandRoutes(world), messageRoutes(world), interactionRoutes(world));
}
