import {
  GatewayCloseCodes,
  GatewayDispatchEvents,
  type GatewayGuildMembersChunkDispatchData,
  type GatewayIdentifyData,
  GatewayIntentBits,
  GatewayOpcodes,
  type GatewayRequestGuildMembersData,
  type GatewayResumeData,
  type GatewaySendPayload,
} from "discord-api-types/v10";
import type { WebSocket } from "ws";
import { shardOf } from "../clock.ts";
import { guildCreatePayload, readyPayload } from "../payloads/guild-payload.ts";
import { memberPayload } from "../payloads/member-payload.ts";
import type { Member } from "../world/member.ts";
import type { World } from "../world/world.ts";
import type { Dispatch } from "./announcements.ts";
import { Connection, type Desk } from "./connection.ts";
import { Session, type Shard } from "./session.ts";

/** A shard that came in, anew or to go on where it was. */
export interface Login {
  readonly kind: "identified" | "resumed";
  readonly shard: Shard;
  readonly intents: number;
  /** Events that it had missed. */
  readonly replayed: number;
}

export interface GatewayFacts {
  readonly url: string;
  readonly token: string;
  readonly heartbeatMs: number;
  /** Intents that the application may not have. */
  readonly deniedIntents: number;
}

/** Which connections are closed, and how. */
export interface Drop {
  /** @default as if a cable was pulled */
  readonly code?: number;
  /** @default all of them */
  readonly shard?: number;
}

const KNOWN_INTENTS = Object.values(GatewayIntentBits).reduce<number>((all, bit) => (typeof bit === "number" ? all | bit : all), 0);

/** Closed with one of these by the client, a session is over. */
const NORMAL_CLOSES: readonly number[] = [1000, 1001];

/** The WebSocket side of the platform: logins, events with their numbers, and what can go wrong with them. */
export class Gateway implements Desk {
  readonly logins: Login[] = [];
  readonly heartbeatMs: number;
  readonly #world: World;
  readonly #facts: GatewayFacts;
  readonly #sessions = new Map<string, Session>();
  readonly #connections = new Set<Connection>();

  constructor(world: World, facts: GatewayFacts) {
    this.#world = world;
    this.#facts = facts;
    this.heartbeatMs = facts.heartbeatMs;
  }

  connect(socket: WebSocket, version: string | null): void {
    const connection = new Connection(socket, this);
    this.#connections.add(connection);
    if (version !== "10") connection.close(GatewayCloseCodes.InvalidAPIVersion);
  }

  /** Tells all shards that this concerns; those that are away find it when they resume. */
  publish(dispatch: Dispatch): void {
    for (const session of this.#sessions.values()) {
      if (session.isFor(dispatch)) this.#tell(session, dispatch.event, dispatch.data(session.intents));
    }
    this.#world.happenings.tell(`gateway: ${dispatch.event}`);
  }

  /** Resolves once every client has read all it was told. */
  async roundTrip(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.roundTrip()));
  }

  /** What was missed until now, nobody can hear again. */
  forget(): void {
    this.logins.length = 0;
    for (const session of this.#sessions.values()) session.forget();
  }

  drop({ code, shard }: Drop): void {
    for (const connection of this.#connections) if (shard === undefined || connection.session?.shard[0] === shard) connection.close(code);
  }

  reconnectAll(): void {
    for (const connection of this.#connections) connection.send({ op: GatewayOpcodes.Reconnect, d: null, s: null, t: null });
  }

  invalidateSessions(isResumable: boolean): void {
    if (!isResumable) this.#sessions.clear();
    for (const connection of this.#connections) connection.send({ op: GatewayOpcodes.InvalidSession, d: isResumable, s: null, t: null });
  }

  becomeZombie(): void {
    for (const connection of this.#connections) connection.becomeZombie();
  }

  received(connection: Connection, payload: GatewaySendPayload): void {
    if (payload.op === GatewayOpcodes.Identify) this.#identify(connection, payload.d);
    else if (payload.op === GatewayOpcodes.Resume) this.#resume(connection, payload.d);
    else if (connection.session === undefined) connection.close(GatewayCloseCodes.NotAuthenticated);
    else if (payload.op === GatewayOpcodes.RequestGuildMembers) {
      this.#tell(connection.session, GatewayDispatchEvents.GuildMembersChunk, membersChunk(this.#world, payload.d));
    } else if (!IGNORED.includes(payload.op)) connection.close(GatewayCloseCodes.UnknownOpcode);
  }

  closed(connection: Connection, code: number): void {
    this.#connections.delete(connection);
    const { session } = connection;
    if (session !== undefined && NORMAL_CLOSES.includes(code)) this.#sessions.delete(session.id);
    this.#world.happenings.tell(`gateway: shard ${session?.shard[0] ?? "?"} is gone (${code})`);
  }

  #identify(connection: Connection, { token, intents, shard = [0, 1] }: GatewayIdentifyData): void {
    const refusal = this.#refusal(connection, { token, intents, shard });
    if (refusal === undefined) this.#welcome(connection, new Session(`session-${this.#world.snowflakes.next()}`, shard, intents));
    else connection.close(refusal);
  }

  #welcome(connection: Connection, session: Session): void {
    const { shard, intents } = session;
    const guilds = [...this.#world.guilds.values()].filter(({ id }) => shardOf(id, shard[1]) === shard[0]);
    this.#sessions.set(session.id, session);
    this.#admit(connection, session, { kind: "identified", shard, intents, replayed: 0 });
    this.#tell(session, GatewayDispatchEvents.Ready, readyPayload(this.#world, { session, guilds, resumeUrl: this.#facts.url }));
    if ((intents & GatewayIntentBits.Guilds) === 0) return;
    for (const guild of guilds) this.#tell(session, GatewayDispatchEvents.GuildCreate, guildCreatePayload(guild));
  }

  #refusal(connection: Connection, { token, intents, shard: [id, count] }: Identity): GatewayCloseCodes | undefined {
    if (connection.session !== undefined) return GatewayCloseCodes.AlreadyAuthenticated;
    if (token !== this.#facts.token) return GatewayCloseCodes.AuthenticationFailed;
    if ((intents & ~KNOWN_INTENTS) !== 0) return GatewayCloseCodes.InvalidIntents;
    if ((intents & this.#facts.deniedIntents) !== 0) return GatewayCloseCodes.DisallowedIntents;
    return id >= 0 && id < count ? undefined : GatewayCloseCodes.InvalidShard;
  }

  #resume(connection: Connection, { token, session_id, seq }: GatewayResumeData): void {
    const session = this.#sessions.get(session_id);
    const missed = session?.after(seq);
    if (token !== this.#facts.token) {
      connection.close(GatewayCloseCodes.AuthenticationFailed);
    } else if (session === undefined || missed === undefined) {
      connection.send({ op: GatewayOpcodes.InvalidSession, d: false, s: null, t: null });
    } else {
      this.#admit(connection, session, { kind: "resumed", shard: session.shard, intents: session.intents, replayed: missed.length });
      for (const event of missed) connection.send(event);
      this.#tell(session, GatewayDispatchEvents.Resumed, null);
    }
  }

  #admit(connection: Connection, session: Session, login: Login): void {
    for (const other of this.#connections) {
      if (other !== connection && other.session === session) other.close(GatewayCloseCodes.SessionTimedOut);
    }
    connection.session = session;
    this.logins.push(login);
    this.#world.happenings.tell(`gateway: shard ${login.shard.join(" of ")} has ${login.kind}, ${login.replayed} replayed`);
  }

  #tell(session: Session, event: GatewayDispatchEvents, data: unknown): void {
    const numbered = session.record(event, data);
    for (const connection of this.#connections) if (connection.session === session) connection.send(numbered);
  }
}

const IGNORED: readonly GatewayOpcodes[] = [GatewayOpcodes.PresenceUpdate, GatewayOpcodes.VoiceStateUpdate];

type Identity = Pick<GatewayIdentifyData, "token" | "intents"> & { readonly shard: Shard };

/** The members that a client asked for, all in one piece. */
function membersChunk(world: World, request: GatewayRequestGuildMembersData): GatewayGuildMembersChunkDispatchData {
  const members = [...(world.guilds.get(request.guild_id)?.members.values() ?? [])].filter((member) => isAskedFor(member, request));
  return {
    guild_id: request.guild_id,
    members: members.map(memberPayload),
    chunk_index: 0,
    chunk_count: 1,
    ...(request.nonce === undefined ? {} : { nonce: request.nonce }),
  };
}

function isAskedFor({ user }: Member, request: GatewayRequestGuildMembersData): boolean {
  if ("user_ids" in request && request.user_ids !== undefined) return [request.user_ids].flat().includes(user.id);
  return "query" in request && user.name.toLowerCase().startsWith(request.query.toLowerCase());
}
