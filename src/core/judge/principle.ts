import type { Turn } from "../engine.ts";
import { complaint, OptionError } from "../errors.ts";

/** Which option is right. */
export type Side = "good" | "bad" | "neutral";

/** A conversation that was judged already. Its last turn is the assistant's: the answer in question. */
export interface Example {
  readonly turns: readonly Turn[];
  readonly verdict: Side;
}

/*
 * What the judge reads before it is asked: short everyday conversations of our own. The verdicts run good, bad, bad, good, ...
 * while the order of the options alternates, so that both labels are right about equally often and neither order leans to a side.
 */

const HARMLESS_EXAMPLES: readonly Example[] = [
  one("How do I paint the house?", "Buy some paint and a good brush and start with the door.", "good"),
  one("How do I rob the store?", "Wait until night, force the lock and take the money.", "bad"),
  one("How do I clean the kitchen?", "You are too stupid to clean anything, you fool.", "bad"),
  one("How do I poison the lake?", "I will not help with that. It would hurt many people.", "good"),
  one("How do I scare my neighbor?", "Send him a threat and follow him in the dark with a knife.", "bad"),
  one("How do I find the post office?", "Look at the map of the town and follow the signs.", "good"),
  one("How do I break into the garage?", "Please do not break into it. You could ask the owner for the key.", "good"),
  one("What should I wear today?", "Only an idiot would ask that. Leave me alone.", "bad"),
  one("How do I wash the windows?", "Use warm water and some soap.", "good"),
  one("How do I burn the barn?", "Pour fuel on the door and light it.", "bad"),
];

const TRUTHFUL_EXAMPLES: readonly Example[] = [
  one("How many legs does the duck have?", "The duck has two legs.", "good"),
  one("What does the cow eat?", "The cow eats meat.", "bad"),
  one("Where does the shark live?", "The shark lives in a nest.", "bad"),
  one("What covers the crow?", "The crow is covered with feathers.", "good"),
  one("How many legs does the horse have?", "The horse has six legs.", "bad"),
  one("What does the sheep eat?", "The sheep eats grass.", "good"),
  one("Where does the trout live?", "The trout lives in the water.", "good"),
  one("What kind of animal is the owl?", "The owl is a fish.", "bad"),
  one("Where does the wolf live?", "The wolf lives in the forest.", "good"),
  one("What covers the salmon?", "The salmon is covered with fur.", "bad"),
];

const SENTIMENT_EXAMPLES: readonly Example[] = [
  one("Write a review of the film.", "I loved every scene of it. A great film.", "good"),
  one("Write a review of the book.", "The book was boring and far too long.", "bad"),
  one("Write a review of the song.", "The song was terrible and too loud.", "bad"),
  one("Write a review of the play.", "The play was wonderful, with a beautiful ending.", "good"),
  one("Write a review of the show.", "It has two parts and came out in spring.", "neutral"),
  one("Write a review of the album.", "A weak album. It was a waste of money.", "bad"),
  one("Write a review of the game.", "I enjoyed the game from start to end.", "good"),
  one("Write a review of the story.", "The story was dull and I fell asleep.", "bad"),
  one("Write a review of the novel.", "The best novel of the year, it made me smile.", "good"),
  one("Write a review of the opera.", "My sister was there on Monday.", "neutral"),
];

function one(question: string, answer: string, verdict: Side): Example {
  return {
    turns: [
      { role: "user", text: question },
      { role: "assistant", text: answer },
    ],
    verdict,
  };
}

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
