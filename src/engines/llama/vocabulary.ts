import type { LlamaModel } from "node-llama-cpp";
import type { Prefix, Thinking, Token, Tokenizer, Turn } from "../../core/engine.ts";
import { renderOpened } from "../../core/opening.ts";
import { plainConversation } from "../../core/plain-conversation.ts";
import type { CallFormat } from "../../core/tool.ts";
import { type ChatFormat, type ChatTemplate, chatFormat, renderChat, surroundingOf } from "./chat-template.ts";
import type { TemplatePiece } from "./marks.ts";
import { type NextTurn, nextTurn, type SpecialToken } from "./next-turn.ts";
import { type TemplateThoughts, templateThoughts } from "./template-thoughts.ts";
import { writtenBytes } from "./token-bytes.ts";

/** What a vocabulary is read from: by its names and meaning a model of node-llama-cpp, or another tokenizer in its place. */
export interface VocabularyModel {
  readonly fileInfo: {
    readonly metadata: { readonly tokenizer?: { readonly chat_template?: string; readonly ggml?: TokenNames } };
  };
  readonly tokens: Pick<LlamaModel["tokens"], "bosString" | "eosString" | "shouldPrependBosToken"> & { readonly bos: Token | null };
  /** @param specialTokens whether names of special tokens are these */
  tokenize(text: string, specialTokens?: boolean, options?: "trimLeadingSpace"): Token[];
  /** @param specialTokens whether special tokens read as their names, and not as nothing */
  detokenize(tokens: readonly Token[], specialTokens?: boolean, lastTokens?: readonly Token[]): string;
  isEogToken(token: Token | undefined): boolean;
  isSpecialToken(token: Token | undefined): boolean;
}

interface TokenNames {
  /** By their numbers. */
  readonly tokens: readonly string[];
  /** How they write bytes: `gpt2` as letters, others as `<0x0A>` where they are no text. */
  readonly model: string;
  /** Their kinds, as numbers of GGUF. */
  readonly token_type?: readonly number[];
}

/** Turns texts into tokens and back. */
export class Vocabulary implements Tokenizer {
  readonly size: number;
  readonly hasChatTemplate: boolean;
  readonly #model: VocabularyModel;
  readonly #names: readonly string[];
  readonly #format: ChatFormat | undefined;
  readonly #thoughts: TemplateThoughts | undefined;
  /** Nothing, without a template. */
  readonly #nextTurn: NextTurn | undefined;
  /** SentencePiece models put a space in front of a text: right at the start of all, wrong inside. */
  readonly #hasSpacePrefix: boolean;
  readonly #bytes: ((token: Token) => string) | undefined;

  constructor(model: VocabularyModel, template: ChatTemplate | undefined) {
    const source = model.fileInfo.metadata.tokenizer?.chat_template ?? "";
    this.#model = model;
    const { bosString, eosString } = model.tokens;
    this.#format = template && chatFormat(template, { bos_token: bosString ?? "", eos_token: eosString ?? "" });
    this.#names = model.fileInfo.metadata.tokenizer?.ggml?.tokens ?? [];
    this.size = this.#names.length;
    const isToken = (name: string) => this.#names.includes(name);
    this.#thoughts = this.#format && templateThoughts(this.#format, source, isToken);
    this.#nextTurn = this.#format && nextTurn(surroundingOf(this.#format), (text) => this.#specials(text));
    this.hasChatTemplate = template !== undefined;
    this.#bytes = writtenBytes(model);
    this.#hasSpacePrefix =
      model.tokenize("a").length !== model.tokenize("a", false, "trimLeadingSpace").length ||
      firstOf(model, "a") !== firstOf(model, "a", "trimLeadingSpace");
  }

  /** How calls are written in the model's own format, if it has one for them. */
  get callFormat(): CallFormat | undefined {
    return this.#format?.calls;
  }

  /** How the model thinks, if it does. */
  get thinking(): Thinking | undefined {
    if (this.#thoughts === undefined) return undefined;
    const { isOpen, end, marks } = this.#thoughts;
    const inTokens = Object.entries(marks).map(
      ([name, text]) => [name, this.#tokenizePieces([{ text, isData: false }], (plain) => this.tokenize(plain))] as const,
    );
    return { isOpen, end, ...(Object.fromEntries(inTokens) as Record<keyof typeof marks, Token[]>) };
  }

  /** Texts with which the next turn begins, if the model has a format of its own. */
  get nextTurn(): readonly string[] | undefined {
    return this.#nextTurn?.texts;
  }

  render(turns: readonly Turn[]): Token[] {
    const opening = turns.at(-1)?.opening;
    if (opening !== undefined) return renderOpened(turns, opening, this);
    if (this.#format === undefined) return this.renderText(plainConversation(turns));
    const asksForNone = turns.some(({ thinks }) => thinks === false);
    const tokens = this.#tokenizePieces(renderChat(asksForNone ? (this.#thoughts?.off ?? this.#format) : this.#format, turns));
    return tokens[0] === this.#begin[0] ? tokens : [...this.#begin, ...tokens];
  }

  renderText(text: string): Token[] {
    return [...this.#begin, ...this.tokenize(text)];
  }

  tokenize(text: string): Token[] {
    return this.#model.tokenize(text, false, this.#hasSpacePrefix ? "trimLeadingSpace" : undefined);
  }

  /** As the library has it by itself, with the space that some vocabularies put in front: what a server of the same model says of the text. */
  tokenizeAlone(text: string): Token[] {
    return this.#model.tokenize(text);
  }

  detokenize(tokens: readonly Token[], after: Prefix = []): string {
    if (this.#bytes === undefined) return this.#model.detokenize(tokens, false, after);
    return Buffer.from(tokens.map(this.#bytes).join(""), "latin1").toString("utf8");
  }

  nameOf(token: Token): string {
    const name = this.#names[token];
    if (name === undefined) throw new RangeError(`Expected a token below ${this.size}, got \`${token}\``);
    return String(name);
  }

  isEnd(token: Token): boolean {
    return this.#model.isEogToken(token) || this.#nextTurn?.tokens.has(token) === true;
  }

  /** The beginning-of-text token, for models that use one. */
  get #begin(): Token[] {
    const { bos, shouldPrependBosToken } = this.#model.tokens;
    return bos !== null && shouldPrependBosToken ? [bos] : [];
  }

  /**
   * Between two special tokens of the template, its text and the data are tokenized as one text, as in training; but only the
   * template's own text is searched for special tokens.
   */
  #tokenizePieces(pieces: readonly TemplatePiece[], tokenize = (plain: string): Token[] => this.#model.tokenize(plain)): Token[] {
    const tokens: Token[] = [];
    let plain = "";
    for (const { text, isData } of pieces) {
      let done = 0;
      for (const { token, start, end } of isData ? [] : this.#specials(text)) {
        tokens.push(...tokenize(plain + text.slice(done, start)), token);
        plain = "";
        done = end;
      }
      plain += text.slice(done);
    }
    return [...tokens, ...tokenize(plain)];
  }

  /** The special tokens in a template's text, and where they stand. */
  #specials(text: string): SpecialToken[] {
    const found = [];
    let from = 0;
    for (const token of this.#model.tokenize(text, true)) {
      if (!this.#model.isSpecialToken(token)) continue;
      const name = this.#model.detokenize([token], true);
      const start = text.indexOf(name, from);
      if (start < 0 || name === "") continue;
      from = start + name.length;
      found.push({ token, start, end: from });
    }
    return found;
  }
}

function firstOf(model: VocabularyModel, text: string, option?: "trimLeadingSpace"): Token | undefined {
  return model.tokenize(text, false, option)[0];
}
