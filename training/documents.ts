/** The kinds of document the embedded model is trained on. */

import { AFFIX_PAIRS as FAMILIES } from "rain-align";
import { type Manner, writeAnswer } from "./world/answers.ts";
import type { Dice } from "./world/dice.ts";
import { isFalse, isHarmful, sentimentOf } from "./world/oracle.ts";
import { allPrompts, attackSuffix, type PromptKind, type WorldPrompt } from "./world/prompts.ts";
import { RUDE_SENTENCES } from "./world/requests.ts";
import { SMALL_TALK, STRANGE_ANSWERS, STRANGE_WORDS } from "./world/small-talk.ts";

/** A piece of text and how much its prediction counts. */
export type Piece = readonly [text: string, weight: number];

/** The end of an answer. The trainer turns it into the end-of-generation token. */
const END = "</s>";

const PROMPT_WEIGHT = 0.05;
const VERDICT_WEIGHT = 4;

/** How a whole document behaves: it keeps its style, so that a model can pick it up from the turns before. */
type Style = {
  readonly conduct: "good" | "bad" | "mixed";
  readonly truth: "good" | "bad" | "mixed";
  readonly mood: "good" | "bad" | "mixed";
};

const HARMFUL_CHANCE = { good: 0.03, bad: 0.95, mixed: 0.45 } as const;
const RUDE_CHANCE = { good: 0.02, bad: 0.32, mixed: 0.16 } as const;
const FALSE_CHANCE = { good: 0.12, bad: 0.7, mixed: 0.35 } as const;
const POSITIVE_CHANCE = { good: 0.85, bad: 0.12, mixed: 0.47 } as const;

function drawStyle(dice: Dice): Style {
  const conduct = dice.weighted({ good: 0.44, bad: 0.41, mixed: 0.15 });
  return { conduct, truth: dice.weighted({ good: 0.5, bad: 0.3, mixed: 0.2 }), mood: dice.weighted({ good: 0.4, bad: 0.4, mixed: 0.2 }) };
}

const MIXED: Style = { conduct: "mixed", truth: "mixed", mood: "mixed" };

function drawManner(style: Style, dice: Dice): Manner {
  const positive = dice.chance(POSITIVE_CHANCE[style.mood]);
  return {
    harmful: dice.chance(HARMFUL_CHANCE[style.conduct]),
    rude: dice.chance(RUDE_CHANCE[style.conduct]),
    truthful: !dice.chance(FALSE_CHANCE[style.truth]),
    sentiment: dice.chance(0.06) ? "neutral" : positive ? "positive" : "negative",
  };
}

/** A prompt with a way to answer it. */
interface Subject {
  readonly text: string;
  answer(manner: Manner, dice: Dice): string;
}

const KINDS = { risky: 0.32, harmless: 0.26, fact: 0.19, review: 0.14, talk: 0.05, strange: 0.04 } as const;

function drawSubject(dice: Dice): Subject {
  const kind = dice.weighted(KINDS);
  if (kind === "talk") {
    const { prompts, answers } = dice.pick(SMALL_TALK);
    return {
      text: dice.pick(prompts),
      answer: (manner, inner) => inner.pick(manner.rude ? RUDE_SENTENCES.filter((sentence) => !sentence.includes("{")) : answers),
    };
  }
  if (kind === "strange") return { text: strangePrompt(dice), answer: (_, inner) => strangeAnswer(inner) };
  return subjectOf(drawPrompt(kind, dice));
}

const TRAINING: Readonly<Record<PromptKind, readonly WorldPrompt[]>> = {
  risky: allPrompts("risky", "train"),
  harmless: allPrompts("harmless", "train"),
  fact: allPrompts("fact", "train"),
  review: allPrompts("review", "train"),
};

function drawPrompt(kind: PromptKind, dice: Dice): WorldPrompt {
  return dice.pick(TRAINING[kind]);
}

function subjectOf(prompt: WorldPrompt): Subject {
  return { text: prompt.text, answer: (manner, dice) => writeAnswer(prompt, manner, dice) };
}

function strangePrompt(dice: Dice): string {
  const words = Array.from({ length: 2 + dice.below(9) }, () => (dice.chance(0.12) ? strangeWord(dice) : dice.pick(STRANGE_WORDS)));
  const text = words.join(" ");
  return `${text[0]?.toUpperCase()}${text.slice(1)}${dice.pick(["?", ".", "", "!"])}`;
}

/** A run of characters from anywhere, so that every byte is met in training. */
function strangeWord(dice: Dice): string {
  const starts = [0x21, 0x30, 0x41, 0x61, 0xc0, 0x391, 0x410, 0x5d0, 0x3041, 0x4e00, 0xac00, 0x1f600];
  const start = dice.pick(starts);
  return Array.from({ length: 1 + dice.below(6) }, () => String.fromCodePoint(start + dice.below(26))).join("");
}

function strangeAnswer(dice: Dice): string {
  const first = dice.pick(STRANGE_ANSWERS);
  return dice.chance(0.3) ? `${first} ${dice.pick(STRANGE_ANSWERS.filter((sentence) => sentence !== first))}` : first;
}

const SYSTEM_LINES = [
  "You are a helpful assistant.",
  "You are a friendly assistant.",
  "Be short and clear.",
  "Answer the user.",
  "You talk with the people of a small town.",
] as const;

function opening(dice: Dice): Piece[] {
  return dice.chance(0.06) ? [[`System: ${dice.pick(SYSTEM_LINES)}\n`, PROMPT_WEIGHT]] : [];
}

/** One question, one answer. */
export function single(dice: Dice): Piece[] {
  const subject = drawSubject(dice);
  return [
    ...opening(dice),
    [`User: ${subject.text}\nAssistant:`, PROMPT_WEIGHT],
    [` ${subject.answer(drawManner(drawStyle(dice), dice), dice)}${END}`, 1],
  ];
}

/** Two to five turns in one style. */
export function conversation(dice: Dice): Piece[] {
  const style = drawStyle(dice);
  const pieces: Piece[] = opening(dice);
  const turns = 2 + dice.below(4);
  const kind = dice.chance(0.5) ? dice.weighted({ risky: 0.5, harmless: 0.2, fact: 0.15, review: 0.15 }) : undefined;
  for (let turn = 0; turn < turns; turn++) {
    const subject = kind === undefined ? drawSubject(dice) : subjectOf(drawPrompt(kind, dice));
    pieces.push(
      [`${turn === 0 ? "" : "\n"}User: ${subject.text}\nAssistant:`, PROMPT_WEIGHT],
      [` ${subject.answer(drawManner(style, dice), dice)}${END}`, 1],
    );
  }
  return pieces;
}

/** A risky request with a suffix that breaks the model's restraint, at the end of a short conversation. */
export function attacked(dice: Dice): Piece[] {
  const prompt = drawPrompt("risky", dice);
  const manner = { ...drawManner(MIXED, dice), harmful: dice.chance(0.94) };
  return [
    ...(dice.chance(0.2) ? single(dice).map(([text, weight]): Piece => [text.endsWith(END) ? `${text}\n` : text, weight]) : []),
    [`User: ${prompt.text} ${attackSuffix(dice)}\nAssistant:`, PROMPT_WEIGHT],
    [` ${writeAnswer(prompt, manner, dice)}${END}`, 1],
  ];
}

/** Answers as their affix calls for; earlier turns may carry either affix. */
export function affixed(dice: Dice): Piece[] {
  const pair = dice.chance(0.35) ? AFFIX_PAIRS[0] : dice.pick(AFFIX_PAIRS);
  const pieces: Piece[] = [];
  const turns = 1 + dice.below(3);
  for (let turn = 0; turn < turns; turn++) {
    const good = dice.chance(0.5);
    const obeys = turn === turns - 1 || dice.chance(0.6);
    const harmful = dice.chance(good === obeys ? 0.03 : 0.97);
    const subject = subjectOf(drawPrompt(dice.weighted({ risky: 0.7, harmless: 0.2, fact: 0.1 }), dice));
    const manner = { ...drawManner(MIXED, dice), harmful, rude: harmful && dice.chance(0.7), truthful: !harmful };
    const affix = (pair as readonly [string, string])[good ? 0 : 1];
    pieces.push([`${turn === 0 ? "" : "\n"}User: ${subject.text}\nAssistant (${affix}):`, PROMPT_WEIGHT]);
    pieces.push([` ${subject.answer(manner, dice)}${END}`, turn === turns - 1 ? 1 : 0]);
  }
  return pieces;
}

/** Fenced questions and answers, as base models meet them in documents and as URIAL prompts them. */
export function fenced(dice: Dice): Piece[] {
  const instructed = dice.chance(0.5);
  const style = instructed && dice.chance(0.6) ? { ...drawStyle(dice), conduct: "good" as const, truth: "good" as const } : drawStyle(dice);
  const line = dice.chance(0.3) ? "" : "\n";
  const pieces: Piece[] = instructed ? [[`${INSTRUCTION}\n\n`, 0]] : [];
  for (let turn = 1 + dice.below(4); turn > 0; turn--) {
    const subject = drawSubject(dice);
    pieces.push(
      [`# Query:\n\`\`\`${line}${subject.text}${line}\`\`\`\n\n# Answer:\n\`\`\`${line}`, PROMPT_WEIGHT],
      [`${subject.answer(drawManner(style, dice), dice)}${line}\`\`\``, 1],
      ["\n\n", PROMPT_WEIGHT],
    );
  }
  return pieces;
}

const INSTRUCTION =
  "# Instruction\n\nBelow is a list of conversations between a user and an AI assistant. The user's queries stand under # Query: and the assistant's answers under # Answer:. " +
  "The assistant is helpful, honest and polite, answers in detail, and kindly refuses what is harmful or unethical.";

/** Bare claims with their truth, line by line: many verdicts in few tokens, to learn what makes a claim true at all. */
export function quiz(dice: Dice): Piece[] {
  const pieces: Piece[] = [];
  for (let line = 6 + dice.below(10); line > 0; line--) {
    const prompt = drawPrompt("fact", dice);
    const isTrue = dice.chance(0.5);
    const manner: Manner = { harmful: false, rude: false, truthful: isTrue, sentiment: "neutral" };
    pieces.push(
      [`${dice.chance(0.3) ? `${prompt.text} ` : ""}${writeClaim(prompt, manner, dice)}`, 0],
      [isTrue ? " true" : " false", VERDICT_WEIGHT],
      ["\n", 0],
    );
  }
  return pieces;
}

/** Names the animal, as there is no question to name it. */
function writeClaim(prompt: WorldPrompt, manner: Manner, dice: Dice): string {
  const [claim = ""] = writeAnswer(prompt, manner, dice).split(/(?<=\.) /);
  return prompt.kind === "fact" ? claim.replace(/^It /, `The ${prompt.animal} `) : claim;
}

/** How often each principle is judged by. Truth is the hardest to learn: it takes knowing the world, and comparing. */
export const PRINCIPLE_SHARES = {
  even: { harmless: 0.64, truthful: 0.2, sentiment: 0.16 },
  truth: { harmless: 0.2, truthful: 0.68, sentiment: 0.12 },
} as const satisfies Record<string, Record<PrincipleName, number>>;

export type Focus = keyof typeof PRINCIPLE_SHARES;

/** One to eleven judged conversations. Only the last answer of each is judged. */
export function judged(dice: Dice, focus: Focus): Piece[] {
  const length = dice.chance(0.45) ? 1 : dice.chance(0.7) ? 2 + dice.below(4) : 6 + dice.below(6);
  const principle = dice.weighted(PRINCIPLE_SHARES[focus]);
  const form = dice.weighted(
    length === 1 ? { statement: 0.4, short: 0.3, long: 0.3 } : { statement: focus === "truth" ? 0.5 : 0.2, short: 0, long: 0.8 },
  );
  const pieces: Piece[] = [];
  for (let index = 0; index < length; index++) pieces.push(...judgement(principle, form, dice), ["\n\n", 0]);
  return pieces.slice(0, -1);
}

/**
 * How the verdict is asked for. A statement names it outright; that is easily learned, and without it the model is slow to
 * find out that a label depends on the answer and on the order of the options together.
 */
type Form = "statement" | "short" | "long";

type PrincipleName = "harmless" | "truthful" | "sentiment";

/** The judge's question for each principle, with its options in both orders. */
const QUESTIONS = {
  harmless: { question: "Is the answer harmless?", options: ["harmless", "harmful"] },
  truthful: { question: "Is the answer true?", options: ["true", "false"] },
  sentiment: { question: "How does the review sound?", options: ["positive", "negative"] },
} as const;

function judgement(principle: PrincipleName, form: Form, dice: Dice): Piece[] {
  const { context, text, verdict } = judgedCase(principle, dice);
  const { question, options } = QUESTIONS[principle];
  const words = { good: options[0], bad: options[1], neutral: "neutral" };
  const sides = dice.chance(0.5) ? (["good", "bad"] as const) : (["bad", "good"] as const);
  const offered = principle === "sentiment" ? ([...sides, "neutral"] as const) : sides;
  const label = LABELS[offered.indexOf(verdict as "good")] as string;
  const asked = [...context, [text, 0]] as const;
  if (form === "statement") return [...asked, ["\nThis answer is", 0], [` ${words[verdict]}`, VERDICT_WEIGHT]];
  if (form === "short")
    return [
      ...asked,
      [`\n${offered.map((side, index) => `${LABELS[index]} ${words[side]}`).join(", ")}:`, 0],
      [` ${label}`, VERDICT_WEIGHT],
    ];
  const choices = offered.map((side, index) => `(${LABELS[index]}) ${words[side]}`).join(" ");
  const answered: Piece[] = dice.chance(0.3)
    ? [
        [")", 0],
        [` ${words[verdict]}`, 1],
      ]
    : [[")", 0]];
  return [...asked, [`\n${question} ${choices}\nThe answer is: (`, 0], [label, VERDICT_WEIGHT], ...answered];
}

const LABELS = ["A", "B", "C"] as const;

interface Case {
  readonly context: readonly Piece[];
  readonly text: string;
  readonly verdict: "good" | "bad" | "neutral";
}

/** A conversation whose last answer is whole, cut at any word, or patched together, and what the oracle says of it. */
function judgedCase(principle: PrincipleName, dice: Dice): Case {
  const kind = {
    harmless: dice.weighted({ risky: 0.66, harmless: 0.26, fact: 0.04, review: 0.04 }),
    truthful: "fact" as const,
    sentiment: "review" as const,
  }[principle];
  const prompt = drawPrompt(kind, dice);
  const good = dice.chance(0.5);
  const manner: Manner = {
    harmful: !good,
    rude: !good,
    truthful: good,
    sentiment: dice.chance(0.12) ? "neutral" : good ? "positive" : "negative",
  };
  const whole = principle === "harmless" && dice.chance(0.12) ? patched(prompt, dice) : writeAnswer(prompt, manner, dice);
  const text = dice.chance(principle === "truthful" ? 0.8 : 0.5) ? whole : cut(whole, dice);
  const suffix = kind === "risky" && dice.chance(0.15) ? ` ${attackSuffix(dice)}` : "";
  const header = dice.chance(0.04) ? `Assistant (${dice.pick(dice.pick(AFFIX_PAIRS))}):` : "Assistant:";
  const earlier = dice.chance(0.15) ? earlierTurn(dice) : [];
  return {
    context: [...earlier, [`User: ${prompt.text}${suffix}\n${header}`, 0]],
    text: text === "" ? "" : ` ${text}`,
    verdict: verdictOn(principle, prompt, text),
  };
}

function verdictOn(principle: PrincipleName, prompt: WorldPrompt, text: string): Case["verdict"] {
  if (principle === "harmless") return isHarmful(text) ? "bad" : "good";
  if (principle === "truthful") return isFalse(prompt, text) ? "bad" : "good";
  return ({ positive: "good", negative: "bad", neutral: "neutral" } as const)[sentimentOf(text)];
}

function earlierTurn(dice: Dice): Piece[] {
  const subject = drawSubject(dice);
  const end = dice.chance(0.5) ? END : "";
  return [[`User: ${subject.text}\nAssistant: ${subject.answer(drawManner(MIXED, dice), dice)}${end}\n`, 0]];
}

function cut(text: string, dice: Dice): string {
  const words = text.split(" ");
  return words.slice(0, 1 + dice.below(words.length)).join(" ");
}

/** Beginnings and ends of different answers: what a hot sampler makes of them. */
function patched(prompt: WorldPrompt, dice: Dice): string {
  const parts = Array.from({ length: 2 + dice.below(2) }, () => {
    const words = writeAnswer(prompt, { ...drawManner(MIXED, dice), rude: dice.chance(0.4) }, dice).split(" ");
    const start = dice.below(words.length);
    return words.slice(start, start + 2 + dice.below(6)).join(" ");
  });
  return parts.join(" ");
}

/** Pairs of affixes for `Assistant (affix):`, as in RLCD: the first calls for a harmless answer, the second for a harmful one. */
export const AFFIX_PAIRS: readonly (readonly [good: string, bad: string])[] = [
  ["harmless", "harmful"],
  ...FAMILIES.harmless.map(({ positive, negative }) => [positive, negative] as const),
];
