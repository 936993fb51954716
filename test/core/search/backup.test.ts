import { describe, expect, it } from "vitest";
import { backup, credit, shareCredit } from "../../../src/core/search/backup.ts";
import { ValueRange } from "../../../src/core/search/select.ts";
import { addChild, type Node } from "../../../src/core/search/tree.ts";
import { family } from "../../support/search-builder.ts";

const PAPER = { similarityShare: 0.2, similarityThreshold: 0.95 };

describe("Backup", () => {
  it("makes every node on the way the mean of the values below", () => {
    const root = family({ visits: 2, weight: 2, value: 0.5 });
    Object.assign(root, { visits: 3, weight: 3, value: 0 });
    const child = root.children[0] as Node;
    const leaf = addChild(child, { tokens: [9], logProbability: 0, isOver: false });
    backup(
      leaf,
      {
        value: -1,
        embeddings: [
          [1, 0],
          [0, 1],
        ],
        range: new ValueRange(),
      },
      PAPER,
    );
    expect(leaf).toMatchObject({ value: -1, weight: 1, visits: 1, evaluations: 1, embedding: [1, 0] });
    expect(child).toMatchObject({ value: 0, weight: 3, visits: 3, evaluations: 0 });
    expect(root).toMatchObject({ value: -0.25, weight: 4, visits: 4, evaluations: 0, embedding: undefined });
  });

  it("keeps the running mean of the embeddings", () => {
    const root = family({});
    const leaf = root.children[0] as Node;
    for (const embedding of [
      [1, 0],
      [0, 1],
      [0, 1],
    ])
      backup(leaf, { value: 0, embeddings: [embedding], range: new ValueRange() }, PAPER);
    expect(leaf.embedding?.[0]).toBeCloseTo(1 / 3);
    expect(leaf.embedding?.[1]).toBeCloseTo(2 / 3);
  });

  it("widens the range of values by every node on the way", () => {
    const range = new ValueRange();
    const root = family({});
    Object.assign(root, { visits: 1, weight: 1, value: 1 });
    backup(root.children[0] as Node, { value: -1, embeddings: [[1]], range }, PAPER);
    expect([range.normalise(-1), range.normalise(0)]).toEqual([0, 1]);
  });
});

describe("Similarity credit", () => {
  it("is v = (v n + gamma s value) / (n + gamma s), n = n + gamma s", () => {
    const [node] = family({ value: 1, weight: 1 }).children as [Node];
    credit(node, -1, 0.2);
    expect(node.value).toBeCloseTo(0.8 / 1.2);
    expect(node.weight).toBeCloseTo(1.2);
  });

  it("goes to visited siblings from the threshold on, in proportion to their similarity", () => {
    // cosine of (1, 0) and (0.96, 0.28) is 0.96; of (1, 0) and (0.8, 0.6) it is 0.8
    const visited = { visits: 1, weight: 1 };
    const root = family(
      { ...visited, embedding: [1, 0] },
      { ...visited, embedding: [0.96, 0.28], value: 1 },
      { ...visited, embedding: [0.8, 0.6], value: 1 },
    );
    shareCredit(root.children[0] as Node, -1, PAPER);
    expect(root.children[1]?.weight).toBeCloseTo(1.192);
    expect(root.children[1]?.value).toBeCloseTo((1 - 0.192) / 1.192);
    expect(root.children[1]?.visits).toBe(1);
    expect(root.children[2]).toMatchObject({ weight: 1, value: 1 });
  });

  it("never goes to the node itself, nor to a sibling that was never visited", () => {
    const root = family({ visits: 1, weight: 1, embedding: [1, 0] }, {});
    shareCredit(root.children[0] as Node, -1, PAPER);
    expect(root.children.map(({ weight }) => weight)).toEqual([1, 0]);
  });

  it("stays away when the share is 0, however similar the texts", () => {
    const same = { visits: 1, weight: 1, embedding: [1, 0] };
    const root = family(same, same);
    shareCredit(root.children[0] as Node, -1, { ...PAPER, similarityShare: 0 });
    expect(root.children[1]).toMatchObject({ weight: 1, value: 0 });
  });
});
