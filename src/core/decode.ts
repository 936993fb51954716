import type { Answering } from "./answer.ts";
import type { Engine, Turn } from "./engine/engine.ts";
import type { Settings } from "./options.ts";

/** A way of decoding: `rain()` looks one up by `options.mode`. */
export type Decode = (engine: Engine, turns: readonly Turn[], settings: Settings) => Answering;
