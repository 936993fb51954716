import OpenAI from "openai";
import { LengthFinishReasonError } from "openai/error";
import type { Engine } from "rain-align";
import { rainApp } from "rain-align/server";
import { describe, expect, it } from "vitest";
import { collect } from "../support/chat-models.ts";
import { END } from "../support/scripted-engine.ts";
import { worldEngine } from "../support/scripted-world.ts";

const CALL = '[{"name": "length", "arguments": {"of": "road"}}]';
const PARAMETERS = { type: "object", properties: { of: { enum: ["road", "bank"] } }, required: ["of"], additionalProperties: false };
const LENGTH = { name: "length", description: "Measures.", strict: true, parameters: PARAMETERS };
const ASKED = { model: "rain", messages: [{ role: "user" as const, content: "How long is the road?" }], temperature: 0, seed: 1 };
const RESPONSE = { model: "rain", input: "How long is the road?", temperature: 0 };
const TOOLS = { tools: [{ type: "function" as const, function: LENGTH }] };
const RESPONSE_TOOLS = { tools: [{ type: "function" as const, ...LENGTH }] };

/** Tokens that fit into one call, but not all of it. */
const SHORT = 42;

/** OpenAI's client of a model that makes this call, and finds good what it writes. */
function client(goodness: (answer: string) => number = () => 0.98): OpenAI {
  const goOn = (answer: string) => ({ [[...` ${CALL}`.slice(answer.length)][0] ?? END]: 1 });
  const engine: Engine = worldEngine({ pieces: ["{", "}"], goOn, goodness });
  const app = rainApp(engine);
  const fetch: typeof globalThis.fetch = async (input, init) => await app.fetch(new Request(input, init));
  return new OpenAI({ baseURL: "http://127.0.0.1/v1", apiKey: "none", maxRetries: 0, fetch });
}

describe("A call that the length limit cuts", () => {
  it("is none of the calls, and stands apart in `rain`, in a completion and in a stream", async () => {
    const asked = { ...ASKED, ...TOOLS, max_tokens: SHORT };
    const { chat } = client();
    const whole = await chat.completions.create(asked);
    const stream = await chat.completions.create({ ...asked, stream: true });
    const chunks = await collect(stream);
    const last = chunks.at(-1);
    expect(whole.choices[0]).toMatchObject({ finish_reason: "length", message: { content: "" } });
    expect(whole.choices[0]?.message).not.toHaveProperty("tool_calls");
    expect(chunks.every(({ choices }) => choices[0]?.delta.tool_calls === undefined)).toBe(true);
    expect(last?.choices[0]?.finish_reason).toBe("length");
    const cut = { cut_call: { name: "length", arguments: expect.stringMatching(/^\{"of"/) } };
    for (const said of [whole, last]) expect(said).toHaveProperty("rain", expect.objectContaining(cut));
  });

  it("... and by the Responses API", async () => {
    const { responses } = client();
    const asked = { ...RESPONSE, ...RESPONSE_TOOLS, max_output_tokens: SHORT };
    for (const response of [await responses.create(asked), await responses.stream(asked).finalResponse()]) {
      expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
      expect(response.output.map(({ type }) => type)).toEqual(["message"]);
      expect(response).toHaveProperty("rain.cut_call.name", "length");
    }
  });

  it("makes no parser of OpenAI's client call a tool: it throws", async () => {
    const asked = { ...ASKED, ...TOOLS, max_tokens: SHORT };
    await expect(client().chat.completions.parse(asked)).rejects.toBeInstanceOf(LengthFinishReasonError);
  });

  it("has whole arguments or is no call, wherever it is cut", async () => {
    const { chat } = client();
    for (let max_tokens = 1; max_tokens <= CALL.length + 3; max_tokens++) {
      const { choices } = await chat.completions.create({ ...ASKED, ...TOOLS, max_tokens });
      const calls = choices[0]?.message.tool_calls ?? [];
      expect(choices[0]?.finish_reason).toBe(calls.length === 0 ? "length" : "tool_calls");
      for (const call of calls) expect(call).toMatchObject({ function: { name: "length", arguments: '{"of":"road"}' } });
    }
  });

  it("is told only where the judge lets it pass", async () => {
    const completion = await client((answer) => (answer.includes("of") ? 0.01 : 0.98)).chat.completions.create({
      ...ASKED,
      ...TOOLS,
      max_tokens: SHORT,
    });
    expect(completion.choices[0]?.finish_reason).toBe("content_filter");
    expect(completion).toHaveProperty("rain.cut_call", null);
  });

  it.each(["required", { type: "function", function: { name: "length" } }] as const)(
    "is an error where one was required, which names the limit as the client does: %j",
    async (tool_choice) => {
      const { chat } = client();
      const asked = { ...ASKED, ...TOOLS, tool_choice };
      for (const limit of ["max_tokens", "max_completion_tokens"] as const) {
        const refusal = { status: 400, code: "tool_call_cut", param: limit, message: expect.stringContaining(`raise \`${limit}\``) };
        await expect(chat.completions.create({ ...asked, [limit]: SHORT })).rejects.toMatchObject(refusal);
        await expect(chat.completions.create({ ...asked, [limit]: SHORT, stream: true })).rejects.toMatchObject(refusal);
      }
    },
  );

  it("... which the Responses API names in its own words", async () => {
    const asked = { ...RESPONSE, ...RESPONSE_TOOLS, tool_choice: "required" as const, max_output_tokens: SHORT };
    const refusal = { status: 400, code: "tool_call_cut", param: "max_output_tokens" };
    await expect(client().responses.create(asked)).rejects.toMatchObject(refusal);
    await expect(client().responses.create({ ...asked, stream: true })).rejects.toMatchObject(refusal);
  });
});
