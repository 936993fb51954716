import type { Answering } from "./answer.ts";
import type { Engine, Turn } from "./engine.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Settings } from "./options.ts";

/** A way of decoding: `rain()` looks one up by `options.mode`. Plain decoding asks no judge. */
export type Decode = (engine: Engine, turns: readonly Turn[], settings: Settings, judge: AnswerJudge) => Answering;
