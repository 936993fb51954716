import {
  checkOptions,
  type Engine,
  firstOf,
  NEXT_PLAIN_TURN,
  type Prompt,
  type RainOptions,
  type Settings,
  stopStrings,
  type Turn,
} from "../core/index.ts";
import { fencedAnswer } from "./fenced-answer.ts";
import { urialDocument } from "./urial.ts";

/** Of a model's context, URIAL's instruction and examples take, where `prompting` is `auto`, at most this share before the conversation begins. */
const MOST_OF_CONTEXT = 0.5;

export function promptOf(engine: Engine, turns: readonly Turn[], settings: Settings): Prompt {
  const stops = stopStrings(settings.stop);
  if (settings.prompting !== "urial") {
    const { hasChatTemplate, nextTurn = hasChatTemplate ? [] : NEXT_PLAIN_TURN } = engine.facts;
    // What is written under a format ends by itself.
    const boundary = settings.format === undefined ? stopStrings([...settings.stop, ...nextTurn]) : stops;
    return { prefix: engine.tokenizer.render(turns), constant: [], boundary };
  }
  const { constant, conversation, ...fenced } = urialDocument(turns, settings);
  const beginning = engine.tokenizer.renderText(constant);
  const boundary = settings.format === undefined ? firstOf([stops, fencedAnswer(fenced)]) : stops;
  // Put together from tokens, so that what is common to all conversations is one prefix.
  return { prefix: [...beginning, ...engine.tokenizer.tokenize(conversation)], constant: beginning, boundary };
}

/** The same settings, with the way of prompting that `auto` stands for. */
export function withPrompting(engine: Engine, settings: Settings): Settings {
  if (settings.prompting !== "auto") return settings;
  return { ...settings, prompting: suitsUrial(engine, settings) ? "urial" : "chat" };
}

/**
 * One line for a person, where a model is prompted by URIAL because `prompting` is `auto`; else `undefined`. To be said once.
 *
 * @throws {OptionError} for options that cannot be meant
 */
export function promptingNotice(engine: Engine, options: RainOptions = {}): string | undefined {
  const settings = checkOptions(options);
  if (settings.prompting !== "auto" || !suitsUrial(engine, settings)) return undefined;
  const { length } = engine.tokenizer.renderText(urialDocument([], settings).constant);
  return `${engine.facts.model} has no chat template: it is shown examples of answers first, ${length} tokens of URIAL (\`prompting\` "chat" leaves them out).`;
}

/** A call of a tool is no fenced answer. */
function suitsUrial(engine: Engine, settings: Settings): boolean {
  const { isBaseModel = false, contextSize } = engine.facts;
  if (!isBaseModel || settings.tools.length > 0) return false;
  return engine.tokenizer.renderText(urialDocument([], settings).constant).length <= contextSize * MOST_OF_CONTEXT;
}
