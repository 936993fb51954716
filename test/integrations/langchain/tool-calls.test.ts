import { type AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { ChatRain } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Engine, Turn } from "../../../src/core/index.ts";
import { collect, concat } from "../../support/chat-models.ts";
import { END } from "../../support/scripted-engine.ts";
import { worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const ASK = "How long is the road?";
const CALL = '[{"name": "length", "arguments": {"of": "road"}}]';

const length = tool(({ of }) => `The ${of} is long.`, {
  name: "length",
  description: "Measures.",
  schema: z.object({ of: z.enum(["road", "bank"]) }),
});

/** A model that writes this, and finds it good. */
function writes(text: string): Engine {
  const goOn = (answer: string) => ({ [[...text.slice(answer.length)][0] ?? END]: 1 });
  return worldEngine({ pieces: ["{", "}"], goOn, goodness: () => 0.98 });
}

function chat(model = writes(` ${CALL}`)): ChatRain {
  return new ChatRain({ model, seed: 1, temperature: 0 });
}

function caller(model?: Engine) {
  return chat(model).bindTools([length]);
}

function idsOf({ tool_calls = [] }: Pick<AIMessage, "tool_calls">): readonly (string | undefined)[] {
  return tool_calls.map(({ id }) => id);
}

describe("The id of a call", () => {
  it("is no other call's, though all else is the same: in what is invoked, streamed, batched", async () => {
    const model = caller();
    const messages = [
      await model.invoke(ASK),
      concat(await collect(model.stream(ASK))),
      await chat().streamEvents(ASK, { tools: [length] }),
      ...(await model.batch([ASK, ASK])),
    ];
    const ids = messages.flatMap(idsOf);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
  });

  it("is the message's own from then on: a tool node makes the same call again in a history of which the beginning is gone", async () => {
    const node = new ToolNode([length]);
    const first = await caller().invoke(ASK);
    const results = (await node.invoke([new HumanMessage(ASK), first])) as ToolMessage[];
    const second = await caller().invoke(ASK);
    const again = (await node.invoke([...results, new HumanMessage(ASK), second])) as ToolMessage[];
    expect(again.map(({ tool_call_id }) => tool_call_id)).toEqual(idsOf(second));
    expect(again).toHaveLength(1);
  });

  it("changes nothing of what the model reads: a history with other ids is the same prefix", async () => {
    const read = async (id: string) => {
      const prefixes: string[] = [];
      const engine = writes(" Far.");
      const render = (turns: readonly Turn[]) => {
        const prefix = engine.tokenizer.render(turns);
        prefixes.push(prefix.join());
        return prefix;
      };
      const watched = { ...watchedEngine(engine), tokenizer: { ...engine.tokenizer, render } };
      const called = { type: "tool_call", id, name: "length", args: { of: "road" } } as const;
      const { text } = await caller(watched).invoke([
        new HumanMessage(ASK),
        Object.assign(await caller().invoke(ASK), { tool_calls: [called] }),
        new ToolMessage({ content: "2 km", tool_call_id: id }),
      ]);
      expect(text).toBe("Far.");
      return prefixes;
    };
    expect(await read("call_abc")).toEqual(await read("9"));
  });
});
