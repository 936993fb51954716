import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { type ChatCall, type ChatRunnable, callUnseen } from "./chat-call.ts";

/**
 * Whether a model goes on with an answer that somebody else began, found out by one short call. Models that cannot begin anew, or
 * their provider refuses the conversation.
 */
export async function continuesPrefix(model: ChatRunnable, call: Omit<ChatCall, "options">): Promise<boolean> {
  const probe = [new HumanMessage("Say the letters from A to F in one line, with spaces between them."), new AIMessage("A B C")];
  try {
    const { text } = await callUnseen(model, probe, { ...call, options: {} });
    return /^\s*D\b/.test(text);
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

/** A provider that does not take such a conversation says so by a status of 400 to 499; 429 is about something else. */
function isRefusal(error: unknown): boolean {
  const status: unknown = typeof error === "object" && error !== null && "status" in error ? error.status : undefined;
  return typeof status === "number" && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The conversation that asks for another draft. */
export function askedAgain(
  conversation: readonly BaseMessage[],
  { prefix, guidance }: { readonly prefix: string; readonly guidance: string },
): BaseMessage[] {
  const guided = guidance === "" ? [...conversation] : withGuidance(conversation, guidance);
  // Providers refuse an assistant's message that ends in white space.
  const begun = prefix.trimEnd();
  return begun === "" ? guided : [...guided, new AIMessage(begun)];
}

/** Providers want one system message, and want it first. */
function withGuidance([first, ...others]: readonly BaseMessage[], guidance: string): BaseMessage[] {
  if (first?.type !== "system") return [new SystemMessage(guidance), ...(first === undefined ? [] : [first]), ...others];
  const { content } = first;
  const both = typeof content === "string" ? `${content}\n\n${guidance}` : [...content, { type: "text", text: guidance }];
  return [new SystemMessage({ content: both }), ...others];
}
