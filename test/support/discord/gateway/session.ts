import { GatewayOpcodes } from "discord-api-types/v10";
import { shardOf } from "../clock.ts";
import type { Dispatch } from "./announcements.ts";

export type Shard = readonly [id: number, count: number];

/** An event as it is sent, and sent again. */
export interface NumberedEvent {
  readonly op: GatewayOpcodes.Dispatch;
  readonly s: number;
  readonly t: string;
  readonly d: unknown;
}

/** So many events can be had again. */
const KEPT_EVENTS = 5000;

/** What one login of a shard was told. It outlives its connection, so that the shard can go on where it was. */
export class Session {
  readonly id: string;
  readonly shard: Shard;
  readonly intents: number;
  readonly #events: NumberedEvent[] = [];
  #sequence = 0;

  constructor(id: string, shard: Shard, intents: number) {
    this.id = id;
    this.shard = shard;
    this.intents = intents;
  }

  /** Number of the last event. */
  get sequence(): number {
    return this.#sequence;
  }

  isFor({ guildId, intents }: Dispatch): boolean {
    const [id, count] = this.shard;
    return (guildId === undefined ? id === 0 : shardOf(guildId, count) === id) && (intents === 0 || (intents & this.intents) !== 0);
  }

  record(event: string, data: unknown): NumberedEvent {
    const numbered: NumberedEvent = { op: GatewayOpcodes.Dispatch, s: ++this.#sequence, t: event, d: data };
    this.#events.push(numbered);
    if (this.#events.length > KEPT_EVENTS) this.#events.shift();
    return numbered;
  }

  forget(): void {
    this.#events.length = 0;
  }

  /** What was told after this event; `undefined` where that is no longer known. */
  after(sequence: number): readonly NumberedEvent[] | undefined {
    const first = this.#events[0]?.s ?? this.#sequence + 1;
    if (sequence > this.#sequence || sequence < first - 1) return undefined;
    return this.#events.filter(({ s }) => s > sequence);
  }
}
