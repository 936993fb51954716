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
  readonly #heartbeatWaits: (() => void)[] = [];
  #isZombie = false;

  constructor(socket: WebSocket, desk: Desk) {
    this.#socket = socket;
    this.#desk = desk;
    socket.on("message", (data) => this.#receive(data));
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
    this.#endHeartbeatWaits();
  }

  /** Resolves once the client has read everything that was sent to it until now. */
  roundTrip(): Promise<void> {
    if (this.#isZombie || this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.#heartbeatWaits.push(resolve);
      this.send({ op: GatewayOpcodes.Heartbeat, d: null, s: null, t: null });
    });
  }

  #receive(data: RawData): void {
    const payload = parsed(String(data));
    if (payload === undefined) {
      this.close(GatewayCloseCodes.DecodeError);
    } else if (payload.op === GatewayOpcodes.Heartbeat) {
      this.send({ op: GatewayOpcodes.HeartbeatAck, d: null, s: null, t: null });
      this.#endHeartbeatWaits();
    } else {
      this.#desk.received(this, payload);
    }
  }

  #closed(code: number): void {
    this.#endHeartbeatWaits();
    this.#desk.closed(this, code);
  }

  #endHeartbeatWaits(): void {
    for (const resolve of this.#heartbeatWaits.splice(0)) resolve();
  }
}

function parsed(text: string): GatewaySendPayload | undefined {
  try {
    return JSON.parse(text) as GatewaySendPayload;
  } catch {
    return undefined;
  }
}
