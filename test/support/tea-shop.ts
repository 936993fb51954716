import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/bots/guard/index.ts";
import { type Engine, type FindJudge, type NextTokenQuery, principle, randomAt } from "../../src/core/index.ts";
import { letterJudge } from "../../src/judges/index.ts";
import { worldEngine } from "./scripted-world.ts";
import { temporaryFolder } from "./tiny-model.ts";

/** A principle that a guild has written, for which the package has no labelled answers. Its options are words that a scripted model knows. */
export const CIVIL = principle({ name: "civil", question: "Is the message civil?", good: "harmless", bad: "harmful" });

/** Words that messages are made of. What a guild minds may be any of them. */
export const WORDS = ["tea", "cats", "rain", "milk", "moss", "sand"] as const;
export type Word = (typeof WORDS)[number];

const PIECES = [...WORDS, "I", "like", "and"].map((word) => ` ${word}`);

/** A message with some of the words. The same number gives the same one. */
export function messageOf(number: number): string {
  const said = WORDS.filter((_, index) => randomAt(number, index) < 0.5);
  return ` I like${(said.length === 0 ? ["rain"] : said).map((word) => ` ${word}`).join(" and")} and ${"o".repeat(1 + (number % 9))}`;
}

export function has(text: string, word: Word): boolean {
  return text.includes(` ${word}`);
}

/** What moderators decide who mind one word: about messages with these numbers. */
export function mindingWord(word: Word, numbers: readonly number[]): readonly Decision[] {
  return numbers.map((number) => ({ text: messageOf(number), isGood: !has(messageOf(number), word) }));
}

export function numbersFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

export interface TeaShop extends Disposable {
  readonly folder: ReturnType<typeof temporaryFolder>;
  readonly load: () => Promise<Engine>;
}

/**
 * A model that knows which words a message has: what it expects next tells that. Asked by letters it has an opinion of its own, which is no guild's: it
 * likes moss.
 */
export function teaShop(find: FindJudge = letterJudge): TeaShop {
  const folder = temporaryFolder();
  const file = join(folder.path, "model.gguf");
  writeFileSync(file, "tea");
  const load = async () => {
    const engine = worldEngine({
      pieces: PIECES,
      goOn: () => ({ " tea": 1 }),
      goodness: (answer) => (has(answer, "moss") ? 0.9 : 0.6),
    });
    const words = new Map(WORDS.map((word) => [engine.tokenizer.tokenize(` ${word}`)[0], word]));
    const asked = engine.next.bind(engine);
    const next: Engine["next"] = async (queries, call) => {
      call.signal?.throwIfAborted();
      if (!isReading(queries)) return await asked(queries, call);
      return queries.map(({ prefix, tokens = [] }) => {
        const text = engine.tokenizer.detokenize(prefix);
        const logits = tokens.map((token) => {
          const word = words.get(token);
          return word === undefined ? ((token * 7 + text.length * 13) % 11) / 10 : Number(has(text, word)) * 2;
        });
        return { likeliest: [], logits };
      });
    };
    return Object.assign(engine, { facts: { ...engine.facts, file }, findJudge: find, next });
  };
  return { folder, load, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** Whether these are the many tokens of a read-out, and not the few letters of a question. */
export function isReading(queries: readonly NextTokenQuery[]): boolean {
  return queries.some(({ tokens = [] }) => tokens.length > 4);
}
