import { type Engine, RainError, type Token } from "../../core/index.ts";
import type { Pair } from "./layout.ts";

/** Two models do not have the same tokens, so nothing that one expects can be looked up with the other. */
export class VocabularyError extends RainError {
  /** The first token that differs; `undefined` where one vocabulary is only longer. */
  readonly token: Token | undefined;

  constructor(message: string, token?: Token) {
    super(message);
    this.token = token;
  }
}

/**
 * Compares two vocabularies token by token.
 *
 * @throws {VocabularyError} that says how they differ
 */
export function checkSameVocabulary({ base, aligned }: Pair<Engine>): void {
  const sizes = { base: base.facts.vocabularySize, aligned: aligned.facts.vocabularySize };
  const common = Math.min(sizes.base, sizes.aligned);
  const differing: Token[] = [];
  for (let token = 0; token < common; token++) if (base.tokenizer.nameOf(token) !== aligned.tokenizer.nameOf(token)) differing.push(token);
  const [first] = differing;
  if (first === undefined && sizes.base === sizes.aligned) return;
  const sizesSaid = sizes.base === sizes.aligned ? `${common} tokens each` : `${sizes.base} and ${sizes.aligned} tokens`;
  const namesSaid =
    first === undefined
      ? `the first ${common} are the same`
      : `${differing.length} of the first ${common} differ, as token ${first}: ${shown(base.tokenizer.nameOf(first))} and ${shown(aligned.tokenizer.nameOf(first))}`;
  throw new VocabularyError(
    `Expected ${base.facts.model} and ${aligned.facts.model} to have the same vocabulary, got ${sizesSaid}; ${namesSaid} (choose the base model that the aligned one was made of)`,
    first,
  );
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 40));
}
