/**
 * A process that writes to a store: `store-writer.ts URL NAME COUNT`. Each time it decides about the settings, ends a reply and adds a review,
 * and says so when all of it is acknowledged: the version of the settings, in a line.
 */
import { openStore, SettingsConflictError, type Store } from "../../src/bots/guard/index.ts";
import { GUILD, newReply, newReview, replyEnd, settingsChange, settingsWith } from "./store-records.ts";

const [, , url = "", name = "", count = ""] = process.argv;
const store = await openStore(url);
process.stdout.write("ready\n");
for (let index = 0; index < Number(count); index++) {
  const version = await decide(store);
  const source = `${name}-${index}`;
  await store.beginReply(newReply({ source }));
  await store.endReply(GUILD, source, replyEnd({ messages: [`${source}-a`, `${source}-b`], excerpt: source }));
  await store.addReview(newReview({ message: source }));
  await store.countWithin({ key: "all", day: "2026-11-21", cap: 1_000_000 });
  process.stdout.write(`${version}\n`);
}
await store[Symbol.asyncDispose]();

/** Again, until no other process decided at the same time. The version that it became. */
async function decide(store: Store): Promise<number> {
  for (;;) {
    const { version } = await store.settings(GUILD);
    try {
      const change = settingsChange({ version, settings: settingsWith(16 + (version % 1000)), by: name });
      return (await store.changeSettings(change)).version;
    } catch (error) {
      if (!(error instanceof SettingsConflictError)) throw error;
    }
  }
}
