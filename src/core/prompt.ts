import { type Boundary, firstOf, stopStrings } from "./boundary.ts";
import { checkOptions } from "./check-options.ts";
import type { Engine, Prefix, Turn } from "./engine.ts";
import type { RainOptions, Settings } from "./options.ts";
import { fencedAnswer } from "./prompts/fenced-answer.ts";
import { urialDocument } from "./prompts/urial.ts";

/** A conversation as the writer of the answer reads it. The judge reads it in the model's own chat format, or as plain lines. */
export interface Prompt {
  readonly prefix: Prefix;
  /** The beginning that it has in common with the prompts of all conversations; empty where there is none. */
  readonly constant: Prefix;
  /** Where the answer ends. */
  readonly boundary: Boundary;
}

/** Of a model's context, a prompt that nobody asked for takes at most this share before the conversation begins. */
const MOST_OF_CONTEXT = 0.5;

export function promptOf(engine: Engine, turns: readonly Turn[], settings: Settings): Prompt {
  const stops = stopStrings(settings.stop);
  if (settings.prompting !== "urial") return { prefix: engine.tokenizer.render(turns), constant: [], boundary: stops };
  const { constant, conversation, ...fenced } = urialDocument(turns, settings);
  const beginning = engine.tokenizer.renderText(constant);
  // What is written under a format ends by itself.
  const boundary = settings.format === undefined ? firstOf([stops, fencedAnswer(fenced)]) : stops;
  // Put together from tokens, so that what is common to all conversations is one prefix.
  return { prefix: [...beginning, ...engine.tokenizer.tokenize(conversation)], constant: beginning, boundary };
}

/** The same settings, with the way of prompting that `auto` stands for. */
export function withPrompting(engine: Engine, settings: Settings): Settings {
  if (settings.prompting !== "auto") return settings;
  return { ...settings, prompting: suitsUrial(engine, settings) ? "urial" : "chat" };
}

/** How many tokens a conversation is, as it is put to this model. */
export function promptLength(engine: Engine, turns: readonly Turn[], options: RainOptions = {}): number {
  return promptOf(engine, turns, withPrompting(engine, checkOptions(options))).prefix.length;
}

/**
 * One line for a person, where a model is prompted by URIAL although nobody asked for it; else `undefined`. To be said once.
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
