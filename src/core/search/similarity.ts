import { SharedWork } from "../shared-work.ts";
import { credit } from "./credit.ts";
import { cosine } from "./embedding.ts";
import { answerAt, type Search } from "./search-state.ts";
import { ancestors, type LeafOutcome, type Node, tokensBelowRoot } from "./tree.ts";

export interface Sharing {
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
    // An embedder of somebody's own may take its time: an abort does not wait for it.
    embeddings.push(embedding instanceof Promise ? await new SharedWork(() => embedding).wait(settings.signal) : embedding);
  }
  return embeddings;
}
