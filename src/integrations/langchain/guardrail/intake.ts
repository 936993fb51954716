import { AIMessage, type BaseMessage, coerceMessageLikeToMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { ToolCall } from "@langchain/core/messages/tool";
import { DEFAULTS } from "../../../core/index.ts";
import { dispatchRainEvent, type EventSink, type Stage } from "../../judging/events.ts";
import { type JudgeMetadata, judgeAbout, judgedValue, judgeMetadata, unfitError } from "../../judging/text-judge.ts";
import { RainViolationError } from "../../judging/violation.ts";
import type { CritiqueContext } from "../critique/context.ts";
import type { GuardrailSettings } from "./options.ts";

/** What comes into a conversation, from a person or from a tool, is judged here before the model reads it. */
export interface Intake {
  readonly settings: GuardrailSettings;
  /** Has the judge, without which nothing that comes in is judged. */
  readonly context: CritiqueContext;
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
  if (news.some(endsRun)) return endedRun(intake.settings, []);
  if (!intake.settings.checkInput) return undefined;
  const replaced: BaseMessage[] = [];
  for (const message of news.filter(isFromPerson)) {
    const flag = await flagOf(wordsOf(message), "input", intake);
    if (flag === undefined) continue;
    replaced.push(
      new HumanMessage({ ...idAndName(message), content: intake.settings.violationMessage, response_metadata: { rain: flag } }),
    );
  }
  if (replaced.length === 0) return undefined;
  return intake.settings.exitBehavior === "end" ? endedRun(intake.settings, replaced) : { messages: replaced };
}

/**
 * Calls a tool, and judges what it gives back or throws: middleware further out makes a result of an error. Of a command, all messages are
 * judged; if one is bad, nothing of it is done.
 *
 * @throws {RainViolationError} for a result that is judged bad, where that is to be an error
 */
export async function takeToolCall<Output extends ToolMessage | GraphCommand>(
  run: () => Promise<Output>,
  call: ToolCall,
  intake: Intake,
): Promise<Output | ToolMessage> {
  const { settings } = intake;
  let output: Output;
  try {
    output = await run();
  } catch (error) {
    if (!settings.checkToolResults || !(error instanceof Error) || "is_bubble_up" in error) throw error;
    const flag = await flagOf(error.message, "tool_result", intake);
    if (flag === undefined) throw error;
    return replacementOf(call, flag, settings);
  }
  if (!settings.checkToolResults) return output;
  for (const message of ToolMessage.isInstance(output) ? [output] : messagesOf(output)) {
    const flag = await flagOf(wordsOf(message), "tool_result", intake);
    if (flag !== undefined) return replacementOf(call, flag, settings);
  }
  return output;
}

function replacementOf(call: ToolCall, flag: Flag, { exitBehavior, violationMessage }: GuardrailSettings): ToolMessage {
  const marks = { rain: flag, ...(exitBehavior === "end" ? { [END_OF_RUN]: true } : {}) };
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

function isFromPerson(message: BaseMessage): boolean {
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

function endsRun(message: BaseMessage): boolean {
  return message.type === "tool" && END_OF_RUN in message.response_metadata;
}

/** @param replaced what stands in the place of messages, which the next run would read otherwise */
function endedRun({ violationMessage }: GuardrailSettings, replaced: readonly BaseMessage[]): StateChange {
  return {
    messages: [...replaced, new AIMessage({ content: violationMessage, response_metadata: { finish_reason: "content_filter" } })],
    jumpTo: "end",
  };
}

/** Why a text was kept out: `rain` in the metadata of what stands in its place. */
interface Flag {
  readonly stage: Stage;
  /** -1 (bad) to 1 (good); 0 where nothing was judged. */
  readonly value: number;
  readonly judge: JudgeMetadata;
}

/** What is said of a text that did not pass. Judged alone, as what is said to an assistant is not its answer. */
async function flagOf(text: string, stage: Stage, { settings, context, signal, run }: Intake): Promise<Flag | undefined> {
  const { inputPrinciple: principle = settings.principle, judgeSignal, exitBehavior, onRainEvent, onUnfit } = settings;
  if (text.trim() === "") return undefined;
  const judge = context.judgeFor(undefined);
  const about = await judgeAbout(judge, { principle, signal });
  const { threshold = about.threshold ?? DEFAULTS.threshold } = settings;
  const report = judgeMetadata({ ...about, threshold });
  if (!report.isFit) {
    if (onUnfit === "plain") return undefined;
    if (onUnfit === "error" || exitBehavior === "error") throw unfitError(principle, about);
    return { stage, value: 0, judge: report };
  }
  const value = await judgedValue([{ role: "assistant", text }], judge, { principle, judgeSignal, signal });
  if (value >= threshold) return undefined;
  await dispatchRainEvent({ type: "violation", stage, value }, onRainEvent, run);
  if (exitBehavior === "error") throw new RainViolationError(stage, { principle: principle.name, threshold, value, rewinds: 0 });
  return { stage, value, judge: report };
}

function idAndName({ id, name }: BaseMessage): { readonly id?: string; readonly name?: string } {
  return { ...(id === undefined ? {} : { id }), ...(name === undefined ? {} : { name }) };
}
