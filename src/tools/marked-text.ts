/** Texts in which special tokens can be seen: calls are made of them in many vocabularies, and they read as nothing. */
import type { Engine, Prefix, Token, Tokenizer } from "../core/index.ts";

/** What tokens say, special ones by their names; an end token says nothing. */
export function markedText(tokenizer: Tokenizer, tokens: readonly Token[], after: Prefix): string {
  return shown(tokenizer, (token) => isMark(tokenizer, token)).detokenize(tokens, after);
}

/** The special tokens in a text, by their names. */
export function marksIn(tokenizer: Tokenizer, tokens: readonly Token[]): ReadonlySet<Token> {
  return new Set(tokens.filter((token) => isMark(tokenizer, token)));
}

/** The same engine, to which some special tokens read as their names. */
export function withMarks(engine: Engine, marks: ReadonlySet<Token>): Engine {
  if (marks.size === 0) return engine;
  return {
    ...engine,
    facts: engine.facts,
    findJudge: engine.findJudge,
    chatTemplate: engine.chatTemplate,
    formats: engine.formats,
    tokenizer: shown(engine.tokenizer, (token) => marks.has(token)),
    next: (queries, call) => engine.next(queries, call),
    hold: (prefix) => engine.hold(prefix),
    distributions: (passage, call) => engine.distributions(passage, call),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}

function shown(tokenizer: Tokenizer, isShown: (token: Token) => boolean): Tokenizer {
  return {
    render: (turns) => tokenizer.render(turns),
    renderText: (text) => tokenizer.renderText(text),
    tokenize: (text) => tokenizer.tokenize(text),
    nameOf: (token) => tokenizer.nameOf(token),
    isEnd: (token) => tokenizer.isEnd(token),
    detokenize(tokens, after = []) {
      const before = [...after];
      let text = "";
      let run: Token[] = [];
      const read = () => {
        if (run.length > 0) text += tokenizer.detokenize(run, before);
        before.push(...run);
        run = [];
      };
      for (const token of tokens) {
        if (!isShown(token)) run.push(token);
        else {
          read();
          text += tokenizer.nameOf(token);
          before.push(token);
        }
      }
      read();
      return text;
    },
  };
}

function isMark(tokenizer: Tokenizer, token: Token): boolean {
  return !tokenizer.isEnd(token) && tokenizer.detokenize([token]) === "" && tokenizer.nameOf(token) !== "";
}
