import type { LabelledAnswer } from "../src/judges/index.ts";

/** As many good as bad ones as far as there are, spread over the file. */
export function sampled(all: readonly LabelledAnswer[], count: number): readonly LabelledAnswer[] {
  const half = Math.floor(count / 2);
  const of = (verdict: LabelledAnswer["verdict"]) => all.filter((answer) => answer.verdict === verdict);
  const bad = spreadOver(of("bad"), half);
  return [...bad, ...spreadOver(of("good"), count - bad.length)];
}

/** So many of them, at even distances. */
export function spreadOver<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, index) => items[Math.floor(((index + 0.5) * items.length) / count)] as Item);
}
