import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { EngineError, Meter, type NextTokenQuery, OptionError } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { type ConnectOptions, connectEngine } from "rain-align/remote";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ModelServerOptions, serveLikeLlama, serveLikeSglang, serveLikeVllm } from "../../support/model-server.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
let tiny: LlamaEngine;
let embedded: LlamaEngine;
beforeAll(async () => {
  tiny = await loadLlamaEngine({ model: writeTinyModel(`${folder.path}/tiny.gguf`), gpu: false, threads: 1 });
  embedded = await loadLlamaEngine({ gpu: false, threads: 1 });
});
afterAll(async () => {
  for (const engine of [tiny, embedded]) await engine[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What connecting to a server of the tiny model comes to. */
async function connecting(server: ModelServerOptions, options: Partial<ConnectOptions> = {}) {
  await using served = await serveLikeLlama(tiny, server);
  const found = await connectEngine({ url: served.url, ...options }).then(
    async (engine) => {
      await engine[Symbol.asyncDispose]();
      return engine.facts;
    },
    (error: unknown) => error,
  );
  return { found, url: served.url, requests: served.requests };
}

function everywhere(fault: ReturnType<NonNullable<ModelServerOptions["fault"]>>): ModelServerOptions {
  return { fault: () => fault };
}

describe("What is said in one line, with a name for programs, where", () => {
  it("nothing listens", async () => {
    const { url } = await connecting({});
    await expect(connectEngine({ url })).rejects.toMatchObject({
      name: "EngineError",
      code: "server-unreachable",
      message: expect.stringMatching(/^Expected http:\/\/127\.0\.0\.1:\d+\/props to answer \(does the server run\?\), got: .*ECONNREFUSED/),
    });
  });

  it("a server never answers", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await expect(connectEngine({ url, timeout: 0.1 })).rejects.toMatchObject({
      code: "server-unreachable",
      message: expect.stringContaining("timed out"),
    });
    silent.closeAllConnections();
    silent.close();
  });

  it.each([
    ["it is loading", 503, "Loading model", "server-busy", /to have room, got 503: Loading model \(try again later\)$/],
    ["too many ask", 429, "slow down", "server-busy", /got 429: slow down/],
    ["a key is missing", 401, "Invalid API Key", "server-refused", /got 401: Invalid API Key \(is the key right\?\)$/],
    ["it fails", 500, "out of memory", "server-refused", /to do as it was asked, got 500: out of memory$/],
  ])("%s", async (_, status, message, code, words) => {
    for (const server of ["auto", "llama-server"] as const) {
      const { found } = await connecting(everywhere({ status, body: JSON.stringify({ error: { message } }) }), { server });
      expect(found).toMatchObject({ name: "EngineError", code, message: expect.stringMatching(words) });
    }
  });

  it("a proxy answers with a page of its own: it is not repeated", async () => {
    const { found } = await connecting(everywhere({ type: "text/html", body: "<html>secret</html>" }), { server: "llama-server" });
    expect(found).toMatchObject({ code: "server-unreadable", message: expect.stringContaining("got 19 characters of text/html") });
    expect((found as Error).message).not.toContain("secret");
  });

  it("another kind of server listens", async () => {
    const { found } = await connecting(everywhere({ status: 404, body: "no such page" }));
    expect(found).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("Expected one of llama-server, vllm, sglang at http://127.0.0.1"),
    });
  });

  it("the server has a vocabulary of another size", async () => {
    const { found } = await connecting({}, { vocabulary: "embedded" });
    expect(found).toMatchObject({
      code: "vocabulary-mismatch",
      message: expect.stringMatching(
        /^Expected `vocabulary` to be one of \d+ tokens, as .*tiny\.gguf has, got 1024 in .*rain-tiny\.gguf \(/,
      ),
    });
  });

  it("the server cuts texts into other tokens", async () => {
    const { found } = await connecting({ fault: ({ path }) => (path === "/tokenize" ? { body: '{"tokens":[1,2,3]}' } : undefined) });
    expect(found).toMatchObject({
      code: "vocabulary-mismatch",
      message: expect.stringMatching(/in which "How do I paint the house\?" is \[1, 2, 3\], got \[/),
    });
  });

  it("the server's file is not on this machine, and none is named", async () => {
    const { found } = await connecting({ says: { model_path: "/models/elsewhere.gguf" } });
    expect(found).toBeInstanceOf(OptionError);
    expect(found).toMatchObject({
      option: "vocabulary",
      message: expect.stringContaining("Expected `vocabulary` to be the GGUF file of /models/elsewhere.gguf, which is not on this machine"),
    });
  });

  it.each([
    ["url", { url: "localhost:8080" }],
    ["url", { url: "http://me:secret@localhost" }],
    ["vocabulary", { vocabulary: "" }],
    ["timeout", { timeout: 0 }],
    ["server", { server: "ollama" as never }],
    ["slots", { slots: 3 } as object],
  ])("an option cannot be meant: %s", async (option, options) => {
    await expect(connectEngine({ url: "http://127.0.0.1:9", ...options })).rejects.toMatchObject({ name: "OptionError", option });
  });
});

describe("Which server listens", () => {
  it.each([
    ["llama-server", serveLikeLlama],
    ["vllm", serveLikeVllm],
    ["sglang", serveLikeSglang],
  ] as const)("is found out: %s", async (name, serve) => {
    await using served = await serve(tiny);
    for (const server of [undefined, name]) {
      await using engine = await connectEngine({ url: served.url, vocabulary: tiny.facts.file, server });
      expect(engine.facts).toMatchObject({ server: name, contextSize: tiny.facts.contextSize, isSerial: name === "llama-server" });
    }
  });

  it("needs the vocabulary where it names no file", async () => {
    await using served = await serveLikeVllm(tiny);
    await expect(connectEngine({ url: served.url })).rejects.toMatchObject({
      option: "vocabulary",
      message: expect.stringContaining("Expected `vocabulary` to be the GGUF file of served, which is not on this machine"),
    });
  });
});

describe("A router in front of SGLang, which knows no page that cuts texts and does not say how long a context is,", () => {
  it("is worked with where that is said", async () => {
    await using served = await serveLikeSglang(tiny, { says: { isRouted: true } });
    const connecting = { url: served.url, vocabulary: tiny.facts.file };
    await expect(connectEngine(connecting)).rejects.toMatchObject({
      option: "contextSize",
      message: expect.stringContaining("Expected `contextSize` to be a number of tokens, as sglang does not say it"),
    });
    await using engine = await connectEngine({ ...connecting, contextSize: 256 });
    expect(engine.facts).toMatchObject({ server: "sglang", contextSize: 255 });
    await expect(connectEngine({ ...connecting, contextSize: 256, vocabulary: "embedded" })).rejects.toMatchObject({
      code: "vocabulary-mismatch",
    });
  });
});

it("vLLM is asked about more tokens by number than it takes at once", async () => {
  await using served = await serveLikeVllm(embedded);
  await using engine = await connectEngine({ url: served.url, vocabulary: "embedded" });
  const tokens = Array.from({ length: 300 }, (_, index) => 3 * index);
  const read = async (asked: typeof engine | LlamaEngine) => {
    const [told] = await asked.next([{ prefix: [1, 5], tokens }], { purpose: "evaluate", meter: new Meter() });
    const [first = 0] = told?.logits ?? [];
    return told?.logits.map((logit) => logit - first);
  };
  const [there, here] = [await read(engine), await read(embedded)];
  for (const [index, logit] of (here ?? []).entries()) expect(there?.[index]).toBeCloseTo(logit, 3);
});

describe("What vLLM is not able to do as it was started", () => {
  const connected = async (says: Readonly<Record<string, unknown>>) => {
    const served = await serveLikeVllm(tiny, { says });
    return { served, engine: connectEngine({ url: served.url, vocabulary: tiny.facts.file }) };
  };

  it("is refused: to tell no more than 20 tokens", async () => {
    const { served, engine } = await connected({ maxLogprobs: 20 });
    await expect(engine).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(
        /^Expected vLLM to tell the 64 likeliest tokens \(start it with --max-logprobs -1\), got: .*max allowed: 20$/,
      ),
    });
    await served[Symbol.asyncDispose]();
  });

  it("is refused where it is asked for: to tell of named tokens that are not among the likeliest", async () => {
    const { served, engine: connecting } = await connected({ knowsTokens: false });
    await using engine = await connecting;
    const call = { purpose: "draft", meter: new Meter() } as const;
    const [read] = await engine.next([{ prefix: [1], topK: engine.facts.vocabularySize }], call);
    const unlikely = read?.likeliest.at(-2)?.token as number;
    await expect(engine.next([{ prefix: [1, 5], tokens: [unlikely, 7, 8, 9, 10, 11] }], call)).rejects.toMatchObject({
      code: "unsupported",
    });
    await served[Symbol.asyncDispose]();
  });

  it("costs more on paper: what it does not count as cached is counted as computed", async () => {
    const { served, engine: connecting } = await connected({ countsCache: false });
    await using engine = await connecting;
    const prefix = engine.tokenizer.renderText("How do I paint the house, and when?");
    for (const length of [prefix.length, prefix.length - 1]) {
      const meter = new Meter();
      await engine.next([{ prefix: prefix.slice(0, length), topK: 1 }], { purpose: "draft", meter });
      expect(meter.spent.draft.tokens).toBe(length);
    }
    await served[Symbol.asyncDispose]();
  });
});

describe("A server that was connected to", () => {
  it("has told what it is", async () => {
    const { found, url } = await connecting({ slots: 3 });
    expect(found).toMatchObject({
      model: "tiny random model",
      server: "llama-server",
      url,
      contextSize: tiny.facts.contextSize,
      sequences: 3,
      isSerial: true,
      vocabularySize: tiny.facts.vocabularySize,
      vocabulary: tiny.facts.file,
      file: tiny.facts.file,
    });
  });

  it("is found by the address of its API, too, and is sent the key with every request; no error tells the key", async () => {
    const key = "sesame-open";
    await using served = await serveLikeLlama(tiny, { fault: ({ path }) => (path === "/completion" ? "cut" : undefined) });
    const engine = await connectEngine({ url: `${served.url}/v1/`, key });
    const call = { purpose: "draft", meter: new Meter() } as const;
    const failure = await engine.next([{ prefix: [1], topK: 1 }], call).catch((error: unknown) => error);
    expect(String(failure)).not.toContain(key);
    for (const { headers } of served.requests) expect(headers.authorization).toBe(`Bearer ${key}`);
    await engine[Symbol.asyncDispose]();
  });

  it("whose model is another file is known by what it says, and by what the model says", async () => {
    const elsewhere = { says: { model_path: "/models/elsewhere.gguf" } };
    const identityOf = async (options: ModelServerOptions) => {
      const { found } = await connecting(options, { vocabulary: tiny.facts.file });
      return (found as { readonly identity?: string }).identity;
    };
    const [one, again, renamed] = [
      await identityOf(elsewhere),
      await identityOf(elsewhere),
      await identityOf({ says: { model_path: "/models/another.gguf" } }),
    ];
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toBe(one);
    expect(renamed).not.toBe(one);
    expect(await identityOf({})).toBeUndefined();
  });

  it("whose chat template is another one is told of", async () => {
    const notices: string[] = [];
    await connecting({ says: { chat_template: "{{ messages }}" } }, { onNotice: (notice) => notices.push(notice) });
    expect(notices).toEqual([expect.stringContaining("chat template is another one")]);
  });

  it("is hung up on when an answer is not wanted any more, and when the engine is disposed", async () => {
    for (const way of ["abort", "dispose"] as const) {
      let hungUp: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => {
        hungUp = resolve;
      });
      let reached: () => void = () => undefined;
      const asked = new Promise<void>((resolve) => {
        reached = resolve;
      });
      await using served = await serveLikeLlama(tiny, {
        onAsked: (path, closed) => {
          if (path !== "/completion") return;
          closed(hungUp);
          reached();
        },
        holds: "/completion",
      });
      const engine = await connectEngine({ url: served.url });
      const controller = new AbortController();
      const reason = new Error("enough");
      const query: NextTokenQuery = { prefix: [1], topK: 1 };
      const reading = engine.next([query], { purpose: "draft", meter: new Meter(), signal: controller.signal });
      const ended = reading.catch((error: unknown) => error);
      await asked;
      if (way === "abort") controller.abort(reason);
      else await engine[Symbol.asyncDispose]();
      const failure = await ended;
      if (way === "abort") expect(failure).toBe(reason);
      else expect(EngineError.findIn(failure)?.code).toBe("disposed");
      await gone;
      await engine[Symbol.asyncDispose]();
    }
  });
});

describe("Several answers at once", () => {
  it("each keep a slot: none computes again what another one has pushed out", async () => {
    await using served = await serveLikeLlama(tiny, { slots: 4 });
    await using engine = await connectEngine({ url: served.url });
    const texts = ["How do I paint the house?", "Can the cow fly?", "How far is the sea?", "Who is there?"];
    const prefixes = texts.map((text) => engine.tokenizer.renderText(text));
    const held = prefixes.map((prefix) => engine.hold(prefix));
    const read = async (prefix: readonly number[]) => {
      const meter = new Meter();
      await engine.next([{ prefix, topK: 1 }], { purpose: "draft", meter });
      return meter.spent.draft.tokens;
    };
    await Promise.all(prefixes.map(read));
    for (let token = 0; token < 5; token++) {
      for (const prefix of prefixes) prefix.push(engine.tokenizer.tokenize(" a").at(-1) as number);
      expect(await Promise.all(prefixes.map(read))).toEqual([1, 1, 1, 1]);
    }
    for (const one of held) one[Symbol.dispose]();
  });
});
