import type { Client } from "discord.js";

type Handle = (packet: unknown, shard: unknown) => boolean;

/**
 * Lets the library fail at what the gateway tells, and go on. What it does not know, such as a new kind of channel, throws where nobody
 * waits, which ends a process; and people can often choose what their messages hold.
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
      onError(error);
      return false;
    }
  };
}
