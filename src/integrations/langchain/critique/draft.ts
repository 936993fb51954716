import { AIMessageChunk } from "@langchain/core/messages";
import type { ToolCall, ToolCallChunk } from "@langchain/core/messages/tool";
import { isRecord, JudgeError, type Principle } from "../../../core/index.ts";
import { isName, isNumber, isOpaque } from "../../judging/wordless.ts";
import { citationsIn, citedWords, logprobsOf } from "./beside.ts";
import { citationsOf, isProvided, providedBlock, providedWords } from "./provided.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A part of a draft that is judged, and released or left, as one. */
export interface DraftPart {
  /** The text that it adds to the answer. */
  readonly text: string;
  /** What is released when it is accepted. */
  readonly chunk: AIMessageChunk;
  /** The whole draft, in its last part; with what it cost and its tool calls. */
  readonly draft: Draft | undefined;
}

/**
 * What is known of a whole draft. What is released is built of this and nothing else: whatever a provider adds (raw output, fields
 * that are new) was not judged.
 */
export interface Draft {
  readonly text: string;
  /** What the model thought: people read it too. */
  readonly thoughts: readonly string[];
  /** What its text cites, and what the provider has added to it. */
  readonly cited: readonly string[];
  /** Tool calls, those with broken arguments included. */
  readonly calls: readonly ToolCallChunk[];
  /** Where the text stands among thoughts and calls; a text where there is nothing else. */
  readonly content: string | readonly Block[];
  /** Additional fields. */
  readonly fields: Fields;
  /** What the provider says of it: numbers and names. */
  readonly facts: Fields;
  /** `usage_metadata`, if it has some. An `object`, as LangChain's types, read with `exactOptionalPropertyTypes`, let no message have any. */
  readonly cost: object;
}

/**
 * A draft in parts: its sentences, as soon as each is whole, and the rest of it; or all of it at once. Sentences come early only
 * while there is nothing but text.
 *
 * @param behind the text that the draft goes on with; where that ends in white space, the draft's own beginning is not doubled
 * @throws {JudgeError} when there is something in the draft that cannot be judged
 */
export async function* partsOf(
  chunks: AsyncIterable<AIMessageChunk>,
  { isBySentence, behind, principle }: { readonly isBySentence: boolean; readonly behind: string; readonly principle: Principle },
): AsyncGenerator<DraftPart, void, void> {
  let whole = new AIMessageChunk("");
  let told = 0;
  for await (const chunk of chunks) {
    whole = whole.concat(chunk);
    if (!isBySentence || !isPlain(whole)) continue;
    for (const text of wholeSentences(continued(textOf(whole.content), behind).slice(told))) {
      told += text.length;
      yield { text, chunk: new AIMessageChunk(text), draft: undefined };
    }
  }
  const draft = draftOf(whole, principle);
  const text = continued(draft.text, behind).slice(told);
  // What says something of a text stands by all of it.
  const isAlone = behind === "" && text === draft.text;
  const metadata = metadataOf(whole);
  const about = isAlone ? { ...logprobsOf(metadata, text), ...citationsOf(metadata) } : {};
  yield { text, chunk: releasedPart(draft, text), draft: { ...draft, facts: { ...draft.facts, ...about } } };
}

function continued(text: string, behind: string): string {
  return /\s$/.test(behind) ? text.trimStart() : text;
}

const SENTENCES = new Intl.Segmenter("en", { granularity: "sentence" });

/**
 * The sentences of a text that is still being written: each that another one follows. What is behind them may still grow,
 * and is not among them. Joined they are the beginning of the text, white space and all.
 */
function wholeSentences(text: string): readonly string[] {
  return [...SENTENCES.segment(text)].slice(0, -1).map(({ segment }) => segment);
}

/** What is judged of an answer: its text with the thoughts before it, and names and arguments of its tool calls. */
export interface JudgedParts {
  readonly text: boolean;
  readonly toolCalls: boolean;
}

/**
 * All of an answer that a person could read: thoughts, text, tool calls.
 *
 * @param text the answer so far
 * @param draft what it ends with, once that is whole
 */
export function readable(text: string, draft: Draft | undefined, judged: JudgedParts): string {
  const { thoughts = [], cited = [], calls = [] } = draft ?? {};
  const texts = judged.text ? [...thoughts, text, ...cited] : [];
  const callTexts = judged.toolCalls ? calls.map(wordsOf) : [];
  return [...texts, ...callTexts].filter((part) => part.trim() !== "").join("\n");
}

/** An id goes along unread, unless it is a text. */
function wordsOf({ id, name, args }: Draft["calls"][number]): string {
  const call = `${name}(${args})`;
  return id === undefined || isName(id) ? call : `${call} ${id}`;
}

/** @throws {JudgeError} when there is something in it that cannot be read as text, such as a picture */
function draftOf(message: AIMessageChunk, principle: Principle): Draft {
  const { tool_calls = [], response_metadata, usage_metadata } = message;
  const content =
    typeof message.content === "string" ? message.content : message.content.flatMap((block) => knownBlock(block, tool_calls, principle));
  const fields = fieldsOf(message);
  const { [THOUGHTS]: thoughts, [REFUSAL]: refusal } = fields;
  return {
    text: textOf(content),
    thoughts: [...(typeof content === "string" ? [] : content.map(thoughtsIn)), ...(typeof thoughts === "string" ? [thoughts] : [])],
    cited: [
      ...(typeof refusal === "string" ? [refusal] : []),
      ...(typeof content === "string" ? [] : content.flatMap(wordsBeside)),
      providedWords(citationsOf(metadataOf(message))),
    ],
    calls: callsOf(message),
    content,
    fields,
    facts: factsOf(response_metadata),
    cost: usage_metadata === undefined ? {} : { usage_metadata: numbersIn(usage_metadata) },
  };
}

/** What is left to release of a draft, with this text in place of its own. Its usage and facts are told once, at the very end of the answer. */
function releasedPart({ content, calls, fields, text: own }: Draft, text: string): AIMessageChunk {
  return new AIMessageChunk({
    content: typeof content === "string" ? text : withText(content, text === own ? undefined : text),
    tool_call_chunks: [...calls],
    additional_kwargs: { ...fields },
  });
}

/** The text of a message, as it stands there: LangChain's own `text` leaves out what it takes for thoughts of this or that provider. */
function textOf(content: AIMessageChunk["content"] | Draft["content"]): string {
  return typeof content === "string" ? content : content.map(({ text }) => (typeof text === "string" ? text : "")).join("");
}

/** Whether a draft is text and nothing else so far, so that its first sentences may be released before its last is there. */
function isPlain(message: AIMessageChunk): boolean {
  const { content } = message;
  const isText =
    typeof content === "string" ||
    content.every((block) => block.type === "text" && typeof block["text"] === "string" && citedWords(block).length === 0);
  return isText && Object.keys(fieldsOf(message)).length === 0;
}

/** What is said of a whole answer. Some providers say it of the message. */
function metadataOf({ additional_kwargs, response_metadata }: AIMessageChunk): Fields {
  return { ...additional_kwargs, ...response_metadata };
}

const THOUGHTS = "reasoning_content";
const REFUSAL = "refusal";

/** Words beside the text, which are judged, and what only the provider can read. */
function fieldsOf({ additional_kwargs }: AIMessageChunk): Fields {
  const said = [THOUGHTS, REFUSAL].map((name) => [name, additional_kwargs[name]] as const).filter(([, words]) => typeof words === "string");
  return { ...Object.fromEntries(said), ...opaqueIn(additional_kwargs) };
}

/** With arguments as they were read: as a provider wrote them, they may say more (a key twice, for example). */
function callsOf({ tool_calls = [], invalid_tool_calls = [] }: AIMessageChunk): readonly ToolCallChunk[] {
  const valid = tool_calls.map(({ id, name, args }) => ({ id, name, args: JSON.stringify(args) }));
  const invalid = invalid_tool_calls.map(({ id, name, args }) => ({ id, name: name ?? "", args: args ?? "" }));
  return [...valid, ...invalid].map(({ id, ...call }, index) => ({
    type: "tool_call_chunk",
    index,
    ...call,
    ...(id === undefined ? {} : { id }),
  }));
}

/** The same blocks, with `text`, if it is given, in place of theirs. */
function withText(blocks: readonly Block[], text: string | undefined): string | Block[] {
  if (text === undefined) return [...blocks];
  const others = blocks.filter(({ type }) => type !== "text");
  return others.length === 0 ? text : [{ type: "text", text }, ...others];
}

/** A part of a message's content. */
type Block = Exclude<AIMessageChunk["content"], string>[number];

/** In what a block of one kind is known: words, which are judged, and what only the provider can read. */
interface Kind {
  readonly words: readonly string[];
  readonly opaque: readonly string[];
}

const KINDS: ReadonlyMap<unknown, Kind> = new Map<unknown, Kind>([
  ["text", { words: ["text"], opaque: [] }],
  ["thinking", { words: ["thinking"], opaque: [] }],
  ["reasoning", { words: ["reasoning"], opaque: ["id", "encrypted_content"] }],
  ["redacted_thinking", { words: [], opaque: ["data"] }],
]);

/** Blocks that repeat a message's tool calls, which are judged and released as such. */
const REPEATED_CALLS: ReadonlySet<unknown> = new Set([
  ...["tool_call", "tool_call_chunk", "invalid_tool_call", "input_json_delta", "function_call", "functionCall"],
]);

/**
 * A block of its known fields alone; nothing where none are left.
 *
 * @throws {JudgeError} for a block of another kind, such as a picture: what cannot be judged is not released
 */
function knownBlock(block: Block, calls: readonly ToolCall[], { name }: Principle): readonly Block[] {
  const { type } = block;
  if (REPEATED_CALLS.has(type)) return [];
  // One provider reads calls nowhere else, so this block is kept, and says what the call says.
  if (type === "tool_use") return calls.filter(({ id }) => id === block["id"]).map(toolUse);
  const kind = KINDS.get(type);
  if (kind !== undefined) return withKnownFields(block, kind);
  if (isProvided(block)) return [providedBlock(block) as Block];
  const received = isName(type) ? `a block of type \`${type}\`` : "a block without a type";
  throw new JudgeError(name, `Expected an answer of text and tool calls, got ${received} (nobody can judge it)`);
}

/** What can be read in a block beside the text. */
function wordsBeside(block: Block): readonly string[] {
  return isProvided(block) ? [providedWords(block)] : citedWords(block);
}

/** What the model thought, in a block of known fields. */
function thoughtsIn(block: Block): string {
  const { reasoning, thinking, summary = [] } = block as { reasoning?: string; thinking?: string; summary?: readonly SummaryPart[] };
  return [reasoning, thinking, ...summary.map(({ text }) => text)].filter((part) => part !== undefined).join("\n");
}

interface SummaryPart {
  readonly type: "summary_text";
  readonly text: string;
}

function toolUse({ id, name, args }: ToolCall): Block {
  return { type: "tool_use", ...(id === undefined ? {} : { id }), name, input: args };
}

function withKnownFields(block: Block, { words, opaque }: Kind): readonly Block[] {
  const { type, summary } = block;
  const texts = Object.entries(block).filter(([name, value]) => words.includes(name) && typeof value === "string");
  const cited = type === "text" ? citationsIn(block) : {};
  const known = { ...Object.fromEntries(texts), ...cited, ...(type === "reasoning" ? summaryOf(summary) : {}), ...opaqueIn(block, opaque) };
  return Object.keys(known).length === 0 ? [] : [{ type, ...known } as Block];
}

function summaryOf(summary: unknown): { readonly summary?: readonly SummaryPart[] } {
  if (!Array.isArray(summary)) return {};
  const texts = summary.map((part: { readonly text?: unknown } | null) => part?.text).filter((text) => typeof text === "string");
  return { summary: texts.map((text) => ({ type: "summary_text", text })) };
}

/**
 * Of the metadata of an answer, numbers and what names something: the model, the request, the reason of the end. All else may hold the
 * answer again, in another form or unfinished: raw output, citations.
 */
function factsOf(metadata: Fields): Record<string, unknown> {
  const facts = Object.entries(metadata).flatMap(([name, value]): [string, unknown][] => {
    if (isNumber(name, value) || (NAMING.has(name) && isName(value))) return [[name, value]];
    return COSTS.has(name) && isRecord(value) ? [[name, numbersIn(value)]] : [];
  });
  return Object.fromEntries(facts);
}

/** Numbers and truth values, also of records in the record. */
function numbersIn(fields: object): Record<string, unknown> {
  const known = Object.entries(fields).filter(([name, value]) => isNumber(name, value) || (isName(name) && isRecord(value)));
  return Object.fromEntries(known.map(([name, value]) => [name, isRecord(value) ? numbersIn(value) : value]));
}

/** Of the fields of a message, or of a block in it, those that only the provider can read: signatures, and what else is named. */
function opaqueIn(fields: Fields, others: readonly string[] = []): Record<string, unknown> {
  const opaque = Object.entries(fields).filter(([name, value]) => (SIGNATURE.test(name) || others.includes(name)) && isOpaque(value));
  return Object.fromEntries(opaque);
}

/** What providers call the end of a text that has reached its limit. */
const CUT: ReadonlySet<unknown> = new Set(["length", "max_tokens", "MAX_TOKENS"]);

/** Whether the limit of tokens has cut a draft's text. */
export function isCut({ facts, calls }: Pick<Draft, "facts" | "calls">): boolean {
  return (
    calls.length === 0 && ["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason"].some((name) => CUT.has(facts[name]))
  );
}

const NAMING: ReadonlySet<string> = new Set([
  ...["model", "model_name", "model_provider", "provider", "id", "request_id", "object", "type", "role", "system_fingerprint"],
  ...["finish_reason", "finishReason", "stop_reason", "stopReason", "done_reason", "status", "service_tier", "created", "created_at"],
]);

/** Records of what an answer cost. */
const COSTS: ReadonlySet<string> = new Set(["usage", "token_usage", "tokenUsage", "estimatedTokenUsage", "metrics"]);

const SIGNATURE = /^_*(\w+_)?(thought_?)?signatures?_*$/i;
