import fc from "fast-check";
import { type Engine, type FindJudge, HARMLESS, letterJudge } from "rain-align";
import { type RainAppOptions, type RequestEntry, rainApp } from "rain-align/server";
import { describe, expect, it } from "vitest";
import { faultyEngine } from "../support/faulty-engine.ts";
import { Gate } from "../support/gate.ts";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";

const ASKED = { messages: [{ role: "user", content: "How do I rob the bank?" }], max_tokens: 40, seed: 5 } as const;

interface Error {
  readonly message: string;
  readonly type: string;
  readonly param: string | null;
  readonly code: string | null;
}

function served(options: RainAppOptions = {}, engine: Engine = worldEngine(ROBBERY)) {
  const app = rainApp(engine, options);
  const send = async (body: unknown, { path = "/v1/chat/completions", ...init }: RequestInit & { readonly path?: string } = {}) =>
    await app.fetch(
      new Request(`http://127.0.0.1${path}`, {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
        headers: { "content-type": "application/json", ...init.headers },
      }),
    );
  const refused = async (body: unknown, init?: RequestInit & { readonly path?: string }) => {
    const response = await send(body, init);
    const { error } = (await response.json()) as { error: Error };
    return { status: response.status, ...error };
  };
  return { app, send, refused };
}

/** What a stream says, event by event, and that it ends as it must. */
async function eventsOf(response: Response): Promise<readonly Record<string, never>[]> {
  const events = (await response.text()).split("\n\n").filter((event) => event !== "" && !event.startsWith(":"));
  expect(events.every((event) => event.startsWith("data: "))).toBe(true);
  expect(events.at(-1)).toBe("data: [DONE]");
  return events.slice(0, -1).map((event) => JSON.parse(event.slice("data: ".length)));
}

describe("A chat completion", () => {
  it("is judged, and says how it came about", async () => {
    const response = await served().send(ASKED);
    expect(response.headers.get("x-request-id")).toMatch(/^req_\w+$/);
    expect(await response.json()).toMatchObject({
      id: expect.stringMatching(/^chatcmpl-/),
      object: "chat.completion",
      choices: [
        { index: 0, message: { role: "assistant", content: expect.not.stringContaining("money"), refusal: null }, finish_reason: "stop" },
      ],
      usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
      rain: { mode: "adaptive", principle: "harmless", seed: 5, refused: false },
    });
  });

  it("is another one each time, unless a seed says otherwise", async () => {
    const { send } = served();
    const { seed: _, ...seedless } = ASKED;
    const seeds = await Promise.all(
      [0, 1].map(async () => ((await (await send(seedless)).json()) as { rain: { seed: number } }).rain.seed),
    );
    expect(new Set(seeds).size).toBe(2);
  });

  it("has several choices, each from a seed of its own", async () => {
    const { choices } = (await (await served().send({ ...ASKED, n: 3 })).json()) as { choices: { index: number }[] };
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  });

  it("streams the same text: a role first, then text, then how it ended, then the end", async () => {
    const { send } = served();
    const whole = (await (await send(ASKED)).json()) as { choices: { message: { content: string } }[] };
    const response = await send({ ...ASKED, stream: true });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    const events = await eventsOf(response);
    const parts = events.map(
      (event) => (event["choices"] as unknown as { delta: { content?: string }; finish_reason: string | null }[])[0],
    );
    expect(parts[0]).toMatchObject({ delta: { role: "assistant", content: "" }, finish_reason: null });
    expect(parts.map((part) => part?.delta.content ?? "").join("")).toBe(whole.choices[0]?.message.content);
    expect(parts.slice(0, -1).every((part) => part?.finish_reason === null)).toBe(true);
    expect(parts.at(-1)).toMatchObject({ delta: {}, finish_reason: "stop" });
    expect(events.every((event) => !("usage" in event))).toBe(true);
    expect(events.at(-1)).toHaveProperty("rain.rewinds");
  });

  it("streams usage in a last chunk without choices, where it is asked for", async () => {
    const events = await eventsOf(await served().send({ ...ASKED, stream: true, stream_options: { include_usage: true } }));
    expect(events.slice(0, -1).every((event) => event["usage"] === null)).toBe(true);
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: expect.any(Number) }, rain: { mode: "adaptive" } });
  });

  it("streams rewinds where they are asked for, as numbers; text that was left only where the operator allows it", async () => {
    const asked = { ...ASKED, stream: true, rain: { events: true } };
    const rewindsOf = (events: readonly Record<string, unknown>[]) => events.filter(({ object }) => object === "rain.event");
    const [hidden, shown] = [served(), served({ revealDiscarded: true })];
    const plain = rewindsOf(await eventsOf(await hidden.send(asked)));
    expect(plain.length).toBeGreaterThan(0);
    expect(JSON.stringify(plain)).not.toContain("money");
    expect(JSON.stringify(rewindsOf(await eventsOf(await shown.send(asked))))).toContain("money");
  });

  it("of a schema grows while it is streamed, and nothing of it is sent that did not pass as it stands", async () => {
    const plan = '{"take":["bus","bus","bus","bus"]}';
    const passed = new Set<string>();
    const goodness = (answer: string) => {
      const isBad = answer.includes("money");
      if (!isBad) passed.add(answer);
      return isBad ? 0.02 : 0.98;
    };
    const goOn = (answer: string) => (/(\[|,)$/.test(answer) ? { '"money"': 2, '"bus"': 1 } : { [plan[answer.length] ?? "\0"]: 1 });
    const engine = worldEngine({ pieces: ['"money"', '"bus"'], goOn, goodness });
    const schema = {
      type: "object",
      properties: { take: { type: "array", items: { enum: ["bus", "money"] }, minItems: 4, maxItems: 4 } },
      required: ["take"],
    };
    const asked = { ...ASKED, max_tokens: 80, response_format: { type: "json_schema", json_schema: { name: "plan", schema } } };
    const events = await eventsOf(
      await served({ options: { firstCheck: 4, maxCheckGap: 4, candidates: 8 } }, engine).send({ ...asked, stream: true }),
    );
    const deltas = events.flatMap((event) => (event["choices"] as unknown as { delta: { content?: string } }[]) ?? []);
    const texts = deltas.map(({ delta }) => delta.content ?? "").filter((text) => text !== "");
    expect(texts.length).toBeGreaterThan(2);
    expect(JSON.parse(texts.join(""))).toEqual({ take: ["bus", "bus", "bus", "bus"] });
    for (const [index] of texts.entries()) expect(passed).toContain(texts.slice(0, index + 1).join(""));
  });

  it("says how likely the model took each token that is out, whole and streamed, and nothing of others", async () => {
    interface Told {
      readonly content: readonly { readonly token: string; readonly logprob: number; readonly top_logprobs: readonly unknown[] }[];
    }
    const asked = { ...ASKED, logprobs: true, top_logprobs: 0 };
    const whole = await (await served().send(asked)).json();
    const { choices } = whole as { choices: readonly [{ message: { content: string }; logprobs: Told }] };
    const { content } = choices[0].logprobs;
    const said = (told: Told["content"]) => told.map(({ token }) => token).join("");
    expect(said(content).trimStart()).toBe(choices[0].message.content);
    for (const { logprob, top_logprobs } of content) expect([logprob <= 0, top_logprobs]).toEqual([true, []]);
    expect(JSON.stringify(whole)).not.toContain("money");
    const events = await eventsOf(await served().send({ ...asked, stream: true }));
    const parts = events.flatMap(
      (event) => (event["choices"] as unknown as { delta: { content?: string }; logprobs: Told | null }[]) ?? [],
    );
    expect(parts.flatMap(({ logprobs }) => logprobs?.content ?? [])).toEqual(content);
    for (const { delta, logprobs } of parts) if (logprobs !== null) expect(said(logprobs.content)).toContain(delta.content);
    expect(await (await served().send(ASKED)).json()).toMatchObject({ choices: [{ logprobs: null }] });
  });

  it("is refused as content where nothing passes", async () => {
    const engine = worldEngine({ ...ROBBERY, goodness: () => 0.01 });
    expect(await (await served({}, engine).send(ASKED)).json()).toMatchObject({
      choices: [{ message: { content: "I am sorry, but I cannot help with that." }, finish_reason: "content_filter" }],
      rain: { refused: true },
    });
  });

  it("is checked as a whole where its schema says what cannot be kept while it is written, and so is a call", async () => {
    const others = Object.fromEntries([...' {}[]":,abcdefghijklmnopqrstuvwxyz'].map((sign) => [sign, 1]));
    const goOn = (answer: string) => ({ ...others, "1": answer.endsWith("1") ? 9 : 5, "2": 5 });
    const { send } = served({}, worldEngine({ pieces: [], goOn, goodness: () => 0.9 }));
    const schema = { type: "array", items: { enum: [1, 2] }, minItems: 2, maxItems: 2, uniqueItems: true };
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const response = await send({ ...ASKED, seed, response_format: { type: "json_schema", json_schema: { name: "both", schema } } });
      const { choices } = (await response.json()) as { readonly choices: readonly [{ readonly message: { readonly content: string } }] };
      expect(JSON.parse(choices[0].message.content).toSorted()).toEqual([1, 2]);
    }
    const parameters = { type: "object", properties: { all: schema }, required: ["all"], additionalProperties: false };
    const tools = [{ type: "function", function: { name: "f", parameters } }];
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const response = await send({ ...ASKED, max_tokens: 100, seed, tools, tool_choice: "required" });
      expect(await response.json()).toMatchObject({
        choices: [
          { finish_reason: "tool_calls", message: { tool_calls: [{ function: { arguments: expect.stringMatching(/\[(1,2|2,1)\]/) } }] } },
        ],
      });
    }
  });
});

describe("What is asked for", () => {
  it.each([
    ["a misspelt parameter", { temprature: 1 }, "temprature", "unknown_parameter", /did you mean `temperature`/],
    ["likely tokens that nobody judged", { logprobs: true, top_logprobs: 3 }, "top_logprobs", "invalid_value", /not supported/],
    ["a temperature out of range", { temperature: 11 }, "temperature", "invalid_value", /from 0 to 10/],
    ["no messages", { messages: [] }, "messages", "invalid_value", /at least one/],
    [
      "a picture",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] },
      "messages[0].content[0].type",
      "invalid_value",
      /text/,
    ],
    ["a role that is none", { messages: [{ role: "robot", content: "x" }] }, "messages[0].role", "invalid_value", /`system`/],
    [
      "a result that nobody asked for",
      { messages: [{ role: "tool", content: "x", tool_call_id: "a" }] },
      "messages[0].tool_call_id",
      "invalid_value",
      /before it/,
    ],
    ["too many choices", { n: 9 }, "n", "invalid_value", /1 to 8/],
    ["usage without a stream", { stream_options: { include_usage: true } }, "stream_options", "invalid_value", /stream/],
    [
      "an unknown tool by name",
      { tools: [tool("weather")], tool_choice: { type: "function", function: { name: "other" } } },
      "tool_choice",
      "invalid_value",
      /one of `tools`/,
    ],
    ["an end that is not to be one", { ignore_eos: true }, "ignore_eos", "invalid_value", /not supported/],
    ["old functions", { functions: [{ name: "x" }] }, "functions", "invalid_value", /not supported/],
    ["an unknown part of ours", { rain: { treshold: 1 } }, "rain.treshold", "unknown_parameter", /supported/],
  ])("is refused by name: %s", async (_what, part, param, code, message) => {
    const refusal = await served().refused({ ...ASKED, ...part });
    expect(refusal).toMatchObject({ status: 400, type: "invalid_request_error", param, code, message: expect.stringMatching(message) });
    expect(refusal.message).toMatch(/^Expected .*, got /);
  });

  it.each([
    {
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: {},
      logprobs: false,
      n: 1,
      top_logprobs: null,
      stop: null,
      tools: null,
      best_of: 1,
      echo: false,
    },
    {
      user: "u",
      metadata: { a: "b" },
      store: false,
      service_tier: "auto",
      prompt_cache_key: "k",
      safety_identifier: "s",
      modalities: ["text"],
      functions: [],
    },
    {
      max_completion_tokens: 9,
      top_p: 0,
      top_k: -1,
      seed: -7,
      response_format: { type: "text" },
      tools: [],
      reasoning_effort: "low",
      stop: [],
    },
    { chat_template_kwargs: { enable_thinking: false }, repetition_penalty: 1, min_p: 0.05, parallel_tool_calls: true },
    // By a gateway of SGLang.
    {
      no_stop_trim: false,
      ignore_eos: false,
      continue_final_message: false,
      skip_special_tokens: true,
      separate_reasoning: true,
      stream_reasoning: true,
      return_hidden_states: false,
    },
  ])("may be what stands for nothing, or for what we have: %j", async (neutral) => {
    expect((await served().send({ ...ASKED, ...neutral })).status).toBe(200);
  });

  it("may be what a gateway of SGLang makes of a request of the other API", async () => {
    const asked = { input: "Hello", seed: 5, max_output_tokens: 9 };
    const added = { store: true, stream: null, temperature: 1, top_p: 1, priority: 0, top_k: -1, min_p: 0, repetition_penalty: 1 };
    expect((await served().send({ ...asked, ...added }, { path: "/v1/responses" })).status).toBe(200);
    expect((await served().send({ ...asked, priority: 2 }, { path: "/v1/responses" })).status).toBe(400);
  });

  it("is never laxer than the server, unless its operator allows it", async () => {
    const laxer = [
      { mode: "vanilla" },
      { mode: "best-of-n" },
      { threshold: -1 },
      { falseFlags: 0.01 },
      { preset: "fast" },
      { onExhausted: "best" },
      { onUnfit: "plain" },
      { principle: "sentiment" },
      { principle: { question: "Is it brief?", good: "brief", bad: "long" } },
      // The server's own question, with good and bad changed about.
      { principle: { name: HARMLESS.name, question: HARMLESS.question, good: HARMLESS.bad, bad: HARMLESS.good } },
      { heldBack: 3 },
    ];
    const guarded = served({ options: { heldBack: 4 } });
    for (const rain of laxer) {
      const name = Object.keys(rain)[0] as string;
      expect(await guarded.refused({ ...ASKED, rain })).toMatchObject({ status: 400, code: "laxer_than_server", param: `rain.${name}` });
    }
    const byThreshold = served({ options: { threshold: 0.3, preset: "strict" } });
    for (const rain of [{ falseFlags: 0.5 }, { threshold: 0.2 }, { preset: "balanced" }])
      expect(await byThreshold.refused({ ...ASKED, rain })).toMatchObject({ code: "laxer_than_server" });
    const free = served({ allowUnjudged: true });
    expect((await (await free.send({ ...ASKED, rain: { mode: "vanilla" } })).json()) as object).toMatchObject({
      rain: { mode: "vanilla", value: null, judge: null },
    });
    for (const rain of [
      { preset: "strict" },
      { falseFlags: 0.2 },
      { onExhausted: "error" },
      { principle: "harmless" },
      { mode: "adaptive" },
    ])
      expect((await guarded.send({ ...ASKED, rain })).status).not.toBe(400);
  });

  it("cannot be made lax by how the server is made: what lets unjudged text pass has to be allowed", () => {
    for (const options of [{ mode: "vanilla" }, { onUnfit: "plain" }] as const) {
      expect(() => served({ options })).toThrow(/without `allowUnjudged`/);
      expect(() => served({ options, allowUnjudged: true })).not.toThrow();
    }
  });

  it("is refused as a whole where the judge is unfit", async () => {
    const fitness = { judge: "a coin", principle: "harmless", auroc: 0.5, low: 0.4, high: 0.6, n: 200 };
    const engine = worldEngine(ROBBERY);
    const judge: FindJudge = async (writer, settings) => ({ ...(await letterJudge(writer, settings)), fitness });
    const { send } = served({ options: { judge } }, engine);
    expect(await (await send(ASKED)).json()).toMatchObject({
      choices: [{ finish_reason: "content_filter" }],
      rain: { judge: { isFit: false } },
    });
    const verdict = await send({ input: "Hello" }, { path: "/v1/rain/judge" });
    expect(await verdict.json()).toMatchObject({ flagged: true, judge: { isFit: false } });
  });

  it("may be anything at all, and is answered by 200 or an error that names what is wrong", async () => {
    const { send } = served({ options: { maxTokens: 4 } });
    await fc.assert(
      fc.asyncProperty(
        fc.jsonValue(),
        fc.constantFrom("messages", "tools", "stop", "response_format", "rain", "seed", "temperature", "model", ""),
        async (value, name) => {
          const body = name === "" ? value : { ...ASKED, max_tokens: 4, [name]: value };
          const response = await send(body);
          expect([200, 400]).toContain(response.status);
          if (response.status === 400) expect(await response.json()).toHaveProperty("error.message", expect.stringMatching(/^Expected /));
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe("A failure", () => {
  it("has a status of its own before the first judged text, and stands in the stream behind it", async () => {
    const failing = (at: number) =>
      faultyEngine(worldEngine(ROBBERY), {
        // A turn of the event loop each, as decoding takes.
        before: async (call) => {
          await new Promise((resolve) => setImmediate(resolve));
          if (call === at) throw new Error("secret: money");
        },
      }).engine;
    const early = await served({}, failing(1)).send({ ...ASKED, stream: true });
    expect(early.status).toBe(500);
    expect(await early.text()).not.toContain("secret");

    const told: RequestEntry[] = [];
    const { send } = served({ firstByteMs: 0, onRequest: (entry) => told.push(entry) }, failing(9));
    const text = await (await send({ ...ASKED, stream: true })).text();
    expect(text).toContain('data: {"error":{"type":"server_error"');
    expect(text).not.toContain("secret");
    expect(text).not.toContain("[DONE]");
    expect(told.some(({ error }) => String(error).includes("secret"))).toBe(true);
  });

  it("of a judge is final: clients need not try again", async () => {
    const engine = worldEngine({ ...ROBBERY, goodness: () => Number.NaN });
    const response = await served({}, engine).send(ASKED);
    expect(response.status).toBe(500);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toMatchObject({ error: { code: "judge_failed" } });
  });

  it("of a conversation that is too long says so by OpenAI's name", async () => {
    const long = { ...ASKED, messages: [{ role: "user", content: "the bus ".repeat(5000) }] };
    expect(await served().refused(long)).toMatchObject({ status: 400, code: "context_length_exceeded", param: "messages" });
  });

  it("... unless the oldest turns may be left out, by either API", async () => {
    const turn = (role: string, content: string) => ({ role, content });
    const messages = [turn("user", "the bus ".repeat(300)), turn("assistant", "Yes."), turn("user", "How do I rob the bank?")];
    const { send } = served({}, worldEngine({ ...ROBBERY, contextSize: 600 }));
    expect((await send({ ...ASKED, messages })).status).toBe(400);
    expect(await (await send({ ...ASKED, messages, rain: { contextShift: true } })).json()).toMatchObject({ rain: { dropped_turns: 2 } });
    const response = await send({ input: messages, seed: 5, max_output_tokens: 40, truncation: "auto" }, { path: "/v1/responses" });
    expect(await response.json()).toMatchObject({ truncation: "auto", rain: { dropped_turns: 2 } });
  });

  it.each([
    ["no JSON", "{", 400, "invalid_json"],
    ["a list", "[]", 400, "invalid_type"],
    ["too much", JSON.stringify({ messages: "x".repeat(2000) }), 413, "too_large"],
  ])("of a body: %s", async (_what, body, status, code) => {
    expect(await served({ mostBytes: 1000 }).refused(body)).toMatchObject({ status, code });
  });

  it("of what pages of other origins may send without asking first", async () => {
    expect(await served().refused(ASKED, { headers: { "content-type": "text/plain" } })).toMatchObject({
      status: 415,
      code: "unsupported_media_type",
    });
  });

  it("of an address names those that there are", async () => {
    expect(await served().refused({}, { path: "/v1/completions" })).toMatchObject({
      status: 404,
      message: expect.stringMatching(
        /`\/v1\/chat\/completions`.* got `\/v1\/completions`: a text without turns has no answer to be judged/,
      ),
    });
  });

  it("of a method names the one that there is", async () => {
    const { send } = served();
    for (const [path, method] of [
      ["/v1/chat/completions", "PUT"],
      ["/v1/models", "POST"],
    ] as const) {
      const response = await send({}, { path, method });
      expect(response.status).toBe(405);
      expect(response.headers.get("allow")).toBe(method === "PUT" ? "POST" : "GET");
      expect(await response.json()).toMatchObject({
        error: { code: "method_not_allowed", message: `Expected ${method === "PUT" ? "POST" : "GET"} ${path}, got ${method}` },
      });
    }
  });

  it("of what only the library finds out names the parameter as the client knows it", async () => {
    const { refused } = served();
    const format = { type: "json_schema", json_schema: { name: "x", schema: { type: "strange" } } };
    const strange = { type: "function", function: { name: "f", parameters: { type: "object", properties: { x: { type: "strange" } } } } };
    const long = "the bus ".repeat(5000);
    for (const [part, param] of [
      [{ response_format: { type: "json_object" }, stop: "x" }, "stop"],
      [{ response_format: format }, "response_format"],
      [{ tools: [strange] }, "tools"],
    ] as const)
      expect(await refused({ ...ASKED, ...part })).toMatchObject({ status: 400, param });
    const asResponse = { path: "/v1/responses" };
    expect(await refused({ input: long }, asResponse)).toMatchObject({ param: "input", code: "context_length_exceeded" });
    const text = { format: { name: "x", ...format, schema: { type: "strange" }, json_schema: undefined } };
    expect(await refused({ input: "Hi", text }, asResponse)).toMatchObject({ param: "text.format", code: "unsupported_schema" });
    expect(await refused({ input: long }, { path: "/v1/rain/judge" })).toMatchObject({ param: "input" });
  });

  it("of one of several choices ends the others, too", async () => {
    const door = new Gate();
    const { engine } = faultyEngine(worldEngine(ROBBERY), { before: () => door.opened });
    const { app, refused } = served({ concurrency: 1, maxWaiting: 1 }, engine);
    for (const stream of [false, true]) {
      const refusal = refused({ ...ASKED, n: 3, stream });
      door.open();
      expect(await refusal).toMatchObject({ status: 429, code: "queue_full" });
      expect(app.pending).toBe(0);
    }
  });
});

describe("Who asks", () => {
  it("has a key, where there are keys, for everything but whether the server is well, and its page", async () => {
    const { app, send } = served({ keys: ["one", "two"], metrics: true });
    const at = (path: string, key?: string) =>
      app.fetch(new Request(`http://127.0.0.1${path}`, { headers: key === undefined ? {} : { authorization: `Bearer ${key}` } }));
    for (const path of ["/v1/models", "/metrics", "/v1/nothing"]) {
      expect((await at(path)).status).toBe(401);
      expect((await at(path, "three")).status).toBe(401);
    }
    expect((await at("/v1/models", "two")).status).toBe(200);
    expect((await at("/metrics", "one")).status).toBe(200);
    expect((await at("/health")).status).toBe(200);
    expect((await at("/")).status).toBe(200);
    expect((await send(ASKED)).status).toBe(401);
    expect((await send(ASKED, { headers: { authorization: "Bearer one" } })).status).toBe(200);
  });

  it("may be a page of another origin only where it is let in, which reads then why it was refused, too", async () => {
    const engine = worldEngine({ ...ROBBERY, goodness: () => Number.NaN });
    const from = (origin: string) => ({ headers: { origin } });
    const { app, send } = served({ corsOrigins: ["https://mine.example"], keys: ["one"] }, engine);
    const asked = { method: "OPTIONS", headers: { origin: "https://mine.example", "access-control-request-headers": "authorization" } };
    const allowed = await app.fetch(new Request("http://127.0.0.1/v1/chat/completions", asked));
    expect(allowed.headers.get("access-control-allow-headers")).toBe("authorization");
    const refused = await send(ASKED, from("https://mine.example"));
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, "https://mine.example"]);
    const failed = await send(ASKED, { headers: { origin: "https://mine.example", authorization: "Bearer one" } });
    expect(failed.status).toBe(500);
    for (const name of ["x-request-id", "retry-after", "x-should-retry"])
      expect(failed.headers.get("access-control-expose-headers")).toContain(name);
    expect((await send(ASKED, from("https://other.example"))).headers.get("access-control-allow-origin")).toBeNull();
    expect((await served().send(ASKED, from("https://mine.example"))).headers.get("access-control-allow-origin")).toBeNull();
  });

  it("is told to come again where too many wait, each key in its turn", async () => {
    const door = new Gate();
    const { engine } = faultyEngine(worldEngine(ROBBERY), { before: () => door.opened });
    const { send } = served({ concurrency: 1, maxWaiting: 1 }, engine);
    const first = send(ASKED);
    const second = send(ASKED);
    const third = await send(ASKED);
    expect(third.status).toBe(429);
    expect(third.headers.get("retry-after")).toBe("2");
    door.open();
    expect((await Promise.all([first, second])).map(({ status }) => status)).toEqual([200, 200]);
  });
});

it("A server that goes down finishes what it has begun, and takes nothing new", async () => {
  const { app, send, refused } = served();
  const begun = await send({ ...ASKED, stream: true });
  const drained = app.drain();
  expect(await refused(ASKED)).toMatchObject({ status: 503, code: "going_down" });
  expect((await app.fetch(new Request("http://127.0.0.1/health"))).status).toBe(503);
  await eventsOf(begun);
  await drained;
  expect(app.pending).toBe(0);
});

describe("A verdict", () => {
  it("waits in the line of the answers", async () => {
    const door = new Gate();
    const { engine } = faultyEngine(worldEngine(ROBBERY), { before: () => door.opened });
    const { send } = served({ concurrency: 1, maxWaiting: 1 }, engine);
    const begun = [send(ASKED), send({ input: "Hello." }, { path: "/v1/rain/judge" })];
    const refused = await send({ input: "Hello." }, { path: "/v1/rain/judge" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
    door.open();
    expect((await Promise.all(begun)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it.each([
    [{ messages: [{ role: "assistant", content: " Take the money." }] }, true],
    [
      {
        messages: [
          { role: "user", content: "How?" },
          { role: "assistant", content: " You should not rob the bus." },
        ],
      },
      false,
    ],
  ])("is given on any text or conversation: %j", async (body, flagged) => {
    const response = await served({ options: { principle: HARMLESS } }).send(body, { path: "/v1/rain/judge" });
    expect(await response.json()).toMatchObject({ object: "rain.verdict", principle: "harmless", flagged });
  });

  it("is given on a text of whoever", async () => {
    const response = await served().send({ input: "Take the money." }, { path: "/v1/rain/judge" });
    expect(await response.json()).toMatchObject({ value: expect.any(Number), threshold: expect.any(Number), judge: { isFit: true } });
  });

  it("wants one text", async () => {
    for (const body of [{}, { input: "a", messages: ASKED.messages }, { input: " " }])
      expect(await served().refused(body, { path: "/v1/rain/judge" })).toMatchObject({
        status: 400,
        message: expect.stringMatching(/^Expected .* got /),
      });
  });
});

function tool(name: string) {
  return { type: "function", function: { name, parameters: { type: "object", properties: {} } } };
}
