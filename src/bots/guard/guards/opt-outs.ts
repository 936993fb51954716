import type { Guard } from "../guarded.ts";
import type { Store } from "../store/store.ts";

/** People who opted out are not answered; what else they said is left out where a conversation is read. */
export function optOuts(store: Pick<Store, "isOptedOut">): Guard {
  return async (incoming, next) =>
    (await store.isOptedOut(incoming.author)) ? { kind: "ignore", reason: "opted-out" } : await next(incoming);
}
