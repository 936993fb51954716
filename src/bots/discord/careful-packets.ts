import type { Client } from "discord.js";

type Packet = { readonly t?: string | null } | undefined;
type Handle = (packet: Packet, shard: unknown) => boolean;

/** Of the session itself. A library that fails at these hears of nothing any more: then the process is to end, and be started again. */
const SESSION = ["READY", "RESUMED"];

/**
 * Lets the library fail at what the gateway tells of people, and go on. What it does not know, such as a new kind of channel, throws where
 * nobody waits, which ends a process; and people can often choose what their messages hold.
 */
export function carefulPackets(client: Client, onError: (error: unknown) => void): void {
  // The library means it for itself: where it is called otherwise, nothing is changed.
  const manager = client.ws as unknown as { handlePacket?: Handle };
  const handle = manager.handlePacket?.bind(manager);
  if (handle === undefined) return;
  manager.handlePacket = (packet, shard) => {
    try {
      return handle(packet, shard);
    } catch (error) {
      if (SESSION.includes(packet?.t ?? "")) throw error;
      onError(error);
      return false;
    }
  };
}
