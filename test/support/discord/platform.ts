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
 * - It refuses what Discord refuses, with Discord's codes. `requests` has every request of the bot, whatever became of it, and
 *   `sentTexts()` every text in any of them.
 */
import type { GatewayDispatchEvents, RESTPostAPIApplicationCommandsJSONBody } from "discord-api-types/v10";
import { clientOptions, type PlatformClientOptions } from "./client-options.ts";
import type { Drop, Login } from "./gateway/gateway.ts";
import { idle } from "./idle.ts";
import { checkCommands } from "./limits/command-limits.ts";
import { type Machinery, type PlatformOptions, startMachinery, TOKEN } from "./machinery.ts";
import type { Person } from "./people/person.ts";
import type { Fault, PlannedFault } from "./rest/faults.ts";
import type { Hold } from "./rest/holds.ts";
import type { PlannedLimit } from "./rest/rate-limits.ts";
import type { RequestKind } from "./rest/request-kind.ts";
import type { RestRequest } from "./rest/rest-request.ts";
import { sentTexts } from "./rest/sent-texts.ts";
import type { Channel } from "./world/channel.ts";
import type { Guild, GuildSpec } from "./world/guild.ts";
import type { Message } from "./world/message.ts";
import type { User } from "./world/user.ts";

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

  /** Somebody who is in no guild yet. */
  person(name: string): Person {
    return this.#machinery.world.person(name);
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
    const { rest, gateway, world, posts } = this.#machinery;
    for (const part of [rest, gateway, world, posts]) part.forget();
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

  /** The first post of the bot in this channel that was not waited for yet. */
  nextPost(channel: Channel): Promise<Message> {
    return this.#machinery.posts.next(channel);
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

  /** From now on, only so many requests of one route, or of all together. */
  limitRate(limit: PlannedLimit): void {
    this.#machinery.rest.rateLimits.limit(limit);
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
