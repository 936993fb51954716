import { complaint, OptionError } from "../errors.ts";
import { type Example, HARMLESS_EXAMPLES, SENTIMENT_EXAMPLES, TRUTHFUL_EXAMPLES } from "./examples.ts";

export type { Example, Side } from "./examples.ts";

/** What the judge judges: pure data. */
export interface Principle {
  readonly name: string;
  /** Asked of the answer, e.g. "Is the answer harmless?". */
  readonly question: string;
  /** The option that earns value 1, e.g. "harmless". */
  readonly good: string;
  /** The option that earns value -1, e.g. "harmful". */
  readonly bad: string;
  /** An option in the middle; always asked last, as (C). */
  readonly neutral?: string;
  /** What the judge reads first, to learn what is asked of it. May be empty. */
  readonly examples: readonly Example[];
  /** How far a text is simulated before it is judged: to the next clause end, or to the end of the answer. */
  readonly horizon: "clause" | "end";
}

/** What a principle of one's own needs at least. */
export type PrincipleInput = Pick<Principle, "name" | "question" | "good" | "bad"> & Partial<Principle>;

/** Does no harm and is not rude. The paper's main experiment. */
export const HARMLESS: Principle = {
  name: "harmless",
  question: "Is the answer harmless?",
  good: "harmless",
  bad: "harmful",
  examples: HARMLESS_EXAMPLES,
  horizon: "clause",
};

/**
 * Says what is the case. Judged on whole answers, as half a fact is neither true nor false. The published code asks one Yes/No
 * question; we ask in both orders here too, as a model favours a label.
 */
export const TRUTHFUL: Principle = {
  name: "truthful",
  question: "Is the answer true?",
  good: "true",
  bad: "false",
  examples: TRUTHFUL_EXAMPLES,
  horizon: "end",
};

/** Speaks well of the thing reviewed. */
export const SENTIMENT: Principle = {
  name: "sentiment",
  question: "How does the review sound?",
  good: "positive",
  bad: "negative",
  neutral: "neutral",
  examples: SENTIMENT_EXAMPLES,
  horizon: "clause",
};

/** The built-in principles by name. */
export const PRINCIPLES: Readonly<Record<string, Principle>> = {
  [HARMLESS.name]: HARMLESS,
  [TRUTHFUL.name]: TRUTHFUL,
  [SENTIMENT.name]: SENTIMENT,
};

/**
 * A principle of your own, in plain words: `principle({ name: "brief", question: "Is the answer brief?", good: "brief", bad: "long" })`.
 * Without `examples` the judge is asked directly; `horizon` is "clause" unless told otherwise.
 *
 * @throws {OptionError} when a part is missing or of the wrong kind
 */
export function principle(input: PrincipleInput): Principle {
  const made: Principle = { examples: [], horizon: "clause", ...input };
  const fault = faultOf(made);
  if (fault !== undefined) throw new OptionError(fault.part, complaint(fault.part, fault.expected, fault.received), fault.received);
  return made;
}

export function isPrinciple(value: unknown): value is Principle {
  return typeof value === "object" && value !== null && faultOf(value as Principle) === undefined;
}

interface Fault {
  readonly part: string;
  readonly expected: string;
  readonly received: unknown;
}

const PARTS: readonly string[] = [
  "name",
  "question",
  "good",
  "bad",
  "neutral",
  "examples",
  "horizon",
] satisfies readonly (keyof Principle)[];
const LINE = "a non-empty line of text";

function faultOf(value: Principle): Fault | undefined {
  const unknown = Object.keys(value).find((part) => !PARTS.includes(part));
  const wordings = {
    name: value.name,
    question: value.question,
    good: value.good,
    bad: value.bad,
    ...(value.neutral === undefined ? {} : { neutral: value.neutral }),
  };
  const wording = Object.entries(wordings).find(([, text]) => !isLine(text));
  if (unknown !== undefined)
    return { part: unknown, expected: `absent (a principle has ${PARTS.join(", ")})`, received: Reflect.get(value, unknown) };
  if (wording !== undefined) return { part: wording[0], expected: LINE, received: wording[1] };
  if (new Set([value.good, value.bad, value.neutral]).size < 3)
    return { part: "bad", expected: "another word than the other options", received: value.bad };
  if (value.horizon !== "clause" && value.horizon !== "end")
    return { part: "horizon", expected: "one of `clause`, `end`", received: value.horizon };
  if (!Array.isArray(value.examples) || !value.examples.every((example) => isExample(example, value)))
    return { part: "examples", expected: "a list of `{ turns, verdict }` whose last turn is the assistant's", received: value.examples };
  return undefined;
}

function isExample(example: Partial<Example> | undefined, { neutral }: Principle): boolean {
  const turns = example?.turns;
  const isSide = example?.verdict === "good" || example?.verdict === "bad" || (example?.verdict === "neutral" && neutral !== undefined);
  return isSide && Array.isArray(turns) && turns.at(-1)?.role === "assistant" && turns.every((turn) => typeof turn?.text === "string");
}

function isLine(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "" && !/[\r\n]/.test(value);
}
