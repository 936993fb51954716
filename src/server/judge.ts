import { z } from "zod";
import { checkOptions, type Engine, type Fitness, isFit, type RainOptions, type Turn } from "../core/index.ts";
import { TurnJudge } from "../judges/index.ts";
import { parsed, text } from "./fields.ts";
import { messages, turnsOf } from "./messages.ts";
import { type ParameterNames, RequestError } from "./request-error.ts";

const judgeSchema = z.strictObject({
  model: text.optional(),
  /** A text of whoever. */
  input: text.optional(),
  /** A conversation, whose last message is judged in the light of those before it. */
  messages: messages.optional(),
  user: text.optional(),
});

/** A verdict on a text, as clients are told it. */
export interface ToldVerdict {
  readonly object: "rain.verdict";
  readonly model: string;
  readonly principle: string;
  /** From -1 (bad) to 1 (good). */
  readonly value: number;
  /** The value from which a text passes. */
  readonly threshold: number;
  readonly flagged: boolean;
  readonly judge: { readonly fitness: Fitness | null; readonly isFit: boolean };
}

/** Tells a verdict. Rejects with a `JudgeError` when there is no usable one. */
export type JudgeOfTexts = (request: AskedVerdict, signal: AbortSignal) => Promise<ToldVerdict>;

/** Judges texts that it did not write by the judge that answers are judged by, always asking its question. */
export function judgeOfTexts(engine: Engine, options: RainOptions): JudgeOfTexts {
  const { principle } = checkOptions(options);
  const judge = new TurnJudge(engine, options);
  return async ({ turns }, signal) => {
    const value = await judge.value(turns, principle, signal);
    const { threshold, fitness } = await judge.about(principle, signal);
    const isFitJudge = isFit({ fitness });
    return {
      object: "rain.verdict",
      model: engine.facts.model,
      principle: principle.name,
      value,
      threshold,
      // What an unfit judge says is a guess: nothing passes by it.
      flagged: !isFitJudge || value < threshold,
      judge: { fitness: fitness ?? null, isFit: isFitJudge },
    };
  };
}

/** What is to be judged. */
export interface AskedVerdict {
  readonly turns: readonly Turn[];
  /** Whose turn it is in the queue, of one key. */
  readonly user: string;
  readonly names: ParameterNames;
}

/** @throws {RequestError} for what cannot be meant */
export function judgeRequest(body: unknown): AskedVerdict {
  const { input, messages: conversation, user = "" } = parsed(judgeSchema, body);
  if ((input === undefined) === (conversation === undefined))
    throw new RequestError("Expected one of `input` and `messages`, got both or none", { param: "input" });
  const turns = conversation === undefined ? [{ role: "user", text: input ?? "" } as const] : turnsOf(conversation);
  const param = conversation === undefined ? "input" : "messages";
  if (turns.at(-1)?.text.trim() === "") throw new RequestError("Expected a text to judge, got an empty one", { param });
  return { turns, user, names: { turns: param } };
}
