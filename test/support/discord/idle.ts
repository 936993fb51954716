import type { Machinery } from "./machinery.ts";

/** So many times in turn nothing happens while all clients answer a heartbeat. */
const CALM_ROUNDS = 3;

/** Resolves once all clients have read what they were told, and nothing that they asked for is on its way. */
export async function idle({ happenings, gateway, rest }: Machinery): Promise<void> {
  for (let calm = 0; calm < CALM_ROUNDS; ) {
    await happenings.until(() => rest.inFlight === 0, "all requests to be answered");
    const before = happenings.count;
    await gateway.roundTrip();
    await new Promise((resolve) => setImmediate(resolve));
    calm = happenings.count === before ? calm + 1 : 0;
  }
}
