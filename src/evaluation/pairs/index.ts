/** Files of preference pairs: how they are written, read again and summed up. */
export { PairFile } from "./pair-file.ts";
export { PAIR_SCHEMA } from "./pair-schema.ts";
export { type PairSummary, summarise } from "./summary.ts";
