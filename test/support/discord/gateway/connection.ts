import { GatewayCloseCodes, GatewayOpcodes, type GatewaySendPayload } from "discord-api-types/v10";
import type { RawData, WebSocket } from "ws";
import type { Session } from "./session.ts";

/** What a connection leaves to the gateway. */
export interface Desk {
  readonly heartbeatMs: number;
  readonly received: (connection: Connection, payload: GatewaySendPayload) => void;
  readonly closed: (connection: Connection, code: number) => void;
}

/** One socket of one shard. */
export class Connection {
  /** `undefined` before the shard has said who it is. */
  session: Session | undefined;
  readonly #socket: WebSocket;
  readonly #desk: Desk;
  readonly #roundTrips: (() => void)[] = [];
  #isZombie = false;

  constructor(socket: WebSocket, desk: Desk) {
    this.#socket = socket;
    this.#desk = desk;
    socket.on("message", (data) => this.#receive(data));
    socket.on("pong", () => this.#roundTrips.shift()?.());
    socket.on("close", (code) => this.#closed(code));
    // A socket that breaks is closed next, and that is what matters.
    socket.on("error", () => undefined);
    this.send({ op: GatewayOpcodes.Hello, d: { heartbeat_interval: desk.heartbeatMs }, s: null, t: null });
  }

  send(payload: object): void {
    if (!this.#isZombie && this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(payload));
  }

  /** Closes with this code; without one the line is cut. */
  close(code: number | undefined): void {
    if (code === undefined) this.#socket.terminate();
    else this.#socket.close(code);
  }

  /** Seems to be open, but nothing comes out of it any more. */
  becomeZombie(): void {
    this.#isZombie = true;
    this.#endRoundTrips();
  }

  /**
   * Resolves once the client has read everything that was sent to it until now. Not by asking it for a heartbeat: where its own falls before that one is
   * acknowledged, discord.js takes the connection for dead, and does not hear what comes next until it is back.
   */
  roundTrip(): Promise<void> {
    if (this.#isZombie || this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.#roundTrips.push(resolve);
      this.#socket.ping();
    });
  }

  #receive(data: RawData): void {
    const payload = parsed(String(data));
    if (payload === undefined) {
      this.close(GatewayCloseCodes.DecodeError);
    } else if (payload.op === GatewayOpcodes.Heartbeat) {
      this.send({ op: GatewayOpcodes.HeartbeatAck, d: null, s: null, t: null });
    } else {
      this.#desk.received(this, payload);
    }
  }

  #closed(code: number): void {
    this.#endRoundTrips();
    this.#desk.closed(this, code);
  }

  #endRoundTrips(): void {
    for (const resolve of this.#roundTrips.splice(0)) resolve();
  }
}

function parsed(text: string): GatewaySendPayload | undefined {
  try {
    return JSON.parse(text) as GatewaySendPayload;
  } catch {
    return undefined;
  }
}
