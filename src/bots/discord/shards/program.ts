/** What the process of a shard runs: see `Fleet`. */
import { mainOfShard } from "../main.ts";

process.exit(await mainOfShard());
