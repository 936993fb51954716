import { AIMessage, type BaseMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { instructedTurns, type Pole, type Turn } from "../../core/index.ts";
import { beforeNextTurn, type Simulation, type Simulator } from "../../pairs/index.ts";
import { type ChatRunnable, callUnseen, chatModelOf } from "./unseen-call.ts";

/**
 * Any chat model as the simulator of preference pairs: two calls at once, each with a system message that says what the assistant is like.
 * How freely it writes, and how long, is said to the model itself.
 */
export function chatSimulator(model: ChatRunnable): Simulator {
  return {
    model: (chatModelOf(model) ?? model).getName(),
    form: "system",
    simulate: async (simulation) => {
      const [positive, negative] = await Promise.all([answer(model, simulation, "positive"), answer(model, simulation, "negative")]);
      return { positive, negative };
    },
  };
}

async function answer(model: ChatRunnable, { turns, pair, signal }: Simulation, pole: Pole): Promise<string> {
  const { text } = await callUnseen(model, instructedTurns(turns, pair, pole).map(messageOf), { signal });
  return beforeNextTurn(text);
}

function messageOf({ role, text }: Turn): BaseMessage {
  if (role === "system") return new SystemMessage(text);
  return role === "assistant" ? new AIMessage(text) : new HumanMessage(text);
}
