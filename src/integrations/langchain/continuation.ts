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
  } catch {
    // Whatever else is wrong with the model, its first draft will say so.
    call.signal?.throwIfAborted();
    return false;
  }
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
