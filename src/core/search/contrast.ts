import { compare, likeliest } from "../decoding.ts";
import type { Engine, Prefix, SampledToken, Token, Turn } from "../engine.ts";
import { answeredAtOnce } from "../opening.ts";
import type { Formatted, OutputFormat } from "../output-format.ts";
import { plainConversation } from "../plain-conversation.ts";
import { drawToken } from "../sampler.ts";
import { isCheckDue } from "../schedule.ts";
import { type Span, tokensOf } from "./evaluate.ts";
import { answerAt, type Node, type Search } from "./tree.ts";

/** A candidate on its way, and the seed that draws it. */
interface Draw {
  readonly span: SampledToken[];
  readonly seed: number;
}

/** The prompts of both sides, with all of the answer that stands before the candidates. */
type Sides = Readonly<Record<Pole, readonly Token[]>>;

/** All that is the same for the candidates of one round. */
interface Round {
  readonly sides: Sides;
  readonly answer: readonly Token[];
  readonly search: Search;
}

/**
 * Candidates in which what a good assistant would say stands out against what a bad one would: each token is drawn by the difference of its
 * log-probabilities under the two affixes, of the tokens that are plausible under the positive one, as in contrastive decoding
 * (https://arxiv.org/abs/2210.15097) with the prompts of RLCD (https://arxiv.org/abs/2307.12950) in the place of two models. A token costs two
 * forward tokens, one on each side; the candidates of a round go in lock-step.
 */
export async function contrasted(node: Node, seeds: readonly number[], search: Search): Promise<readonly Span[]> {
  const answer = answerAt(node, search);
  const round = { sides: sidesOf(answer, search), answer, search };
  const draws = seeds.map((seed): Draw => ({ span: [], seed }));
  const room = search.generation.engine.facts.contextSize - Math.max(round.sides.positive.length, round.sides.negative.length);
  const goesOn = ({ span }: Draw) => span.length < room && !isCheckDue(tokensOf(span), answer, search.generation);
  for (let open = draws.filter(goesOn); open.length > 0; open = open.filter(goesOn)) {
    const drawn = await Promise.all(open.map((draw) => nextToken(draw, round)));
    for (const [index, sampled] of drawn.entries()) open[index]?.span.push(sampled);
    search.generation.drawn += drawn.length;
  }
  return draws.map(({ span }) => span);
}

function sidesOf(answer: readonly Token[], { generation }: Search): Sides {
  const { engine, turns, settings } = generation;
  const { good, bad } = settings.principle;
  const contrast = { pair: { positive: good, negative: bad }, form: settings.contrastForm };
  const side = (pole: Pole) => [...contrastPrefix(engine, turns, { ...contrast, pole }), ...answer];
  return { positive: side("positive"), negative: side("negative") };
}

async function nextToken({ span, seed }: Draw, { sides, answer, search: { generation } }: Round): Promise<SampledToken> {
  const { engine, settings } = generation;
  const tokens = tokensOf(span);
  const call = generation.call("expand");
  const { processing } = generation.constraints;
  const constraints = { ...formattedIn(sides, answer, settings.format), processing };
  const lookahead = { ...constraints, prefix: [...sides.positive, ...tokens], count: settings.childTopK };
  const plausible = plausibleOf(await likeliest(engine, lookahead, call));
  const sampling = { temperature: settings.exploreTemperature, topK: settings.childTopK, topP: 1, seed };
  const candidates = plausible.map(({ token }) => token);
  const [shares = [1]] = plausible.length < 2 ? [] : await compare(engine, [{ prefix: [...sides.negative, ...tokens], candidates }], call);
  // How likely the others are on the negative side is the same for all of these, and so without effect.
  const scored = plausible.map(({ token, probability }, index) => ({
    token,
    logit: Math.log(probability) - Math.log(Math.max(UNLIKELIEST, shares[index] as number)),
  }));
  return drawToken(
    scored.toSorted((left, right) => right.logit - left.logit || left.token - right.token),
    answer.length + tokens.length,
    sampling,
  );
}

/** Under a format, the text of it begins where the answer does. */
function formattedIn({ positive }: Sides, answer: readonly Token[], format: OutputFormat | undefined): Formatted {
  return format === undefined ? {} : { format, formatStart: positive.length - answer.length };
}

/** Where the negative side says next to nothing, a difference of logarithms says nothing either. */
const UNLIKELIEST = 1e-6;

/** The least share of the likeliest token's probability with which another one counts as plausible: contrastive decoding's alpha. */
const PLAUSIBLE_SHARE = 0.1;

function plausibleOf(candidates: readonly SampledToken[]): readonly SampledToken[] {
  const least = (candidates[0]?.probability ?? 0) * PLAUSIBLE_SHARE;
  return candidates.filter(({ probability }) => probability >= least);
}

/** What the assistant is said to be like: once so that it does well, once so that it does badly, in words that are otherwise alike. */
export interface AffixPair {
  readonly positive: string;
  readonly negative: string;
}

export const CONTRAST_FORMS = ["affix", "system"] as const;

/** `affix`: plain lines with `Assistant (affix):`, for base models. `system`: a system turn, for models that know only their chat format. */
export type ContrastForm = (typeof CONTRAST_FORMS)[number];

/** Which of the two affixes an answer is to follow. */
export type Pole = keyof AffixPair;

/** Both prompts of one conversation, which differ in their affixes alone. */
interface Contrast {
  readonly pair: AffixPair;
  readonly form: ContrastForm;
}

/**
 * The conversation, up to where an answer begins that follows one of the affixes. Earlier answers carry the opposite one, as in RLCD: in
 * view of them the next answer stands out the more.
 */
export function contrastPrefix(engine: Engine, turns: readonly Turn[], { pair, form, pole }: Contrast & { readonly pole: Pole }): Prefix {
  if (form === "system") return engine.tokenizer.render(answeredAtOnce(instructedTurns(turns, pair, pole), engine));
  const earlier = `Assistant (${pair[opposite(pole)]})`;
  return engine.tokenizer.renderText(plainConversation(turns, { earlier, next: `Assistant (${pair[pole]})` }));
}

/** The same as a conversation that any chat model reads: what there is of instructions, and how it is to answer. */
export function instructedTurns(turns: readonly Turn[], pair: AffixPair, pole: Pole): readonly Turn[] {
  const hasAnswers = turns.slice(0, -1).some(({ role }) => role === "assistant");
  const earlier = hasAnswers ? ` Your answers so far were those of an assistant (${pair[opposite(pole)]}).` : "";
  const manner = `You are an assistant (${pair[pole]}).${earlier} Answer as such, and say nothing about it.`;
  const [first, ...others] = turns;
  if (first?.role !== "system") return [{ role: "system", text: manner }, ...turns];
  return [{ ...first, text: `${first.text}\n\n${manner}` }, ...others];
}

export function opposite(pole: Pole): Pole {
  return pole === "positive" ? "negative" : "positive";
}
