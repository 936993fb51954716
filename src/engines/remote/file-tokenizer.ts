import { toUSVString } from "node:util";
import type { Tokenizer } from "@huggingface/tokenizers";
import escapeStringRegexp from "escape-string-regexp";
import type { Token } from "../../core/engine.ts";
import type { VocabularyModel } from "../llama/vocabulary.ts";

/** A token beside the vocabulary, as `tokenizer.json` has it. */
export interface AddedToken {
  readonly id: Token;
  readonly content: string;
  /** Whether it is no text, but a mark of the chat template and the like. */
  readonly special: boolean;
  /** Whether spaces in front of it, and behind it, belong to it. */
  readonly lstrip?: boolean | undefined;
  readonly rstrip?: boolean | undefined;
}

/** What the files of a tokenizer say. */
export interface TokenizerParts {
  /** Without special tokens: names of them in a text are text. */
  readonly tokenizer: Tokenizer;
  readonly special: readonly AddedToken[];
  /** Tokens of the model, some of which may have no name. */
  readonly size: number;
  /** Begins a text, if one does. */
  readonly begin: AddedToken | undefined;
  readonly startsWithBegin: boolean;
  /** The end of a text, by its name. */
  readonly end: string | undefined;
  /** All tokens that end an answer. */
  readonly ends: ReadonlySet<Token>;
  /** Whether names of tokens write bytes as letters. */
  readonly isByteLevel: boolean;
  readonly chatTemplate: string | undefined;
}

/** A tokenizer of Hugging Face's, in place of a model of node-llama-cpp. */
export class FileTokenizer implements VocabularyModel {
  readonly fileInfo: VocabularyModel["fileInfo"];
  readonly tokens: VocabularyModel["tokens"];
  readonly #tokenizer: Tokenizer;
  readonly #ends: ReadonlySet<Token>;
  readonly #special: ReadonlyMap<Token, AddedToken>;
  readonly #byName: ReadonlyMap<string, AddedToken>;
  /** Finds names of special tokens, the longest one where several begin at the same place. */
  readonly #names: RegExp | undefined;
  /** A token that is a whole word: behind it the others read as they do inside a text. */
  readonly #word: Token;

  constructor({ tokenizer, special, size, begin, startsWithBegin, end, ends, isByteLevel, chatTemplate }: TokenizerParts) {
    this.#tokenizer = tokenizer;
    this.#ends = ends;
    this.#special = new Map(special.map((token) => [token.id, token]));
    this.#byName = new Map(special.map((token) => [token.content, token]));
    const names = special.map(({ content }) => content).filter((name) => name !== "");
    const longestFirst = names.toSorted((left, right) => right.length - left.length);
    this.#names = names.length === 0 ? undefined : new RegExp(`(${longestFirst.map(escapeStringRegexp).join("|")})`);
    this.#word = this.tokenize("a").at(-1) as Token;
    const { id: bos = null, content: bosString = null } = begin ?? {};
    this.tokens = { bos, bosString, eosString: end ?? null, shouldPrependBosToken: startsWithBegin };
    const tokens = Array.from(
      { length: size },
      (_, token) => this.#special.get(token)?.content ?? tokenizer.id_to_token(token) ?? `[unused ${token}]`,
    );
    const template = chatTemplate === undefined ? {} : { chat_template: chatTemplate };
    this.fileInfo = { metadata: { tokenizer: { ...template, ggml: { tokens, model: isByteLevel ? "gpt2" : "llama" } } } };
  }

  tokenize(text: string, specialTokens = false, options?: "trimLeadingSpace"): Token[] {
    if (specialTokens && this.#names !== undefined) return this.#withSpecial(text, this.#names);
    if (text === "") return [];
    if (options === undefined) return this.#encode(text);
    // Behind a line break nothing is put in front.
    const before = this.#encode("\n");
    const tokens = this.#encode(`\n${text}`);
    return before.every((token, index) => tokens[index] === token) ? tokens.slice(before.length) : this.#encode(text);
  }

  detokenize(tokens: readonly Token[], specialTokens = false, lastTokens: readonly Token[] = []): string {
    let text = "";
    let from = 0;
    const readTo = (end: number) => {
      text += this.#decode(tokens.slice(from, end), from === 0 && lastTokens.length === 0);
      from = end + 1;
    };
    for (const [index, token] of tokens.entries()) {
      const name = this.#textOf(token);
      if (name === undefined) continue;
      readTo(index);
      if (specialTokens) text += name;
    }
    readTo(tokens.length);
    return text;
  }

  isEogToken(token: Token | undefined): boolean {
    return token !== undefined && this.#ends.has(token);
  }

  isSpecialToken(token: Token | undefined): boolean {
    return token !== undefined && (this.#special.has(token) || this.#ends.has(token));
  }

  #withSpecial(text: string, names: RegExp): Token[] {
    const pieces = text.split(names);
    return pieces.flatMap((piece, index) => {
      const special = this.#byName.get(piece);
      if (special !== undefined) return [special.id];
      const [before, behind] = [this.#byName.get(pieces[index - 1] ?? ""), this.#byName.get(pieces[index + 1] ?? "")];
      const start = before?.rstrip === true ? piece.trimStart() : piece;
      return this.tokenize(behind?.lstrip === true ? start.trimEnd() : start);
    });
  }

  /** What is no text: a special token, or a number without a name. */
  #textOf(token: Token): string | undefined {
    return this.#special.get(token)?.content ?? (this.#tokenizer.id_to_token(token) === undefined ? "" : undefined);
  }

  #encode(text: string): Token[] {
    // Half of a character would be bytes that stand for nothing.
    return this.#tokenizer.encode(toUSVString(text), { add_special_tokens: false }).ids;
  }

  #decode(tokens: readonly Token[], isStart: boolean): string {
    if (tokens.length === 0) return "";
    const decode = (all: Token[]) => this.#tokenizer.decode(all, { clean_up_tokenization_spaces: false });
    if (isStart) return decode([...tokens]);
    return decode([this.#word, ...tokens]).slice(decode([this.#word]).length);
  }
}
