import type { Answering, RainStep } from "./answer.ts";
import { generate } from "./decoding.ts";
import type { SampledToken } from "./engine.ts";
import { EmptySearchError } from "./errors.ts";
import type { GenerationRequest } from "./generation.ts";
import { startGeneration } from "./judge/judged-generation.ts";
import type { AnswerJudge } from "./judge/verdict.ts";
import { deriveSeed } from "./sampler.ts";
import { isCheckDue } from "./schedule.ts";
import { addJudged, tokensOf } from "./search/evaluate.ts";
import { explore } from "./search/explore.ts";
import { tellRewind, tellTree } from "./search/searched-tree.ts";
import { ValueRange } from "./search/select.ts";
import { ancestors, answerAt, createRoot, type Node, reroot, type Search, tokensBelowRoot } from "./search/tree.ts";

/** An answer on its way. Below the root of the tree is what was committed and is held back; the root is all that was released. */
interface AdaptiveState extends Search {
  /** The last commit: where the draft goes on. */
  tip: Node;
  /** How the draft is drawn from here on. */
  seed: number;
  /** Tokens that searches have drawn. */
  explored: number;
  /** Texts that searches have judged. */
  tried: number;
  /** Rewinds since the last step. */
  rewinds: number;
  /** Whether a draft of this answer was flagged before. */
  wasFlagged: boolean;
}

/**
 * Verify first, search only on a flag. A draft is judged now and then, and committed as far as it was judged good; only
 * where it was judged bad is it left, and something better searched for, as in the paper. While nothing is wrong, the answer is
 * token for token the plain one of the same seed. Nothing unjudged is ever released, and nothing released taken back.
 */
export async function* adaptive(request: GenerationRequest, judge: AnswerJudge): Answering {
  const state = await begin(request, judge);
  while (!state.tip.isOver) {
    const flagged = yield* draft(state);
    if (flagged === undefined) break;
    state.wasFlagged = true;
    const found = await search(flagged, state);
    // The same seed would write the same again.
    state.seed = deriveSeed(request.settings.seed, state.draws++);
    if (replaces(found, state) || state.generation.takesFailed(judgedValue(found))) yield* commit(found, state);
    else {
      tellTree(topOf(found), undefined, state);
      yield state.generation.refuse(state.generation.settings.refusal, state.rewinds);
      break;
    }
  }
  return state.generation.conclude();
}

async function begin(request: GenerationRequest, judge: AnswerJudge): Promise<AdaptiveState> {
  const judged = await startGeneration(judge, request);
  const search: Search = { ...judged, range: new ValueRange(), draws: 0 };
  return { ...search, tip: createRoot(), seed: request.settings.seed, explored: 0, tried: 0, rewinds: 0, wasFlagged: false };
}

/** Writes on with the user's own sampler, and commits as far as every check is passed, to the end or to a flag: the draft that failed. */
async function* draft(state: AdaptiveState): AsyncGenerator<RainStep, Node | undefined, void> {
  const { generation, tip, seed } = state;
  const start = answerAt(tip, state);
  const continuation = generation.draft(seed, start);
  let span: SampledToken[] = [];
  for await (const sampled of generate(generation.engine, continuation, generation.call("draft"))) {
    generation.drawn++;
    span.push(sampled);
    if (!isCheckDue(tokensOf(span), answerAt(state.tip, state), generation)) continue;
    const [checked] = (await addJudged(state.tip, [span], state)) as readonly [Node];
    if (!passes(checked, state)) return checked;
    yield* commit(checked, state);
    if (checked.isOver) return undefined;
    span = [];
  }
  throw new EmptySearchError(start.length);
}

/**
 * Rewinds behind a flag and looks for something to take instead: first at the last commit, then further back, as far as nothing
 * was released yet. The draft that failed is the first child that was visited.
 *
 * @returns the best that was found, which may be the flagged draft itself
 */
async function search(flagged: Node, state: AdaptiveState): Promise<Node> {
  const { settings } = state.generation;
  let best = flagged;
  leave([flagged], state);
  for (const node of flagged.parent === undefined ? [] : ancestors(flagged.parent)) {
    for (let round = 0; round < settings.retries && state.explored < settings.searchBudget; round++) {
      const drawnBefore = state.generation.drawn;
      const tried = await explore(node, round, state);
      state.explored += state.generation.drawn - drawnBefore;
      state.tried += tried.length;
      best = [best, ...tried].reduce(better);
      const isFound = replaces(best, state);
      leave(isFound ? tried.filter((one) => one !== best) : tried, state);
      if (isFound) return best;
    }
  }
  return best;
}

/** Each text that was tried and left is a rewind. */
function leave(tried: readonly Node[], state: AdaptiveState): void {
  for (const node of tried) {
    state.rewinds++;
    if (node.parent !== undefined) tellRewind(node, { to: node.parent, iteration: state.rewinds }, state);
  }
}

/** Greater value, then greater probability, then the earlier one. */
function better(left: Node, right: Node): Node {
  const difference = judgedValue(right) - judgedValue(left) || right.logProbability - left.logProbability;
  return difference > 0 ? right : left;
}

/** A beginning says less than a whole answer: a fitted judge expects less of it. Once flagged, an answer has to be good in the end, and not only unsuspicious. */
function passes(node: Node, state: AdaptiveState): boolean {
  if (node.isOver && state.wasFlagged) return replaces(node, state);
  return !isInvalid(node) && judgedValue(node) >= passingValue(node, state);
}

/** Where one draft was bad the next one likely is: to be taken in its place asks more than to pass, and more with each that was tried. */
function replaces(node: Node, state: AdaptiveState): boolean {
  const accepted = state.generation.settings.acceptance?.(Math.max(1, state.tried));
  const least = node.isOver ? accepted?.whole : accepted?.beginning;
  return !isInvalid(node) && judgedValue(node) >= Math.max(passingValue(node, state), least ?? -1);
}

function passingValue({ isOver }: Node, { generation }: AdaptiveState): number {
  const { threshold, beginningThreshold = threshold } = generation.settings;
  return isOver ? threshold : beginningThreshold;
}

/**
 * Goes on behind a node. Of all that is committed now, the newest tokens are held back, and the others released; a beginning that leaves it open how
 * the answer will be judged as a whole is held back with all that is not out yet, so that a later flag can still rewind behind it.
 */
function* commit(node: Node, state: AdaptiveState): Generator<RainStep, void, void> {
  const { generation } = state;
  tellTree(topOf(node), node, state);
  state.tip = node;
  if (!node.isOver && judgedValue(node) < generation.settings.threshold) return;
  const path = [...ancestors(node)].filter(({ parent }) => parent !== undefined).toReversed();
  for (const oldest of path) {
    if (!node.isOver && tokensBelowRoot(node).length <= generation.settings.heldBack) break;
    const { rewinds } = state;
    state.rewinds = 0;
    const step = generation.commit(oldest.tokens, { value: judgedValue(oldest), visits: oldest.visits, rewinds });
    reroot(oldest, generation.settings.rootSmoothing);
    yield step;
  }
}

function topOf(node: Node): Node {
  return [...ancestors(node)].at(-1) as Node;
}

function isInvalid({ outcome }: Node): boolean {
  return outcome?.isInvalid === true;
}

function judgedValue(node: Node): number {
  return node.outcome?.value ?? 0;
}
