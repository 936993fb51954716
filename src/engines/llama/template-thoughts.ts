/** How a model thinks before it answers: read off its chat template. */
import { type ChatFormat, renderChat } from "./chat-template.ts";
import type { TemplatePiece } from "./marks.ts";

/** How thoughts are written by models of one family. */
interface Family {
  readonly open: string;
  /** Opens what the model says before it thinks. */
  readonly preamble?: string;
  readonly close: string;
  /** What templates of this family say. @default both marks */
  readonly signs?: readonly string[];
  /** What the model writes around the answer to a thought, where its template does not. */
  readonly answer?: readonly [begin: string, end: string];
}

const FINAL = "[BEGIN FINAL RESPONSE]";

/** From the rarest signs to the commonest. */
const FAMILIES: readonly Family[] = [
  {
    open: "<|channel|>analysis<|message|>",
    preamble: "<|channel|>commentary<|message|>",
    close: "<|end|>",
    signs: ["<|channel|>analysis<|message|>", "<|end|>"],
  },
  { open: "<|channel>thought", close: "<channel|>" },
  { open: "<|think|>", close: "<|end|>" },
  { open: " to=self<|message|>", close: "<|eom|>", signs: ["to=self", "<|message|>", "<|eom|>"] },
  { open: "<|open|>think<|sep|>", close: "<|close|>think<|sep|>", signs: ["<|open|>", "<|close|>", "open_tag('think')"] },
  { open: "<|START_THINKING|>", close: "<|END_THINKING|>" },
  { open: "<|inner_prefix|>", close: "<|inner_suffix|>" },
  { open: "[THINK]", close: "[/THINK]" },
  { open: "<seed:think>", close: "</seed:think>" },
  { open: "<mm:think>", close: "</mm:think>" },
  { open: "Here are my reasoning steps:", close: FINAL, signs: [FINAL], answer: ["", "[END FINAL RESPONSE]"] },
  { open: "<think>", close: "</think>", signs: ["<think></think>", "<response></response>"], answer: ["<response>", "</response>"] },
  { open: "<think>", close: "</think>", signs: ["</think>"] },
];

/** What asks a template not to think: the first with which it closes the thought is taken, else the last, if it reads that. */
const OFF: readonly Readonly<Record<string, unknown>>[] = [
  { enable_thinking: false },
  { thinking: false },
  { thinking_mode: "disabled" },
  { thinking_budget: 0 },
  { reasoning_effort: "none" },
  { reasoning_effort: "no_think" },
  { reasoning_effort: "low" },
];

/** What `Thinking` is in tokens, as text. */
export interface TemplateThoughts {
  readonly marks: Readonly<Record<"open" | "preamble" | "close" | "closing" | "lead" | "header" | "unasked", string>>;
  readonly isOpen: boolean;
  readonly end: string | undefined;
  /** The format that asks the model not to think. */
  readonly off: ChatFormat;
}

interface Found {
  readonly format: ChatFormat;
  readonly family: Family;
  /** The end of its prompts. */
  readonly asked: string;
}

/**
 * Found by what the template says, else by what it writes, else by tokens that the vocabulary has for marks: not every template tells.
 *
 * @returns `undefined` where the model knows of no thoughts
 */
export function templateThoughts(format: ChatFormat, source: string, isToken: (name: string) => boolean): TemplateThoughts | undefined {
  try {
    const written = thoughtWritten(format);
    const isTold = ({ open, close, signs = [open, close] }: Family) => signs.every((sign) => source.includes(sign));
    // What models write around their answers, a vocabulary does not tell.
    const isKept = ({ open, close, answer }: Family) => answer === undefined && open !== close && [open, close].every(isToken);
    const family = FAMILIES.find(isTold) ?? written?.family ?? FAMILIES.find(isKept);
    return family && describe({ format, family, asked: promptEnd(format) }, written?.closing);
  } catch {
    // A template that cannot be filled in complains where a conversation is rendered.
    return undefined;
  }
}

function describe(found: Found, written: string | undefined): TemplateThoughts {
  const { family, asked } = found;
  const { open, preamble = "", close, answer: [begin, end] = ["", undefined] } = family;
  const closing = written?.includes(close) === true ? written : `${close}${begin}`;
  const header = headerOf(found);
  const off = offFormat(found);
  const quiet = promptEnd(off);
  const unasked = isOpenAt(quiet, family) ? closing : quiet.endsWith(header) ? "" : header;
  const lead = marked(closing.slice(closing.lastIndexOf(close) + close.length));
  return { marks: { open, preamble, close, closing, lead, header, unasked }, isOpen: isOpenAt(asked, family), end, off };
}

/** White space the model writes by itself, and a word alone is how a template calls who speaks. */
function marked(text: string): string {
  return /[<[]/.test(text) ? text : "";
}

function isOpenAt(end: string, { open }: Family): boolean {
  return end.trimEnd().endsWith(open.trim());
}

/** What the template writes behind what a user asks, up to where the answer begins. */
function promptEnd(format: ChatFormat): string {
  return behindLast(renderChat(format, [ASK]));
}

const ASK = { role: "user", text: "ask" } as const;
const ANSWER = { role: "assistant", text: "answer" } as const;

function behindLast(pieces: readonly TemplatePiece[]): string {
  const last = pieces.findLastIndex(({ isData }) => isData);
  return pieces
    .slice(last + 1)
    .map(({ text }) => text)
    .join("");
}

/** What a template that writes thoughts writes around one: `undefined` where it leaves them out. */
function thoughtWritten({ template, specials }: ChatFormat): { readonly closing: string; readonly family: Family | undefined } | undefined {
  const thought = { reasoning_content: "\uE0001\uE001", reasoning: "\uE0001\uE001", thinking: "\uE0001\uE001" };
  const messages = [
    { role: "user", content: "\uE0000\uE001" },
    { role: "assistant", content: "\uE0002\uE001", ...thought },
  ];
  try {
    const text = template.render({ ...specials, messages, add_generation_prompt: false });
    const [, opening, closing] = /\uE0000\uE001(.*)\uE0001\uE001(.*)\uE0002\uE001/s.exec(text) ?? [];
    if (opening === undefined || closing === undefined) return undefined;
    const open = /<[^<>]*>\s*$/.exec(opening)?.[0].trim();
    const close = closing.trim();
    return { closing, family: open === undefined || /\s/.test(close) ? undefined : { open, close } };
  } catch {
    return undefined;
  }
}

/** What stands in front of an answer that was not thought about, and not in front of any turn: such as the channel that it is said on. */
function headerOf({ format, asked, family: { close } }: Found): string {
  const pieces = renderChat(format, [ASK, ANSWER]);
  const between = behindLast(
    pieces.slice(
      0,
      pieces.findLastIndex(({ isData }) => isData),
    ),
  );
  const parting = [...between].findIndex((letter, index) => letter !== asked[index]);
  if (parting < 0) return "";
  // Two marks may begin alike.
  const mark = between.lastIndexOf("<", parting);
  const own = between.slice(mark >= 0 && !between.slice(mark, parting).includes(">") ? mark : parting);
  const thought = own.lastIndexOf(close);
  return marked(thought < 0 ? own : own.slice(thought + close.length));
}

function offFormat({ format, asked, family }: Found): ChatFormat {
  if (asked.trimEnd().endsWith(family.close)) return format;
  const formats = OFF.map((values) => ({ ...format, specials: { ...format.specials, ...values } }));
  const closed = formats.find((one) => promptEnd(one) !== asked && !isOpenAt(promptEnd(one), family));
  return closed ?? formats.at(-1) ?? format;
}
