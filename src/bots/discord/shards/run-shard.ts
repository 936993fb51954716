import { InferenceClient } from "../../guard/inference-client.ts";
import { openStore } from "../../guard/store/open-store.ts";
import { type RunInput, serve } from "../serve.ts";
import { Vitals } from "../vitals.ts";
import type { ShardPost } from "./messages.ts";
import type { Parent } from "./parent.ts";
import { shardOf } from "./shard-of.ts";

/** One shard, with the model of another process, until it is to leave. */
export async function runShard(input: RunInput, { socket, shard, shards }: ShardPost, parent: Parent): Promise<void> {
  await using store = await openStore(input.config.databaseUrl);
  // Of this shard's process before, which is dead: there is one at a time.
  const count = await store.failUnfinished({ isOurs: (guild) => shardOf(guild, shards) === shard });
  if (count > 0) input.log.warn({ count }, "ended the records of answers that were never finished");
  const vitals = new Vitals(store);
  parent.answers = vitals;
  await using inference = await InferenceClient.connect(socket);
  vitals.inference = inference;
  await serve(input, { store, inference, vitals, client: { shards: [shard], shardCount: shards } });
}
