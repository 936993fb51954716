import type { Answering } from "./answer.ts";
import { EmptySearchError } from "./errors.ts";
import type { GenerationRequest } from "./generation.ts";
import { startGeneration } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import type { Settings } from "./options.ts";
import { addNodes } from "./search/addition.ts";
import { backup, embedPath } from "./search/backup.ts";
import { evaluate } from "./search/evaluate.ts";
import { expand } from "./search/expand.ts";
import { tellRewind, tellTree } from "./search/searched-tree.ts";
import { select, ValueRange } from "./search/select.ts";
import { simulate } from "./search/simulate.ts";
import { createRoot, type Node, reroot, type Search } from "./search/tree.ts";

/**
 * RAIN as published: every token set is searched for, whether or not anything is wrong. It always commits the best that
 * it found, even if that is bad: the paper knows no refusal. What is asked of the whole text (`isValid`) is no matter of the judge's: where nothing is valid
 * the answer ends as an exhausted search does. `docs/paper-differences.md` lists where paper and code differ.
 */
export async function* paper(request: GenerationRequest, judge: AnswerJudge): Answering {
  const judged = await startGeneration(judge, request);
  const search: Search = { ...judged, range: new ValueRange(), draws: 0 };
  const { generation } = search;

  let root = createRoot();
  while (!generation.isOver) {
    const { best, rewinds } = await findStep(root, search);
    if (!(await generation.isValid([...generation.committed, ...best.tokens])) && !generation.takesFailed(best.value)) {
      yield generation.refuse(generation.settings.refusal, rewinds);
      return generation.conclude();
    }
    tellTree(root, best, search);
    yield generation.commit(best.tokens, { value: best.value, visits: best.visits, rewinds });
    root = reroot(best, generation.settings.rootSmoothing);
  }
  return generation.conclude();
}

/** What one search came to. */
interface Step {
  /** The child to commit. */
  readonly best: Node;
  /** Passes of the inner loop: each goes back to the root. */
  readonly rewinds: number;
}

/**
 * The inner loop: searches until one child is good enough, or the budget is spent. A child brought along from the last
 * search may be good enough at once.
 *
 * @throws {EmptySearchError} when the root has no child at all; the published code ends the text silently then
 */
async function findStep(root: Node, search: Search): Promise<Step> {
  const { settings, committed } = search.generation;
  const maxVisits = Math.max(settings.maxIterations, root.visits + settings.carriedIterations);
  let rewinds = 0;
  while (root.visits < maxVisits && !isGoodEnough(heaviest(root), settings)) {
    const leaf = await iterate(root, search);
    rewinds++;
    tellRewind(leaf, { to: root, iteration: rewinds }, search);
  }
  const best = heaviest(root);
  if (best === undefined) throw new EmptySearchError(committed.length);
  return { best, rewinds };
}

/** One pass of the inner loop, to the leaf that it gives back. The next pass starts again at `root`: that is the rewind. */
async function iterate(root: Node, search: Search): Promise<Node> {
  const { settings } = search.generation;
  settings.signal?.throwIfAborted();
  const leaf = await reach(root, search);
  leaf.outcome ??= await evaluate(leaf, await simulate(leaf, search), search);
  const embeddings = await embedPath(leaf, leaf.outcome, search);
  backup(leaf, { value: leaf.outcome.value, embeddings, range: search.range }, settings);
  await addNodes(leaf, search);
  return leaf;
}

/**
 * Selects a leaf; one that was judged before is expanded first, and a child of it is taken. The paper expands right after
 * the first visit: the decisions are the same, but children of leaves that are never selected again are not drawn.
 */
async function reach(root: Node, search: Search): Promise<Node> {
  const selecting = { cPuct: search.generation.settings.cPuct, range: search.range };
  const leaf = select(root, selecting);
  if (leaf.outcome === undefined || leaf.isOver) return leaf;
  await expand(leaf, search);
  return select(leaf, selecting);
}

/** The child to commit: greatest weight, then greatest value, then the first. As in the published code this is no random draw. */
export function heaviest({ children }: Node): Node | undefined {
  return children.toSorted((left, right) => right.weight - left.weight || right.value - left.value)[0];
}

function isGoodEnough(child: Node | undefined, { minVisits, valueThreshold }: Settings): boolean {
  return child !== undefined && child.visits > minVisits && child.value > valueThreshold;
}
