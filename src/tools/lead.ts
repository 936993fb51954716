/** Whether a model is about to call a tool: how calls begin, and whether it goes on like that. */
import {
  type CallFormat,
  type Continuation,
  type Engine,
  Generation,
  type GenerationRequest,
  generate,
  type Meter,
  type Prefix,
  prime,
  type Token,
  type Tool,
  type Turn,
} from "../core/index.ts";
import { markedText, marksIn } from "./marked-text.ts";

/** How a call begins behind what is there of a conversation. */
export interface Lead {
  /** All that is there whether a call follows or not. */
  readonly shared: Prefix;
  /** What a template writes behind it in front of a call. */
  readonly rest: readonly Token[];
  /** With what a call begins behind it: one of these, special tokens by their names. */
  readonly openings: readonly string[];
  /** The special tokens among them. */
  readonly marks: ReadonlySet<Token>;
}

/** How calls are written, and of what. */
export interface Calling {
  readonly engine: Engine;
  readonly callFormat: CallFormat;
  readonly tools: readonly Tool[];
}

/** A conversation as it is, and as it is when a call is about to be made. */
export interface Ways {
  readonly from: readonly Turn[];
  readonly to: readonly Turn[];
}

export function leadOf(calling: Calling, { from, to }: Ways): Lead {
  const { tokenizer } = calling.engine;
  const [left, right] = [tokenizer.render(from), tokenizer.render(to)];
  const shared = right.slice(0, commonLength(left, right));
  return leadBehind(shared, right.slice(shared.length), calling);
}

/** How calls begin behind a text of the assistant's. Where a template gives them a turn of their own, as they begin where an answer does. */
export function leadBehindText(calling: Calling, ways: Ways): Lead {
  const { tokenizer } = calling.engine;
  const lead = leadOf(calling, { from: withText(ways.from), to: withText(ways.to) });
  // A text that ends otherwise where a call follows has its last token among what differs.
  const isOneTurn = lead.rest.every((token) => !tokenizer.isEnd(token)) && !lead.openings.some((opening) => opening.includes(TEXT));
  return isOneTurn ? lead : leadOf(calling, ways);
}

function leadBehind(shared: Prefix, rest: readonly Token[], { engine: { tokenizer }, callFormat, tools }: Calling): Lead {
  const before = markedText(tokenizer, rest, shared).trimStart();
  const begun = callFormat.openings.map((opening) => (before + opening).trimStart());
  // What stands in front of a name tells a call; where it says nothing, the name does.
  const openings = begun.flatMap((opening) => (/\p{L}/u.test(opening) ? [opening] : tools.map(({ name }) => opening + name)));
  return { shared, rest, openings: openings.map(untilNumber), marks: marksIn(tokenizer, rest) };
}

/** Some templates write the number of a call in front of it, where models write one of their own. */
function untilNumber(opening: string): string {
  const number = opening.search(/\d{9}/);
  return number > 0 ? opening.slice(0, number) : opening;
}

/** A text that ends in a token of its own. */
const TEXT = "Well.";

function withText(turns: readonly Turn[]): readonly Turn[] {
  const last = turns.at(-1);
  return last?.role === "assistant" ? [...turns.slice(0, -1), { ...last, text: TEXT }] : [...turns, { role: "assistant", text: TEXT }];
}

/** White space that a model may put where a template has none. */
const LEEWAY = 4;

/**
 * Draws tokens as the model would, until they differ from what a call looks like; usually the first one does.
 *
 * @returns what was drawn, and whether it is the beginning of a call
 */
export async function tryLead(
  { shared, openings }: Lead,
  generation: Generation,
  meter: Meter,
): Promise<{ readonly drawn: readonly Token[]; readonly isCall: boolean }> {
  const { engine } = generation;
  const wanted = openings.map(withoutSpace);
  // A character may be half drawn.
  const read = (tokens: readonly Token[]) => withoutSpace(markedText(engine.tokenizer, tokens, shared)).replace(/\uFFFD+$/, "");
  const maxTokens = Math.max(...openings.map((opening) => new TextEncoder().encode(opening).length)) + LEEWAY;
  const until = (tokens: readonly Token[]) => !wanted.some((opening) => isBeginning(read(tokens), opening));
  await prime(engine, [shared], { ...generation.call("prompt"), meter });
  const drawn = await draw({ prefix: shared, maxTokens, until }, generation, meter);
  const said = read(drawn);
  return { drawn, isCall: wanted.some((opening) => said.startsWith(opening)) };
}

/** How the model would go on, before it is known with what. What a text has to be does not hold there. */
export function drafting({ engine, turns, settings, promptOf }: GenerationRequest): Generation {
  return new Generation({ engine, turns, promptOf, settings: { ...settings, format: undefined } });
}

/** Draws with the user's own sampler: the same tokens as the text has, if it becomes one. */
export async function draw(
  bounds: Pick<Continuation, "prefix" | "maxTokens" | "until">,
  generation: Generation,
  meter: Meter,
): Promise<readonly Token[]> {
  const { engine, constraints, settings } = generation;
  const continuation = { ...bounds, ...constraints, sampling: generation.sampling(settings.seed) };
  const drawn: Token[] = [];
  for await (const { token } of generate(engine, continuation, { ...generation.call("draft"), meter })) drawn.push(token);
  return drawn;
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function isBeginning(text: string, whole: string): boolean {
  return text.length < whole.length && whole.startsWith(text);
}

function commonLength(left: Prefix, right: Prefix): number {
  const parting = left.findIndex((token, index) => token !== right[index]);
  return parting < 0 ? left.length : parting;
}
