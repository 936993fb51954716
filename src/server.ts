/** RAIN behind OpenAI's API, for every client. Needs `hono`; a process of its own needs `@hono/node-server`, too: `rain serve` is one. */
import { withPeers } from "./peers/index.ts";

const loaded = await withPeers({ hono: "^4.13.0", "@hono/node-server": "^2.1.0" }, async () => ({
  ...(await import("./server/app.ts")),
  ...(await import("./server/listen.ts")),
}));

/** RAIN for every client of OpenAI's API, as a function from requests to responses: see its own documentation. */
export const rainApp = loaded.rainApp;
export { MissingPeerError } from "./peers/index.ts";
/** Listens on an address, for a process of its own. */
export const listen = loaded.listen;
/** Whether a host's name is this machine's own. */
export const isLoopback = loaded.isLoopback;
export type { RainApp, RainAppOptions, RequestEntry } from "./server/app.ts";
export type { Address, Listening } from "./server/listen.ts";
