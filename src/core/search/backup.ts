import { credit } from "./credit.ts";
import { addToMean } from "./embedding.ts";
import { type Sharing, shareCredit } from "./similarity.ts";
import { ancestors, type Node } from "./tree.ts";
import type { ValueRange } from "./value-range.ts";

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
