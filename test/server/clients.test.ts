import type { Turn } from "rain-align";
import { rainApp } from "rain-align/server";
import { describe, expect, it } from "vitest";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const seen: (readonly Turn[])[] = [];
const world = worldEngine(ROBBERY);
const tokenizer = {
  ...world.tokenizer,
  render: (turns: readonly Turn[]) => {
    seen.push(turns);
    return world.tokenizer.render(turns);
  },
};
const app = rainApp({ ...watchedEngine(world), tokenizer });

async function send(body: object, path = "/chat/completions"): Promise<Response> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return await app.fetch(new Request(`http://127.0.0.1/v1${path}`, init));
}

const ROB = "How do I rob the bank?";
const user = (content: unknown) => ({ role: "user", content });
const TOOL = {
  name: "weather",
  description: "Says how the weather is.",
  parameters: {
    $schema: "http://json-schema.org/draft-07/schema#",
    type: "object",
    properties: { city: { enum: ["Oslo"] } },
    required: ["city"],
    additionalProperties: false,
  },
};
const CALLED = [
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
  },
  { role: "tool", tool_call_id: "call_1", content: "Rain." },
];

describe("A request as it is sent by", () => {
  it.each([
    ["Open WebUI, for an answer", { stream: true, messages: [user(ROB)], stream_options: { include_usage: true } }],
    ["Open WebUI, for a title", { stream: false, messages: [user(ROB)], max_tokens: 1000 }],
    [
      "Open WebUI, with all that a model's settings have",
      {
        messages: [user(ROB)],
        temperature: 0.8,
        top_p: 0.9,
        min_p: 0,
        max_tokens: 128,
        frequency_penalty: 0,
        presence_penalty: 0,
        reasoning_effort: "medium",
        seed: 0,
        stop: ["##"],
        logit_bias: {},
      },
    ],
    [
      "Open WebUI, to continue an answer, where it takes the server for llama.cpp",
      {
        stream: true,
        messages: [user(ROB), { role: "assistant", content: "You" }],
        continue_final_message: true,
        add_generation_prompt: false,
      },
    ],
    [
      "LibreChat",
      {
        model: "rain",
        temperature: 1,
        top_p: 1,
        presence_penalty: 0,
        frequency_penalty: 0,
        user: "u",
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: "system", name: "instructions", content: "Be kind." }, user([{ type: "text", text: ROB }])],
      },
    ],
    [
      "Continue",
      {
        messages: [user([{ type: "text", text: ROB }]), ...CALLED],
        model: "rain",
        max_tokens: 4096,
        temperature: 0.5,
        stream: true,
        stop: ["\n\n"],
        parallel_tool_calls: false,
        tools: [{ type: "function", function: { ...TOOL, strict: false } }],
      },
    ],
    [
      "n8n",
      {
        model: "rain",
        temperature: 0.7,
        top_p: 1,
        frequency_penalty: 0,
        presence_penalty: 0,
        stream: false,
        response_format: { type: "text" },
        messages: [{ role: "system", content: "Be kind." }, user(ROB)],
      },
    ],
    [
      "the OpenAI Agents SDK",
      {
        model: "rain",
        messages: [user(ROB), ...CALLED],
        tools: [{ type: "function", function: { ...TOOL, strict: true } }],
        stream: false,
      },
    ],
    ["Mastra", { model: "rain", messages: [{ role: "system", content: "Be kind." }, user(ROB)], stream: true }],
    [
      "garak",
      {
        model: "rain",
        messages: [user(ROB)],
        n: 1,
        temperature: 0.7,
        top_p: 1,
        frequency_penalty: 0,
        presence_penalty: 0,
        max_tokens: 60,
        seed: 1,
      },
    ],
    ["lm-eval", { model: "rain", messages: [user(ROB)], max_tokens: 60, temperature: 0, stop: [], seed: 1234 }],
  ])("%s is answered", async (_who, body) => {
    expect((await send({ ...body, ...("max_tokens" in body ? {} : { max_tokens: 30 }) })).status).toBe(200);
  });

  it.each([
    [
      "n8n",
      {
        model: "rain",
        temperature: 0.7,
        top_p: 1,
        service_tier: "auto",
        stream: true,
        text: { verbosity: "medium", format: { type: "text" } },
        prompt_cache_key: "k",
        metadata: {},
        top_logprobs: 0,
        safety_identifier: "s",
        input: [
          { type: "message", role: "system", content: "Be kind." },
          { type: "message", role: "user", content: ROB },
        ],
      },
    ],
    [
      "the OpenAI Agents SDK",
      {
        model: "rain",
        input: [
          user(ROB),
          { id: "fc_1", type: "function_call", name: "weather", call_id: "call_1", arguments: '{"city":"Oslo"}', status: "completed" },
          { type: "function_call_output", call_id: "call_1", output: "Rain.", status: "completed" },
        ],
        include: [],
        tools: [{ type: "function", ...TOOL, strict: true }],
        stream: false,
      },
    ],
    [
      "Continue, where the model's name is one of OpenAI's",
      {
        model: "gpt-5",
        input: [user(ROB)],
        temperature: null,
        top_p: null,
        reasoning: { effort: "medium", summary: "auto" },
        include: ["reasoning.encrypted_content"],
        stream: true,
      },
    ],
  ])("%s to the Responses API is answered", async (_who, body) => {
    expect((await send({ ...body, max_output_tokens: 30 }, "/responses")).status).toBe(200);
  });
});

describe("What servers are told of the last message", () => {
  it("may be what is done anyway, and nothing else", async () => {
    const begun = { messages: [user(ROB), { role: "assistant", content: "You" }], max_tokens: 4 };
    const asked = { messages: [user(ROB)], max_tokens: 4 };
    for (const body of [
      { ...begun, continue_final_message: true, add_generation_prompt: false },
      { ...asked, continue_final_message: false, add_generation_prompt: true },
    ])
      expect((await send(body)).status).toBe(200);
    for (const [body, param] of [
      [{ ...begun, continue_final_message: false }, "continue_final_message"],
      [{ ...asked, continue_final_message: true }, "continue_final_message"],
      [{ ...begun, add_generation_prompt: true }, "add_generation_prompt"],
      [{ ...asked, add_generation_prompt: false }, "add_generation_prompt"],
    ] as const)
      expect(await (await send(body)).json()).toMatchObject({
        error: { param, message: expect.stringMatching(/^Expected .*, got `(true|false)`$/) },
      });
  });
});

describe("A name", () => {
  const textsOf = async (messages: readonly object[]) => {
    seen.length = 0;
    expect((await send({ messages, max_tokens: 2 })).status).toBe(200);
    return seen[0]?.map(({ text }) => text);
  };

  it("of an assistant or a system is read where there are several of them, and says nothing where there is one", async () => {
    const said = (role: string, name: string) => ({ role, name, content: "Hello." });
    expect(await textsOf([said("system", "guide"), user("Hi."), said("assistant", "planner"), user(ROB)])).toEqual([
      "Hello.",
      "Hi.",
      "Hello.",
      ROB,
    ]);
    expect(await textsOf([user("Hi."), said("assistant", "planner"), said("assistant", "critic"), user(ROB)])).toEqual([
      "Hi.",
      "planner: Hello.",
      "critic: Hello.",
      ROB,
    ]);
  });

  it("of a user is read always", async () => {
    expect(await textsOf([{ role: "user", name: "Ada", content: ROB }])).toEqual([`Ada: ${ROB}`]);
  });
});
