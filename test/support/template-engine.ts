import type {
  Call,
  Engine,
  EngineFacts,
  NextTokenQuery,
  NextTokens,
  Prefix,
  Thinking,
  Token,
  Tokenizer,
  Turn,
} from "../../src/core/index.ts";
import { renderOpened } from "../../src/core/opening.ts";
import { JsonFormats } from "../../src/engines/json-format/index.ts";
import { type ChatFormat, chatFormat, renderChat } from "../../src/engines/llama/chat-template.ts";
import { templateThoughts } from "../../src/engines/llama/template-thoughts.ts";
import { JinjaTemplate } from "../../src/jinja.ts";
import { markedText } from "../../src/tools/marked-text.ts";

const END = 0;
const FIRST_BYTE = 1;
const FIRST_SPECIAL = FIRST_BYTE + 256;

/** Where answers begin, and where turns end. */
export const ASSISTANT = "<|assistant|>";
export const OVER = "<|over|>";

/** A model that knows its chat template by heart. */
export interface TemplateModel {
  /** In Jinja. An answer begins behind `ASSISTANT`; all turns end with `OVER`. */
  readonly template: string;
  /** Names of tokens that read as nothing. */
  readonly specials: readonly string[];
  /** What it writes behind the last `ASSISTANT`, special tokens by their names. */
  readonly writes: string;
}

/** An engine of bytes and special tokens, which writes one answer, whatever it is asked, as far as it is let. */
export class TemplateEngine implements Engine {
  readonly facts: EngineFacts;
  readonly tokenizer: Tokenizer;
  readonly formats: JsonFormats;
  readonly #names: readonly string[];
  readonly #written: readonly Token[];

  constructor({ template, specials, writes }: TemplateModel) {
    this.#names = [ASSISTANT, ...specials];
    const size = FIRST_SPECIAL + this.#names.length;
    const format = formatOf(template);
    this.#written = this.tokensOf(writes);
    const render = (turns: readonly Turn[]): Token[] => {
      const opening = turns.at(-1)?.opening;
      if (opening !== undefined) return renderOpened(turns, opening, this.tokenizer);
      return renderChat(format, turns).flatMap(({ text, isData }) => (isData ? bytes(text) : this.tokensOf(text)));
    };
    this.tokenizer = {
      render,
      renderText: bytes,
      tokenize: bytes,
      detokenize: (tokens) => new TextDecoder().decode(Uint8Array.from(tokens.filter(isByte), (token) => token - FIRST_BYTE)),
      nameOf: (token) => this.#special(token) ?? (token === END ? OVER : `byte ${token - FIRST_BYTE}`),
      isEnd: (token) => token === END,
    };
    const bytesOf = (token: Token) => (isByte(token) ? String.fromCharCode(token - FIRST_BYTE) : undefined);
    this.formats = new JsonFormats(() => ({
      size,
      bytesOf,
      isEnd: (token) => token === END,
      specialOf: (token) => this.#special(token),
    }));
    this.facts = {
      model: "template",
      contextSize: 8192,
      vocabularySize: size,
      hasChatTemplate: true,
      callFormat: format.calls,
      ...this.#thinking(template),
    };
  }

  async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    call.signal?.throwIfAborted();
    call.meter.record(call.purpose, queries.length, 1);
    return queries.map(({ prefix, topK = 0, tokens = [] }) => {
      const next = this.#nextOf(prefix);
      const logitOf = (token: Token) => (token === next ? 0 : -30);
      const others = Array.from({ length: this.facts.vocabularySize }, (_, token) => token).filter((token) => token !== next);
      return {
        likeliest: [next, ...others].slice(0, topK).map((token) => ({ token, logit: logitOf(token) })),
        logits: tokens.map(logitOf),
      };
    });
  }

  hold = (): Disposable => ({ [Symbol.dispose]: () => undefined });

  async distributions(): Promise<Float32Array[]> {
    throw new Error("Expected nobody to ask for distributions");
  }

  [Symbol.asyncDispose] = (): Promise<void> => Promise.resolve();

  /** What is written where the answer has come to; behind anything else, the end. */
  #nextOf(prefix: Prefix): Token {
    const answer = prefix.slice(prefix.lastIndexOf(FIRST_SPECIAL) + 1);
    return answer.every((token, index) => token === this.#written[index]) ? (this.#written[answer.length] ?? END) : END;
  }

  /** How it thinks, if its template or a special token tells. */
  #thinking(template: string): Pick<EngineFacts, "thinking"> {
    const thoughts = templateThoughts(formatOf(template), template, (name) => this.#names.includes(name));
    if (thoughts === undefined) return {};
    const marks = Object.entries(thoughts.marks).map(([name, text]) => [name, this.tokensOf(text)] as const);
    const { isOpen, end } = thoughts;
    return { thinking: { isOpen, end, ...(Object.fromEntries(marks) as Record<keyof typeof thoughts.marks, Token[]>) } satisfies Thinking };
  }

  #special(token: Token): string | undefined {
    return this.#names[token - FIRST_SPECIAL];
  }

  /** What tokens say, special ones by their names. */
  marked(tokens: readonly Token[]): string {
    return markedText(this.tokenizer, tokens, []);
  }

  /** Of a text in which special tokens stand by their names. */
  tokensOf(text: string): Token[] {
    const names = [OVER, ...this.#names];
    const tokens: Token[] = [];
    for (let at = 0; at < text.length; ) {
      const special = names.findIndex((name) => text.startsWith(name, at));
      const said = names[special] ?? String.fromCodePoint(text.codePointAt(at) as number);
      tokens.push(...(special < 0 ? bytes(said) : [special === 0 ? END : FIRST_SPECIAL + special - 1]));
      at += said.length;
    }
    return tokens;
  }
}

const formats = new Map<string, ChatFormat>();

/** Found out once for each template. */
function formatOf(template: string): ChatFormat {
  const format = formats.get(template) ?? chatFormat(new JinjaTemplate(template), { bos_token: "", eos_token: OVER });
  formats.set(template, format);
  return format;
}

function bytes(text: string): Token[] {
  return Array.from(Buffer.from(text), (byte) => FIRST_BYTE + byte);
}

function isByte(token: Token): boolean {
  return token >= FIRST_BYTE && token < FIRST_SPECIAL;
}
