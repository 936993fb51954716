import { AIMessage, type BaseMessage, coerceMessageLikeToMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { ToolCall } from "@langchain/core/messages/tool";
import { complaint, OptionError } from "../../core/index.ts";
import type { GuardrailSettings } from "./guardrail-options.ts";
import { judgedValue, textJudge } from "./judging.ts";
import { announce, type EventSink, type Stage } from "./rain-events.ts";
import { RainViolationError } from "./violation-error.ts";

/** What comes into a conversation, from a person or from a tool, is judged here before the model reads it. */
export interface Intake {
  readonly settings: GuardrailSettings;
  readonly signal?: AbortSignal | undefined;
  /** Told of events. */
  readonly run: EventSink;
}

/** What a hook of the agent does to its state. */
export interface StateChange {
  readonly messages: BaseMessage[];
  readonly jumpTo?: "end";
}

/**
 * Judges what people said since the last answer, and sees to it that a run ends when a tool's result said it must.
 *
 * @throws {RainViolationError} for a message that is judged bad, where that is to be an error
 */
export async function takeMessages(messages: readonly BaseMessage[], intake: Intake): Promise<StateChange | undefined> {
  const news = messages.slice(messages.findLastIndex(({ type }) => type === "ai") + 1);
  if (news.some(isLast)) return end(intake.settings, []);
  if (!intake.settings.checkInput) return undefined;
  const replaced: BaseMessage[] = [];
  for (const message of news.filter(isPersons)) {
    const value = await flaggedValue(wordsOf(message), "input", intake);
    if (value === undefined) continue;
    replaced.push(
      new HumanMessage({ ...idAndName(message), content: intake.settings.violationMessage, response_metadata: mark("input", value) }),
    );
  }
  if (replaced.length === 0) return undefined;
  return intake.settings.exitBehavior === "end" ? end(intake.settings, replaced) : { messages: replaced };
}

/**
 * Calls a tool, and judges what it gives back or throws: middleware further out makes a result of an error.
 *
 * @throws {RainViolationError} for a result that is judged bad, where that is to be an error
 */
export async function takeToolCall<Output extends ToolMessage | GraphCommand>(
  run: () => Promise<Output>,
  call: ToolCall,
  intake: Intake,
): Promise<Output | ToolMessage> {
  let output: Output;
  try {
    output = await run();
  } catch (error) {
    const replaced = await takeToolError(error, call, intake);
    if (replaced === undefined) throw error;
    return replaced;
  }
  return await takeToolOutput(output, call, intake);
}

/** What a tool gave back, or what stands in its place. Of a command, all messages are judged; if one is bad, nothing of it is done. */
async function takeToolOutput<Output extends ToolMessage | GraphCommand>(
  output: Output,
  call: ToolCall,
  intake: Intake,
): Promise<Output | ToolMessage> {
  if (!intake.settings.checkToolResults) return output;
  for (const message of ToolMessage.isInstance(output) ? [output] : messagesOf(output)) {
    const value = await flaggedValue(wordsOf(message), "tool_result", intake);
    if (value !== undefined) return inItsPlace(call, value, intake.settings);
  }
  return output;
}

/** What stands in the place of an error that a tool threw, if its message is judged bad. */
async function takeToolError(error: unknown, call: ToolCall, intake: Intake): Promise<ToolMessage | undefined> {
  if (!intake.settings.checkToolResults || !(error instanceof Error) || "is_bubble_up" in error) return undefined;
  const value = await flaggedValue(error.message, "tool_result", intake);
  return value === undefined ? undefined : inItsPlace(call, value, intake.settings);
}

function inItsPlace(call: ToolCall, value: number, { exitBehavior, violationMessage }: GuardrailSettings): ToolMessage {
  const marks = { ...mark("tool_result", value), ...(exitBehavior === "end" ? { [END_OF_RUN]: true } : {}) };
  return new ToolMessage({
    content: violationMessage,
    name: call.name,
    tool_call_id: call.id ?? "",
    status: "error",
    response_metadata: marks,
  });
}

/** A command to the agent's graph, as far as it matters here. */
interface GraphCommand {
  readonly update?: unknown;
}

/** The messages that a command writes. */
export function messagesOf({ update }: GraphCommand): readonly BaseMessage[] {
  const entries = Array.isArray(update) ? update : Object.entries(update ?? {});
  return entries.filter(([channel]) => channel === "messages").flatMap(([, written]) => [written].flat().map(coerceMessageLikeToMessage));
}

const END_OF_RUN = "rain_end_of_run";

function isPersons(message: BaseMessage): boolean {
  const role = message.type === "generic" && "role" in message ? message.role : message.type;
  return role === "human" || role === "user";
}

/** Blocks that have no words in them. */
const MEDIA: ReadonlySet<unknown> = new Set(["image", "image_url", "input_image", "audio", "input_audio", "video", "file"]);

/** All words of a message: its text, and what stands in blocks of other kinds, which a model may read too. */
function wordsOf({ content }: BaseMessage): string {
  if (typeof content === "string") return content;
  const words = content.map((block: { readonly type?: unknown; readonly text?: unknown }) => {
    if (typeof block.text === "string") return block.text;
    return MEDIA.has(block.type) ? "" : JSON.stringify(block);
  });
  return words.join("\n");
}

function isLast(message: BaseMessage): boolean {
  return message.type === "tool" && END_OF_RUN in message.response_metadata;
}

/** @param replaced what stands in the place of messages, which the next run would read otherwise */
function end({ violationMessage }: GuardrailSettings, replaced: readonly BaseMessage[]): StateChange {
  return {
    messages: [...replaced, new AIMessage({ content: violationMessage, response_metadata: { finish_reason: "content_filter" } })],
    jumpTo: "end",
  };
}

/** The value of a text that did not pass. Judged alone, as what is said to an assistant is not its answer. */
async function flaggedValue(text: string, stage: Stage, { settings, signal, run }: Intake): Promise<number | undefined> {
  const { inputPrinciple: principle, judge, judgeSignal, threshold, exitBehavior, onRainEvent } = settings;
  if (text.trim() === "") return undefined;
  if (judge === undefined)
    throw new OptionError("judge", complaint("judge", "given, as nobody else can judge what comes in", judge), judge);
  const value = await judgedValue([{ role: "assistant", text }], textJudge(judge, settings), { principle, judgeSignal, signal });
  if (value >= threshold) return undefined;
  await announce({ type: "violation", stage, value }, onRainEvent, run);
  if (exitBehavior === "error") throw new RainViolationError(stage, { principle: principle.name, threshold, value, rewinds: 0 });
  return value;
}

function mark(stage: Stage, value: number): { readonly rain: { readonly stage: Stage; readonly value: number } } {
  return { rain: { stage, value } };
}

function idAndName({ id, name }: BaseMessage): { readonly id?: string; readonly name?: string } {
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
}
