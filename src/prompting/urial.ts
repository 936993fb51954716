import { type PlainTurn, type PromptingOptions, type Turn, type UrialExample, type UrialLayout, withoutTools } from "../core/index.ts";
import { fenceFor } from "./fenced-answer.ts";
import { URIAL_EXAMPLES } from "./urial-examples.ts";

/** A conversation as a document that a base model goes on with. */
export interface UrialDocument {
  /** The instruction and the examples: the same for all conversations. */
  readonly constant: string;
  /** The conversation, up to where the answer begins. */
  readonly conversation: string;
  /** The fence that the answer follows. */
  readonly fence: string;
  /** What there is of the answer already. */
  readonly begun: string;
}

const INSTRUCTION = `# Instruction

Below is a list of conversations between a user and an AI assistant. The user's queries stand under # Query: and the assistant's answers under # Answer:. The assistant is helpful, honest and polite, answers in detail, and kindly refuses what is harmful or unethical. It says so when it does not know something. Code stands in a block of its own, which names its language.

`;

/**
 * Untuned alignment by in-context learning (https://arxiv.org/abs/2312.01552): an instruction, restyled examples, and the conversation as
 * further pairs of queries and answers. System turns are further instructions.
 */
export function urialDocument(turns: readonly Turn[], { urialExamples, urialLayout }: Required<Omit<PromptingOptions, "prompting">>) {
  const write = (part: Part) => partText(part, urialLayout);
  const examples = examplesOf(urialExamples).map(({ query, answer }) => write(["Query", query]) + write(["Answer", answer]));
  const plain = withoutTools(turns);
  const last = plain.at(-1);
  const begun = last?.role === "assistant" ? last.text : "";
  const said = (last?.role === "assistant" ? plain.slice(0, -1) : plain).map((turn) => write(partOf(turn)));
  const fence = fenceFor(begun);
  return {
    constant: INSTRUCTION + examples.join(""),
    conversation: `${said.join("")}# Answer:\n${fence}${gap(urialLayout)}${begun}`,
    fence,
    begun,
  } satisfies UrialDocument;
}

function examplesOf(examples: NonNullable<PromptingOptions["urialExamples"]>): readonly UrialExample[] {
  return typeof examples === "number" ? URIAL_EXAMPLES.slice(0, examples) : examples;
}

type Part = readonly [heading: "Instruction" | "Query" | "Answer", text: string];

function partOf({ role, text }: PlainTurn): Part {
  const headings = { system: "Instruction", user: "Query", assistant: "Answer" } as const;
  return [headings[role], text];
}

function partText([heading, text]: Part, layout: UrialLayout): string {
  const said = unforged(text.trim());
  if (heading === "Instruction") return `# Instruction\n\n${said}\n\n`;
  const fence = fenceFor(said);
  return `# ${heading}:\n${fence}${gap(layout)}${said}${gap(layout)}${fence}\n\n`;
}

function gap(layout: UrialLayout): string {
  return layout === "lines" ? "\n" : "";
}

/** What a turn says never looks like the beginning of another one. */
function unforged(text: string): string {
  return text.replaceAll(/^(?=# (?:Instruction|Query|Answer|User|Assistant):?[ \t]*\r?$)/gm, "\\");
}
