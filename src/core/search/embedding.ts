import { deriveSeed } from "../sampler.ts";

/** A text as a vector. All vectors of one embedder have the same length. */
export type Embed = (text: string) => readonly number[] | Promise<readonly number[]>;

/** As many as the embedder of the published code has, so that its bound on the variance of embeddings means the same here. */
const DIMENSIONS = 384;

/**
 * A text's words and the three-letter pieces of its words, each in a random direction of its own, summed up to a vector of length 1
 * (or 0, for a text without words). Knows nothing of meaning, but needs no download: texts that say nearly the same in nearly
 * the same words are close.
 */
export function embedText(text: string): readonly number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  for (const feature of featuresOf(text)) addDirection(vector, hashOf(feature));
  const length = norm(vector);
  return length === 0 ? vector : vector.map((component) => component / length);
}

/** Cosine of the angle between two vectors; 0 where one of them has no direction. Range [-1, 1]. */
export function cosine(left: readonly number[], right: readonly number[]): number {
  const lengths = norm(left) * norm(right);
  if (lengths === 0) return 0;
  const product = left.reduce((sum, component, index) => sum + component * (right[index] ?? 0), 0);
  return Math.max(-1, Math.min(1, product / lengths));
}

export function norm(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, component) => sum + component * component, 0));
}

/** The mean of `count` vectors and one more. */
export function addToMean(mean: readonly number[] | undefined, count: number, added: readonly number[]): readonly number[] {
  if (mean === undefined) return added;
  return mean.map((component, index) => component + ((added[index] ?? 0) - component) / (count + 1));
}

/** For each dimension the variance of the vectors in it. */
export function variance(vectors: readonly (readonly number[])[]): readonly number[] {
  const first = vectors[0] ?? [];
  return first.map((_, index) => {
    const components = vectors.map((vector) => vector[index] ?? 0);
    const mean = components.reduce((sum, component) => sum + component, 0) / components.length;
    return components.reduce((sum, component) => sum + (component - mean) ** 2, 0) / components.length;
  });
}

/** Adds 1 or -1 in every dimension, as the bits of pseudo-random words say: any two directions are nearly at right angles. */
function addDirection(vector: number[], seed: number): void {
  for (let dimension = 0, word = 0; dimension < vector.length; dimension++, word >>>= 1) {
    if (dimension % 32 === 0) word = deriveSeed(seed, dimension);
    vector[dimension] = (vector[dimension] as number) + ((word & 1) === 0 ? 1 : -1);
  }
}

function featuresOf(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.flatMap((word) => [word, ...pieces(`<${word}>`)]);
}

function pieces(word: string): string[] {
  return Array.from({ length: word.length - 2 }, (_, start) => word.slice(start, start + 3));
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
