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
  if (news.some(isLast)) return end(intake.settings);
  if (!intake.settings.checkInput) return undefined;
  const replaced: BaseMessage[] = [];
  for (const message of news.filter((one) => HumanMessage.isInstance(one))) {
    const value = await flaggedValue(message.text, "input", intake);
    if (value === undefined) continue;
    if (intake.settings.exitBehavior === "end") return end(intake.settings);
    replaced.push(
      new HumanMessage({ ...idAndName(message), content: intake.settings.violationMessage, response_metadata: mark("input", value) }),
    );
  }
  return replaced.length === 0 ? undefined : { messages: replaced };
}

/**
 * What a tool gave back, or what stands in its place. Of a command, all messages are judged; if one is bad, nothing of it is done.
 *
 * @throws {RainViolationError} for a result that is judged bad, where that is to be an error
 */
export async function takeToolOutput<Output extends ToolMessage | GraphCommand>(
  output: Output,
  call: ToolCall,
  intake: Intake,
): Promise<Output | ToolMessage> {
  const { checkToolResults, exitBehavior, violationMessage } = intake.settings;
  if (!checkToolResults) return output;
  for (const { text } of ToolMessage.isInstance(output) ? [output] : messagesOf(output)) {
    const value = await flaggedValue(text, "tool_result", intake);
    if (value === undefined) continue;
    const marks = { ...mark("tool_result", value), ...(exitBehavior === "end" ? { [END_OF_RUN]: true } : {}) };
    return new ToolMessage({
      content: violationMessage,
      name: call.name,
      tool_call_id: call.id ?? "",
      status: "error",
      response_metadata: marks,
    });
  }
  return output;
}

/** A command to the agent's graph, as far as it matters here. */
interface GraphCommand {
  readonly update?: unknown;
}

function messagesOf({ update }: GraphCommand): readonly BaseMessage[] {
  const entries = Array.isArray(update) ? update : Object.entries(update ?? {});
  return entries.filter(([channel]) => channel === "messages").flatMap(([, written]) => [written].flat().map(coerceMessageLikeToMessage));
}

const END_OF_RUN = "rain_end_of_run";

function isLast(message: BaseMessage): boolean {
  return message.type === "tool" && END_OF_RUN in message.response_metadata;
}

function end({ violationMessage }: GuardrailSettings): StateChange {
  return {
    messages: [new AIMessage({ content: violationMessage, response_metadata: { finish_reason: "content_filter" } })],
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

function idAndName({ id, name }: HumanMessage): { readonly id?: string; readonly name?: string } {
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
}
