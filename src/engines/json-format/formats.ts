import type { Formats, FormattedText, JsonSchema, OutputFormat } from "../../core/engine.ts";
import { complaint, EngineError, OptionError } from "../../core/errors.ts";
import { compileSchema } from "./compile-schema.ts";
import { JsonText } from "./formatted-json.ts";
import type { GrammarNode } from "./grammar.ts";
import type { TokenIndex } from "./token-index.ts";
import { Written } from "./written.ts";

/** The formats of one engine: each schema is compiled once, and the vocabulary is put in order when the first one is used. */
export class JsonFormats implements Formats {
  readonly #makeIndex: () => TokenIndex;
  #index: TokenIndex | undefined;
  readonly #grammars = new WeakMap<JsonSchema, GrammarNode>();

  constructor(makeIndex: () => TokenIndex) {
    this.#makeIndex = makeIndex;
  }

  /** @throws {EngineError} `format-unsupported` */
  check(format: OutputFormat): void {
    this.#grammarOf(format);
  }

  begin({ format, formatStart, prefix }: Parameters<Formats["begin"]>[0]): FormattedText {
    let text: FormattedText | undefined = new JsonText(this.#vocabulary, Written.nothing(this.#grammarOf(format)));
    for (const token of prefix.slice(formatStart ?? prefix.length)) text = text?.after(token);
    if (text === undefined)
      throw new OptionError("formatStart", complaint("formatStart", "where a text of the format begins", formatStart), formatStart);
    return text;
  }

  #grammarOf({ type, schema }: OutputFormat): GrammarNode {
    if (type !== "json") throw new EngineError("format-unsupported", `Expected a format of type \`json\`, got \`${type}\``);
    let grammar = this.#grammars.get(schema);
    if (grammar !== undefined) return grammar;
    if (!this.#vocabulary.canSpell) {
      const expected = "a vocabulary with a token for each letter and sign of ASCII, as formats need";
      throw new EngineError("format-unsupported", `Expected ${expected}, got one that lacks some (choose another model)`);
    }
    grammar = compileSchema(schema);
    this.#grammars.set(schema, grammar);
    return grammar;
  }

  get #vocabulary(): TokenIndex {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }
}
