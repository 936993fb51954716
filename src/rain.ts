import {
  type Answering,
  checkFormat,
  checkOptions,
  complaint,
  decode,
  type Engine,
  OptionError,
  type RainAnswer,
  type RainOptions,
  type Turn,
  wholeAnswer,
} from "./core/index.ts";
import { findJudge } from "./judges/index.ts";
import { promptOf, withPrompting } from "./prompting/index.ts";
import { withoutThoughts, withThoughts } from "./thoughts/thoughts.ts";
import { withDescriptions } from "./tools/descriptions.ts";
import { checkTools, mayCall, withTools } from "./tools/tool-answer.ts";

/**
 * Writes the assistant's next turn, step by step. What was yielded is never taken back; leaving the loop stops the work.
 * If the last turn is the assistant's, it is continued.
 *
 * @throws {OptionError} before anything is computed, for options or turns that cannot be meant
 * @throws {EngineError} before anything is computed, for a format that this engine cannot write
 * @throws {JudgeError} when the judge gives no usable verdict: nothing unjudged is released
 * @throws {EmptySearchError} when the engine continues nothing
 * @throws {ExhaustedError} when nothing passes the judge, or is valid, and `onExhausted` is "error"
 * @throws {ContextFullError} when the conversation leaves no room for an answer
 */
export function rain(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Answering {
  const settings = withPrompting(engine, checkOptions(withSuggested(engine, options)));
  checkTurns(turns);
  if (settings.format !== undefined) checkFormat(engine, settings.format);
  const said = withoutThoughts(turns, { engine, settings });
  if (!mayCall(settings)) return decode({ engine, turns: said, settings, promptOf }, { findJudge, around: withThoughts });
  checkTools(settings, engine);
  const request = { engine, turns: withDescriptions(said, settings), settings, promptOf };
  return withCalls(decode(request, { findJudge, around: (inner) => withThoughts(withTools(inner)) }));
}

/** The same, waiting for the whole answer. */
export async function answer(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): Promise<RainAnswer> {
  return await wholeAnswer(rain(engine, turns, options));
}

/** The options, and where they leave it open, sampling as the model's makers suggest. */
function withSuggested({ facts }: Engine, options: RainOptions): RainOptions {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...facts.sampling, ...Object.fromEntries(given) };
}

/** Where tools may be called, a refusal has its calls, too: none. */
async function* withCalls(answering: Answering): Answering {
  return { calls: [], ...(yield* answering) };
}

function checkTurns(turns: readonly Turn[]): void {
  if (!Array.isArray(turns) || turns.length === 0)
    throw new OptionError("turns", complaint("turns", "a non-empty list of turns", turns), turns);
  turns.forEach(({ role, text, callId }, index) => {
    if (!["system", "user", "assistant", "tool"].includes(role))
      throw new OptionError("turns", complaint(`turns[${index}].role`, "one of `system`, `user`, `assistant`, `tool`", role), role);
    const calls = turns.slice(0, index).flatMap((turn) => turn.calls ?? []);
    if (role === "tool" && !calls.some(({ id }) => id === callId))
      throw new OptionError("turns", complaint(`turns[${index}].callId`, "the id of a call in a turn before it", callId), callId);
    if (typeof text !== "string") throw new OptionError("turns", complaint(`turns[${index}].text`, "a string", text), text);
  });
}
