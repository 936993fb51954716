import type { Engine, Prefix, Token } from "../engine.ts";
import type { Meter } from "../meter.ts";
import type { Settings } from "../options.ts";

/** Two ways to go on: as the model is, and as it would be if it called a tool. */
export interface Lead {
  readonly engine: Engine;
  readonly from: Prefix;
  readonly to: Prefix;
  /** What must follow behind `to`. */
  readonly text: string;
}

/** What a call looks like before its name: all that follows what the two prefixes share. */
export function openingOf({ engine, from, to, text }: Lead): string {
  const shared = to.slice(0, commonLength(from, to));
  return engine.detokenize(to.slice(shared.length), shared).trimStart() + text;
}

/** White space that a model may put where a template has none. */
const LEEWAY = 4;

/**
 * Draws tokens as the model would, until they differ from what a call looks like; usually the first one does.
 *
 * @returns what was drawn, and whether it is the beginning of a call
 */
export async function tryLead(lead: Lead, meter: Meter, settings: Settings): Promise<{ readonly drawn: number; readonly isCall: boolean }> {
  const { engine, from, to, text } = lead;
  const shared = to.slice(0, commonLength(from, to));
  const rest = to.slice(shared.length);
  const opening = withoutSpace(openingOf(lead));
  const read = (tokens: readonly Token[]) => withoutSpace(engine.detokenize(tokens, shared));
  // Tokens that read as nothing, such as a mark in front of calls, must be drawn too.
  const special = rest.filter((token, index) => engine.detokenize([token], [...shared, ...rest.slice(0, index)]) === "");
  const { temperature, topK, topP, seed, signal } = settings;
  const continuation = {
    prefix: shared,
    sampling: { temperature, topK, topP, seed },
    maxTokens: rest.length + text.length + LEEWAY,
    until: (tokens: readonly Token[]) => !isBeginning(read(tokens), opening),
  };
  await engine.prime([shared], { purpose: "prompt", meter, signal });
  const drawn: Token[] = [];
  for await (const { token } of engine.generate(continuation, { purpose: "draft", meter, signal })) drawn.push(token);
  return { drawn: drawn.length, isCall: read(drawn).startsWith(opening) && special.every((token) => drawn.includes(token)) };
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
