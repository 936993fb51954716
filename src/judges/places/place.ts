import { answeredAtOnce, type Engine, type Prefix, type Principle, type Settings, type Token, type Turn } from "../../core/index.ts";
import { promptOf } from "../../prompting/index.ts";

/** Where a judge reads. */
export const PLACES = ["answer", "line", "options", "turn", "quote"] as const;

export type PlaceName = (typeof PLACES)[number];

/** What a place needs to know of a model and of how answers are asked for. */
export interface PlaceContext {
  readonly engine: Engine;
  readonly principle: Principle;
  /** How the writer is prompted: the judge reads behind the same prefix. */
  readonly settings: Settings;
}

/** What stands before an answer. What a person wrote of their own accord is judged as an answer to nothing. */
export function promptBefore(turns: readonly Turn[], { engine, settings }: Pick<PlaceContext, "engine" | "settings">): Prefix {
  return promptOf(engine, answeredAtOnce(turns.length === 0 ? NOBODY_ASKED : turns, engine), settings).prefix;
}

const NOBODY_ASKED: readonly Turn[] = [{ role: "user", text: "" }];

/** One way to put an answer before the model, so that what it expects next tells what it thinks of the answer. */
export interface Place {
  readonly name: PlaceName;
  /** For people. */
  readonly description: string;
  /**
   * The place behind answers to this conversation. `prompt`: all that stands before the answer where it is written.
   *
   * @throws {JudgeError} where the model cannot be asked there
   */
  open(turns: readonly Turn[], prompt: Prefix, context: PlaceContext): OpenPlace;
}

/** A place in one conversation. */
export interface OpenPlace {
  /** What is read behind, to judge an answer of these tokens. */
  prefixOf(answer: readonly Token[]): Prefix;
  /** Tokens that are computed beside those of the answer, about: what a verdict costs. */
  readonly questionTokens: number;
  /** Whether the answer itself is computed once more. */
  readonly readsAgain: boolean;
}
