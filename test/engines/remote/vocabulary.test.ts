import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { cachedModels, type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { connectEngine } from "rain-align/remote";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { uint32 } from "../../../training/gguf-writer.ts";
import { AWKWARD_TEXTS } from "../../support/awkward-texts.ts";
import { type FileServer, type FileServing, serveFile } from "../../support/file-server.ts";
import { type ModelServerStub, serveLikeVllm } from "../../support/model-server.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const MEBIBYTE = 2 ** 20;

/** What is fetched of a file at first. */
const FIRST = 4 * MEBIBYTE;

const TEMPLATE =
  "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

const folder = temporaryFolder();
const path = writeTinyModel(`${folder.path}/tiny.gguf`, { chatTemplate: TEMPLATE });
/** Behind the last tensor there may be anything. */
const file = Buffer.concat([readFileSync(path), Buffer.alloc(32 * MEBIBYTE)]);

let whole: LlamaEngine;
let served: ModelServerStub;
beforeAll(async () => {
  whole = await loadLlamaEngine({ model: path, gpu: false, threads: 1 });
  served = await serveLikeVllm(whole);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await whole[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

let home: ReturnType<typeof temporaryFolder>;
let server: FileServer;
beforeEach(() => {
  home = temporaryFolder();
  vi.stubEnv("HOME", home.path);
  vi.stubEnv("USERPROFILE", home.path);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  vi.unstubAllEnvs();
  home[Symbol.dispose]();
});

/** Connects by a vocabulary that is `content` on a server. */
async function connecting(content: Buffer, serving: FileServing = {}) {
  server = await serveFile("model.gguf", content, serving);
  return await connected(server.url);
}

async function connected(vocabulary: string) {
  return await connectEngine({ url: served.url, vocabulary, hub: new URL("/", server.url).href });
}

function kept(): string[] {
  return readdirSync(home.path, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("gguf"));
}

function expectSame({ tokenizer, facts, chatTemplate }: Awaited<ReturnType<typeof connecting>>): void {
  for (const [, text] of AWKWARD_TEXTS) {
    const tokens = whole.tokenizer.tokenize(text);
    expect(tokenizer.tokenize(text)).toEqual(tokens);
    expect(tokenizer.detokenize(tokens)).toBe(whole.tokenizer.detokenize(tokens));
    expect(tokenizer.render([{ role: "user", text }])).toEqual(whole.tokenizer.render([{ role: "user", text }]));
  }
  expect(chatTemplate).toBe(whole.chatTemplate);
  const { model, vocabularySize, hasChatTemplate, parameters, nextTurn } = whole.facts;
  expect(facts).toMatchObject({ model, vocabularySize, hasChatTemplate, parameters, nextTurn });
}

describe("Of a model on the network no more is fetched for its vocabulary than its header", () => {
  it("from a server that sends parts of a file", async () => {
    await using engine = await connecting(file);
    expectSame(engine);
    expect(server.sent()).toBe(FIRST);
  });

  it("from one that does not: it is hung up on", async () => {
    await using engine = await connecting(file, { hasRanges: false });
    expectSame(engine);
    expect(server.sent()).toBeLessThan(file.length / 2);
  });

  it("however long that is", async () => {
    const long = writeTinyModel(`${folder.path}/long.gguf`, {
      chatTemplate: TEMPLATE,
      metadata: { "general.description": "x".repeat(9 * MEBIBYTE) },
    });
    await using engine = await connecting(Buffer.concat([readFileSync(long), Buffer.alloc(32 * MEBIBYTE)]), { version: () => '"1"' });
    expectSame(engine);
    expect(server.sent()).toBe(4 * FIRST);
  });

  it("of the first part, where it comes in several", async () => {
    const metadata = { "split.no": uint32(0), "split.count": uint32(3), "split.tensors.count": uint32(99) };
    const part = writeTinyModel(`${folder.path}/part.gguf`, { chatTemplate: TEMPLATE, metadata });
    server = await serveFile("tiny-00001-of-00003.gguf", Buffer.concat([readFileSync(part), Buffer.alloc(32 * MEBIBYTE)]));
    await using engine = await connected(server.url);
    expectSame(engine);
    expect(server.sent()).toBe(FIRST);
  });

  it("by its name on a hub, too, and by the name of a file there", async () => {
    await using engine = await connecting(file);
    for (const name of ["hf:somebody/tiny:Q8_0", "hf:somebody/tiny", "hf:somebody/tiny/model.gguf"]) {
      const before = server.sent();
      await using named = await connected(name);
      expectSame(named);
      expect(server.sent() - before).toBe(FIRST);
    }
    expect(new Set((await cachedModels()).map(({ name }) => name)).size).toBe(4);
    expectSame(engine);
  });
});

describe("A vocabulary that was fetched", () => {
  it("is kept, and needs no network any more", async () => {
    await (await connecting(file))[Symbol.asyncDispose]();
    const { url } = server;
    await server[Symbol.asyncDispose]();
    await using engine = await connected(url);
    expectSame(engine);
    const [name = ""] = kept().filter((one) => one.endsWith(".vocabulary.gguf"));
    expect(statSync(join(home.path, name)).size).toBeLessThan(statSync(path).size);
    expect(await cachedModels()).toMatchObject([{ name: expect.stringMatching(/\.vocabulary\.gguf$/), about: { parameters: 0 } }]);
  });

  it("is no model, and is never taken for one", async () => {
    await (await connecting(file))[Symbol.asyncDispose]();
    const [{ path: cut } = { path: "" }] = await cachedModels();
    await expect(loadLlamaEngine({ model: cut, gpu: false })).rejects.toMatchObject({
      code: "model-unreadable",
      message: expect.stringMatching(/to hold tensors, got none$/),
    });
    await using engine = await loadLlamaEngine({ model: server.url, gpu: false, threads: 1 });
    expect(engine.facts.fileBytes).toBe(file.length);
  });

  it("is not fetched where the whole model is here", async () => {
    server = await serveFile("model.gguf", file);
    await (await loadLlamaEngine({ model: server.url, gpu: false, threads: 1 }))[Symbol.asyncDispose]();
    const before = server.sent();
    await using engine = await connected(server.url);
    expectSame(engine);
    expect(server.sent()).toBe(before);
  });
});

describe("Where a header cannot be had", () => {
  it("because the server wants to know who asks, the whole model is downloaded", async () => {
    let refused = 0;
    await using engine = await connecting(file, { refuses: () => (refused++ === 0 ? 401 : undefined) });
    expectSame(engine);
    expect(statSync(engine.facts.vocabulary).size).toBe(file.length);
  });

  it.each([
    ["a page comes in its place", Buffer.from("<html>Please log in.</html>"), {}, "model-unreadable", /which begins with "<htm"$/],
    ["the file ends in it", file.subarray(0, 5000), {}, "model-unreadable", /to have a whole GGUF header, got none in 5000 bytes$/],
    ["nothing is there", file, { refuses: () => 404 }, "download-failed", /to download `model`/],
  ])("because %s, one line says so and nothing is kept", async (_, content, serving, code, message) => {
    await expect(connecting(content, serving)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(kept()).toEqual([]);
  });

  it("because the file is exchanged while it is read, nothing is kept", async () => {
    const long = writeTinyModel(`${folder.path}/exchanged.gguf`, { metadata: { "general.description": "x".repeat(5 * MEBIBYTE) } });
    let asked = 0;
    const version = () => `"${asked++}"`;
    await expect(connecting(readFileSync(long), { version })).rejects.toMatchObject({
      code: "download-failed",
      message: expect.stringContaining("exchanged while it was read"),
    });
    expect(kept()).toEqual([]);
  });

  it("because nobody waits for it any more, connecting stops with the signal's reason", async () => {
    const [controller, reason] = [new AbortController(), new Error("enough")];
    server = await serveFile("model.gguf", file, {
      refuses: () => {
        controller.abort(reason);
        return undefined;
      },
    });
    await expect(connectEngine({ url: served.url, vocabulary: server.url, signal: controller.signal })).rejects.toBe(reason);
    expect(kept()).toEqual([]);
  });

  it("because nobody listens, one line says so", async () => {
    server = await serveFile("model.gguf", file);
    await server[Symbol.asyncDispose]();
    await expect(connected(server.url)).rejects.toMatchObject({
      code: "download-failed",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});
