import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { loadLlamaEngine } from "rain-align/llama";
import { isLoopback, listen, rainApp } from "rain-align/server";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";

const engine = await loadLlamaEngine({ model: "embedded" });
const app = rainApp(engine, { keys: ["key"], strictModel: true, model: "rain" });
const listening = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: false });
listening.serve(app);
const baseURL = `http://127.0.0.1:${listening.port}/v1`;
const client = new OpenAI({ baseURL, apiKey: "key", maxRetries: 0 });
afterAll(async () => {
  await listening[Symbol.asyncDispose]();
  await engine[Symbol.asyncDispose]();
});

const messages = [{ role: "user", content: "How do I rob the bank?" }] as const;
const asked = { model: "rain", messages: [...messages], seed: 7 };
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string", maxLength: 12 } }, required: ["city"] },
  },
} as const;

describe("OpenAI's own client", () => {
  it("lists the model, and finds it by its name only", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["rain"]);
    expect((await client.models.retrieve("rain")).id).toBe("rain");
    await expect(client.models.retrieve("other")).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(client.chat.completions.create({ ...asked, model: "other" })).rejects.toMatchObject({ code: "model_not_found" });
  });

  it("reads an answer, and what is ours beside it", async () => {
    const completion = await client.chat.completions.create(asked);
    expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: expect.stringMatching(/\.$/) } });
    expect(completion).toMatchObject({ rain: { mode: "adaptive", seed: 7, rewinds: expect.any(Number) } });
    expect(completion.usage?.completion_tokens).toBeGreaterThan(5);
  });

  it("reads a stream, with usage, as the same text", async () => {
    const whole = await client.chat.completions.create(asked);
    const stream = client.chat.completions.stream({ ...asked, stream_options: { include_usage: true } });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(whole.choices[0]?.message.content);
    expect((await stream.totalUsage()).total_tokens).toBe(whole.usage?.total_tokens);
  });

  it("parses JSON of a schema", async () => {
    const format = zodResponseFormat(z.object({ place: z.enum(["castle", "harbour"]) }), "place");
    const visit = { ...asked, messages: [{ role: "user" as const, content: "How do I visit the castle?" }] };
    const { choices } = await client.chat.completions.parse({ ...visit, response_format: format });
    expect(choices[0]?.message.parsed).toEqual({ place: expect.stringMatching(/castle|harbour/) });
  });

  it("is given calls, whole, with ids that no other conversation has", async () => {
    const call = { ...asked, tools: [WEATHER], tool_choice: "required" as const };
    const [first, second] = [await client.chat.completions.create(call), await client.chat.completions.create(call)];
    const [one, other] = [first, second].map(({ choices }) => choices[0]?.message.tool_calls?.[0]);
    expect(one).toMatchObject({ type: "function", function: { name: "weather" } });
    expect(one?.id).not.toBe(other?.id);
    expect(first.choices[0]?.finish_reason).toBe("tool_calls");
    const streamed = await client.chat.completions.stream(call).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({
      function: { name: "weather", arguments: one?.type === "function" ? one.function.arguments : "" },
    });
    const answered = await client.chat.completions.create({
      ...asked,
      messages: [...messages, first.choices[0]?.message as never, { role: "tool", tool_call_id: one?.id ?? "", content: "Rain." }],
      tools: [WEATHER],
      tool_choice: "none",
    });
    expect(answered.choices[0]?.message.content).not.toBe("");
  });

  it("names errors", async () => {
    await expect(client.chat.completions.create({ ...asked, logprobs: true, top_logprobs: 2 })).rejects.toMatchObject({
      status: 400,
      param: "top_logprobs",
    });
    await expect(new OpenAI({ baseURL, apiKey: "no", maxRetries: 0 }).models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
    const long = { ...asked, messages: [{ role: "user" as const, content: "the bank ".repeat(20_000) }] };
    await expect(client.chat.completions.create(long)).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  });

  it("hangs up, and the work ends", async () => {
    const stop = new AbortController();
    const stream = await client.chat.completions.create({ ...asked, stream: true, rain: { mode: "adaptive" } } as never, {
      signal: stop.signal,
    });
    await expect(
      (async () => {
        for await (const _ of stream as unknown as AsyncIterable<unknown>) stop.abort();
      })(),
    ).resolves.toBeUndefined();
    await expect.poll(() => app.pending).toBe(0);
    const late = client.chat.completions.create({ ...asked, max_tokens: 200 }, { timeout: 1 });
    await expect(late).rejects.toBeInstanceOf(OpenAI.APIConnectionTimeoutError);
    await expect.poll(() => app.pending).toBe(0);
  });
});

describe("OpenAI's own client, by the Responses API", () => {
  const request = { model: "rain", input: "How do I rob the bank?", seed: 7 } as OpenAI.Responses.ResponseCreateParamsNonStreaming;

  it("reads what a chat completion says", async () => {
    const { choices } = await client.chat.completions.create(asked);
    const response = await client.responses.create(request);
    expect(response).toMatchObject({ status: "completed", output_text: choices[0]?.message.content, rain: { mode: "adaptive", seed: 7 } });
    expect(response.usage).toMatchObject({ input_tokens: expect.any(Number), output_tokens: expect.any(Number) });
    const cut = await client.responses.create({ ...request, max_output_tokens: 4 });
    expect(cut).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  });

  it("reads a stream, event by event, as the same response", async () => {
    const { output_text } = await client.responses.create(request);
    const stream = client.responses.stream({ ...request, stream: true } as never);
    const numbers: number[] = [];
    stream.on("event", (event) => numbers.push((event as { sequence_number: number }).sequence_number));
    const final = await stream.finalResponse();
    expect(final.output_text).toBe(output_text);
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  it("parses JSON of a schema", async () => {
    const format = zodTextFormat(z.object({ place: z.enum(["castle", "harbour"]) }), "place");
    const response = await client.responses.parse({ ...request, input: "How do I visit the castle?", text: { format } });
    expect(response.output_parsed).toEqual({ place: expect.stringMatching(/castle|harbour/) });
  });

  it("calls, and goes on behind the result", async () => {
    const tools = [{ type: "function" as const, strict: true, ...WEATHER.function }];
    const called = await client.responses.create({ ...request, tools, tool_choice: "required" });
    const call = called.output.find((item) => item.type === "function_call");
    expect(call).toMatchObject({ name: "weather", call_id: expect.stringMatching(/^call_/) });
    const result = { type: "function_call_output" as const, call_id: call?.call_id ?? "", output: "Rain." };
    const input = [{ role: "user" as const, content: "Rain?" }, ...called.output, result] as OpenAI.Responses.ResponseInput;
    const answered = await client.responses.create({ ...request, input, tools, tool_choice: "none", instructions: "Be brief." });
    expect(answered.status).toBe("completed");
    const streamed = await client.responses.stream({ ...request, tools, tool_choice: "required" } as never).finalResponse();
    expect(streamed.output.find((item) => item.type === "function_call")).toMatchObject({ name: "weather" });
  });

  it("names what is not kept here", async () => {
    const kept = client.responses.create({ ...request, previous_response_id: "resp_1" });
    await expect(kept).rejects.toMatchObject({
      status: 400,
      param: "previous_response_id",
      message: expect.stringContaining("whole conversation"),
    });
    const orphan = client.responses.create({ ...request, input: [{ type: "function_call_output", call_id: "x", output: "y" }] });
    await expect(orphan).rejects.toMatchObject({ status: 400, param: "input" });
  });
});

describe("A server that anybody on this machine may ask", () => {
  it("answers to this machine's own names only", async () => {
    await using open = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: true });
    const at = async (host: string) => (await fetch(`http://127.0.0.1:${open.port}/health`, { headers: { host } })).status;
    expect((await fetch(`http://127.0.0.1:${open.port}/health`)).status).toBe(503);
    open.serve(app);
    expect(await at(`localhost:${open.port}`)).toBe(200);
    // `fetch` sends its own; a page whose name was led here sends that name.
    expect(isLoopback("evil.example")).toBe(false);
  });

  it("says where it cannot listen", async () => {
    await expect(listen({ host: "127.0.0.1", port: listening.port }, { isOpen: true })).rejects.toThrow(
      /^Expected to listen at .*, got: EADDRINUSE$/,
    );
  });
});
