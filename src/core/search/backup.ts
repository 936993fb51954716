import { SharedWork } from "../shared-work.ts";
import { addToMean, cosine } from "./embedding.ts";
import type { ValueRange } from "./select.ts";
import { ancestors, answerAt, type LeafOutcome, type Node, type Search, tokensBelowRoot } from "./tree.ts";

/** What comes back from a leaf. */
export interface Backup {
  readonly value: number;
  /** For the leaf and each ancestor below the root, from the leaf up: the embedding of the text behind its parent. */
  readonly embeddings: readonly (readonly number[])[];
  readonly range: ValueRange;
}

/** Carries a value from the leaf to the root; on the way, siblings that say nearly the same get a share of the credit. */
export function backup(leaf: Node, { value, embeddings, range }: Backup, sharing: Sharing): void {
  leaf.evaluations++;
  for (const [height, node] of [...ancestors(leaf)].entries()) {
    const embedding = embeddings[height];
    if (embedding !== undefined) node.embedding = addToMean(node.embedding, node.visits, embedding);
    credit(node, value, 1);
    node.visits++;
    range.include(node.value);
    shareCredit(node, value, sharing);
  }
}

interface Sharing {
  /** The paper's gamma. */
  readonly similarityShare: number;
  readonly similarityThreshold: number;
}

/**
 * The similarity update: siblings whose texts are alike learn from each other. What is compared are running means, as in
 * the published code; a sibling that was never visited has none and gets nothing, though the paper's example would give it a share.
 */
export function shareCredit(visited: Node, value: number, { similarityShare, similarityThreshold }: Sharing): void {
  for (const sibling of visited.parent?.children ?? []) {
    if (sibling === visited || sibling.embedding === undefined || visited.embedding === undefined) continue;
    const similarity = cosine(visited.embedding, sibling.embedding);
    const share = similarityShare * similarity;
    if (similarity >= similarityThreshold && share > 0) credit(sibling, value, share);
  }
}

/**
 * The text behind each node's parent, embedded, from the leaf up to below the root. Siblings are so compared by what sets
 * them apart: in the whole answer, which the published code embeds, their common beginning would drown it.
 */
export async function embedPath(leaf: Node, { simulated }: LeafOutcome, search: Search): Promise<(readonly number[])[]> {
  const { engine, prompt, settings, ending } = search.generation;
  const answer = ending.readable([...answerAt(leaf, search), ...simulated]);
  const embeddings: (readonly number[])[] = [];
  for (const node of ancestors(leaf)) {
    if (node.parent === undefined) break;
    const start = search.generation.committed.length + tokensBelowRoot(node.parent).length;
    const text = engine.tokenizer.detokenize(answer.slice(start), [...prompt, ...answer.slice(0, start)]);
    const embedding = settings.embed(text);
    // A custom embedder may take long: an abort does not wait for it.
    embeddings.push(embedding instanceof Promise ? await new SharedWork(() => embedding).wait(settings.signal) : embedding);
  }
  return embeddings;
}

/** v = (v n + share x value) / (n + share), n = n + share. A visit's own share is 1. */
export function credit(node: Node, value: number, share: number): void {
  node.value = (node.value * node.weight + value * share) / (node.weight + share);
  node.weight += share;
}
