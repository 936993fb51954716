/**
 * A Discord of our own on loopback, for tests: the REST interface, the gateway, and the people.
 *
 * ```ts
 * await using platform = await startPlatform();
 * const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
 * const general = guild.channel("general");
 * const ada = guild.person("Ada");
 *
 * const client = new Client({ ...platform.clientOptions, intents: [...] }); // a real one
 * await client.login(platform.token);
 *
 * const question = ada.says(general, `${platform.bot.mention} hello`);
 * const answer = await platform.replyTo(question);
 * expect(answer.pings).toEqual([]);
 *
 * const asking = ada.uses(general, "/ask", { question: "What is rain?" });
 * expect(await asking.acknowledged()).toEqual({ kind: "deferred", isEphemeral: false });
 * expect((await asking.response()).content).toContain("water");
 * ```
 *
 * - Its time stands still until `advance` moves it, so nothing dies on a slow machine: to see an interaction die, advance by 3 s.
 * - Nobody sleeps: `until`, `replyTo` and an interaction's promises look again at everything that happens here. What never comes
 *   is an error that lists what did happen.
 * - People do what Discord's own client lets them do; anything else is an error of the test. `forges` is how to cheat.
 * - It refuses what Discord refuses, with Discord's codes. `requests` has every request of the bot, whatever became of it, and
 *   `sentTexts()` every text in any of them.
 */
import type { ClientOptions } from "discord.js";
import type { GatewayDispatchEvents, RESTPostAPIApplicationCommandsJSONBody } from "discord-api-types/v10";
import { PlatformClock } from "./clock.ts";
import { type Drop, Gateway, type Login } from "./gateway/gateway.ts";
import { Happenings } from "./happenings.ts";
import { checkCommands } from "./limits/command-limits.ts";
import { allRoutes } from "./rest/all-routes.ts";
import type { Fault, Hold, PlannedFault, RequestKind } from "./rest/faults.ts";
import { type RestRequest, sentTexts } from "./rest/rest-request.ts";
import { RestServer } from "./rest/rest-server.ts";
import { WebServer } from "./web-server.ts";
import type { Channel } from "./world/channel.ts";
import type { Guild, GuildSpec } from "./world/guild.ts";
import type { Message } from "./world/message.ts";
import type { User } from "./world/user.ts";
import { World } from "./world/world.ts";

export async function startPlatform(options: PlatformOptions = {}): Promise<Platform> {
  return new Platform(await startMachinery(options));
}

export class Platform implements AsyncDisposable {
  readonly token = TOKEN;
  /** What `rest.api` of a client is to be. */
  readonly api: string;
  /** That, and what makes a client quick to log in. */
  readonly clientOptions: PlatformClientOptions;
  readonly #machinery: Machinery;

  constructor(machinery: Machinery) {
    this.api = `http://${machinery.server.address}/api`;
    this.clientOptions = clientOptions(this.api);
    this.#machinery = machinery;
  }

  /** The bot itself; its id is the application's, too. */
  get bot(): User {
    return this.#machinery.world.bot;
  }

  addGuild(spec: GuildSpec = {}): Guild {
    return this.#machinery.world.addGuild(spec);
  }

  /** As if the bot had done so itself; for everybody, or for one guild. */
  registerCommands(definitions: readonly RESTPostAPIApplicationCommandsJSONBody[], guild?: Guild): void {
    checkCommands(definitions);
    this.#machinery.world.commands.register(definitions, guild?.id);
  }

  now(): number {
    return this.#machinery.clock.now();
  }

  /** Lets time pass: interactions die, tokens expire, time-outs end. */
  advance(ms: number): void {
    this.#machinery.clock.advance(ms);
    this.#machinery.happenings.tell(`${ms} ms pass`);
  }

  /** Every request to the REST interface, in order, those that failed too. */
  get requests(): readonly RestRequest[] {
    return this.#machinery.rest.requests;
  }

  /** Shards that came in, in order. */
  get logins(): readonly Login[] {
    return this.#machinery.gateway.logins;
  }

  /** Puts away all records and messages, for tests that watch the memory of a long run. */
  forget(): void {
    const { rest, gateway, world } = this.#machinery;
    for (const part of [rest, gateway, world]) part.forget();
  }

  /** Every text in every request: whatever reached Discord, is in here. */
  sentTexts(): readonly string[] {
    return this.requests.flatMap(sentTexts);
  }

  /** What the bot has posted here, and everybody can read now. */
  posts(channel: Channel): readonly Message[] {
    return this.#machinery.posts.in(channel);
  }

  /** All that the bot has ever shown anywhere: also what was deleted, and what only one person sees. `versions` has what was edited. */
  get everything(): readonly Message[] {
    return this.#machinery.world.botMessages;
  }

  /** What the bot replies to this message. */
  replyTo(message: Message): Promise<Message> {
    return this.#machinery.posts.replyTo(message);
  }

  /** The first value of `condition` that is neither `false` nor `undefined`: asked now, whenever something has happened, and every now and then. */
  until<Value>(condition: () => Value, expected = "what the test waits for"): Promise<Exclude<Value, false | undefined>> {
    return this.#machinery.happenings.until(condition, expected);
  }

  /**
   * Resolves once the bot has read all it was told, and nothing is on its way. What the bot does by itself, such as writing an
   * answer, is not seen from here: wait for that with `until`.
   */
  idle(): Promise<void> {
    return idle(this.#machinery);
  }

  /** The next requests of a kind go wrong. */
  failNext(fault: PlannedFault): void {
    this.#machinery.rest.faults.plan(fault);
  }

  /** All such requests go wrong, until what this returns is called. */
  failEvery(concerns: (request: RestRequest) => boolean, fault: Fault): () => void {
    return this.#machinery.rest.faults.planAll(concerns, fault);
  }

  /** The next request of a kind waits until it is released. */
  holdNext(kind: RequestKind): Hold {
    return this.#machinery.rest.holds.plan(kind);
  }

  /** Closes all connections, or a shard's: with a code, or as if a cable was pulled. */
  dropGateway(drop: Drop = {}): void {
    this.#machinery.gateway.drop(drop);
  }

  /** Tells all clients something that Discord never would, or not yet. */
  tells(event: GatewayDispatchEvents, data: unknown): void {
    this.#machinery.gateway.publish({ event, guildId: undefined, intents: 0, data: () => data });
  }

  /** Asks all clients to connect anew and resume (op 7). */
  reconnectAll(): void {
    this.#machinery.gateway.reconnectAll();
  }

  /** Tells all clients that their session is over (op 9); one that is resumable they may take up again. */
  invalidateSessions({ isResumable = false }: { readonly isResumable?: boolean } = {}): void {
    this.#machinery.gateway.invalidateSessions(isResumable);
  }

  /** The connections that there are stay open, and nothing comes out of them any more. */
  becomeZombie(): void {
    this.#machinery.gateway.becomeZombie();
  }

  /** @throws what went wrong in the platform itself */
  async close(): Promise<void> {
    this.#machinery.happenings.end();
    await this.#machinery.server.close();
    if (this.#machinery.rest.defects.length > 0) throw new AggregateError(this.#machinery.rest.defects, "The platform failed to answer");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What the bot logs in with: in the shape of Discord's, and no secret. */
export const TOKEN = [Buffer.from("a loopback platform").toString("base64url"), "Loopba", "no-secret-".repeat(4)].join(".");

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
  /** Whether interactions come without their channel, as Discord's sometimes do. @default false */
  readonly omitsChannels?: boolean;
  /** How long a test waits for something before it fails. @default 20,000 */
  readonly patienceMs?: number;
}

/** The parts of a platform, put together and running. */
export interface Machinery {
  readonly server: WebServer;
  readonly clock: PlatformClock;
  readonly happenings: Happenings;
  readonly world: World;
  readonly gateway: Gateway;
  readonly rest: RestServer;
  readonly posts: Posts;
}

async function startMachinery(options: PlatformOptions): Promise<Machinery> {
  const { botName = "Rain", heartbeatMs = 41_250, shards = 1, deniedIntents = 0, omitsChannels = false, patienceMs = 20_000 } = options;
  const server = await WebServer.listen();
  const url = `ws://${server.address}/gateway`;
  const clock = new PlatformClock(options.now);
  const happenings = new Happenings(patienceMs);
  const world = new World({
    clock,
    happenings,
    publish: (dispatch) => gateway.publish(dispatch),
    filesUrl: `http://${server.address}/files`,
    botName,
    deniedIntents,
    omitsChannels,
  });
  const gateway = new Gateway(world, { url, token: TOKEN, heartbeatMs, deniedIntents });
  const rest = new RestServer(world, allRoutes(world, { url, shards }), TOKEN);
  server.serve({
    rest: (request, path, response) => rest.handle(request, path, response),
    gateway: (socket, version) => gateway.connect(socket, version),
    file: (id) => world.files.get(id),
  });
  return { server, clock, happenings, world, gateway, rest, posts: new Posts(world) };
}

/** What a client of discord.js needs to be at home on the platform. */
export type PlatformClientOptions = Required<Pick<ClientOptions, "rest" | "ws" | "waitGuildTimeout">>;

function clientOptions(api: string): PlatformClientOptions {
  return {
    // On its own, discord.js asks for no more than 50 things a second; here it is for a test to limit that.
    rest: { api, globalRequestsPerSecond: 10_000 },
    waitGuildTimeout: 1000,
    // discord.js waits five seconds before a shard logs in anew, however much concurrency the gateway allows.
    ws: { buildIdentifyThrottler: async () => ({ waitForIdentify: async () => undefined }) },
  };
}

/** So many times in turn nothing happens while all clients read what they were told. */
const CALM_ROUNDS = 3;

/** Resolves once all clients have read what they were told, and nothing that they asked for is on its way. */
async function idle({ happenings, gateway, rest }: Machinery): Promise<void> {
  for (let calm = 0; calm < CALM_ROUNDS; ) {
    await happenings.until(() => rest.inFlight === 0, "all requests to be answered");
    const before = happenings.count;
    await gateway.roundTrip();
    await new Promise((resolve) => setImmediate(resolve));
    calm = happenings.count === before ? calm + 1 : 0;
  }
}

/** What the bot has posted, for tests that look at it or wait for it. */
export class Posts {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** What everybody in this channel can read now. */
  in(channel: Channel): readonly Message[] {
    return this.#everIn(channel).filter(({ isDeleted }) => !isDeleted);
  }

  replyTo(message: Message): Promise<Message> {
    const reply = () => this.#world.botMessages.find(({ replyTo }) => replyTo === message);
    return this.#world.happenings.until(reply, `a reply to "${message.content}"`);
  }

  #everIn(channel: Channel): readonly Message[] {
    return this.#world.botMessages.filter((message) => message.channel === channel && !message.isEphemeral);
  }
}
