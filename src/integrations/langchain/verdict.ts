import type { AIMessageChunk } from "@langchain/core/messages";
import type { Side } from "../../core/index.ts";

/** The options as a chat model was offered them. */
export type Options = readonly { readonly label: string; readonly side: Side; readonly wording: string }[];

/**
 * Which side a chat model's reply takes: 1 (good) to -1 (bad), `undefined` if it names none. Probabilities are taken where the
 * provider gives them in the form of OpenAI's `logprobs`; else the reply must be a label and nothing but.
 */
export function verdictOf(reply: AIMessageChunk, options: Options): number | undefined {
  return fromProbabilities(reply, options) ?? fromText(reply.text, options);
}

const SIGNS = { good: 1, bad: -1, neutral: 0 } as const satisfies Readonly<Record<Side, number>>;

/** One token of `logprobs.content`, as OpenAI and those who follow it give it. */
interface Position {
  readonly token: string;
  readonly logprob: number;
  readonly top_logprobs?: readonly { readonly token: string; readonly logprob: number }[];
}

/** Read where the model wrote its label: what it thought likely there, among the labels. */
function fromProbabilities({ response_metadata }: AIMessageChunk, options: Options): number | undefined {
  const { logprobs } = response_metadata as { readonly logprobs?: { readonly content?: readonly Position[] | null } | null };
  const written = logprobs?.content?.find(({ token }) => /[\p{L}\p{N}]/u.test(token));
  if (written === undefined || !options.some(({ label }) => label === bare(written.token))) return undefined;
  const likely = written.top_logprobs ?? [];
  const weights = options.map(({ label }) => weightOf(label, likely.length === 0 ? [written] : likely));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return undefined;
  return options.reduce((sum, { side }, index) => sum + (SIGNS[side] * (weights[index] as number)) / total, 0);
}

function weightOf(label: string, likely: readonly { readonly token: string; readonly logprob: number }[]): number {
  return likely.reduce((sum, { token, logprob }) => sum + (bare(token) === label ? Math.exp(logprob) : 0), 0);
}

/** A token without the space or bracket that may be part of it. */
function bare(token: string): string {
  return token.replaceAll(/[\s()*"'.:]/g, "");
}

/** `A`, `(A)`, `A.`, `(A) harmless`, `The answer is: (A)`; no other sentence, as one may well begin with "A". */
function fromText(text: string, options: Options): number | undefined {
  const reply = text.trim().replaceAll("*", "");
  const named = options.filter(({ label, wording }) => {
    const option = `\\(?${label}\\)?[.:]?(?:\\s*${escaped(wording)}\\.?)?`;
    return new RegExp(`^(?:(?:the )?answer(?: is)?:? )?${option}$`, "i").test(reply);
  });
  const [only] = named;
  return only === undefined || named.length > 1 ? undefined : SIGNS[only.side];
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
