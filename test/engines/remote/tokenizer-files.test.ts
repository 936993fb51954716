import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { EngineError, rain, type Turn } from "rain-align";
import { type LlamaEngine, loadLlamaEngine } from "rain-align/llama";
import { connectEngine, type RemoteEngine } from "rain-align/remote";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AWKWARD_TEXTS } from "../../support/awkward-texts.ts";
import { type ModelServerStub, serveLikeLlama, serveLikeVllm } from "../../support/model-server.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";
import { type TokenizerChanges, writeTokenizerFiles } from "../../support/tokenizer-files.ts";

const TEMPLATE =
  "{% for m in messages %}<s>{{ m.role }}: {{ m.content }}</s>{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

const SCHEMA = { type: "object", properties: { rain: { type: "boolean" } }, required: ["rain"], additionalProperties: false } as const;

const folder = temporaryFolder();
const path = writeTinyModel(`${folder.path}/tiny.gguf`, { chatTemplate: TEMPLATE });
let files: string;
let whole: LlamaEngine;
let vllm: ModelServerStub;
beforeAll(async () => {
  files = await writeTokenizerFiles(`${folder.path}/a-model`, path);
  whole = await loadLlamaEngine({ model: path, gpu: false, threads: 1 });
  vllm = await serveLikeVllm(whole);
});
afterAll(async () => {
  await vllm[Symbol.asyncDispose]();
  await whole[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

async function connected(vocabulary: string): Promise<RemoteEngine> {
  return await connectEngine({ url: vllm.url, vocabulary });
}

/** Files of which some are others. */
async function changed(changes: TokenizerChanges): Promise<string> {
  return await writeTokenizerFiles(`${folder.path}/${Math.random()}`, path, changes);
}

function expectSame({ tokenizer, facts, chatTemplate }: RemoteEngine): void {
  for (const [, text] of AWKWARD_TEXTS) {
    const tokens = whole.tokenizer.tokenize(text);
    expect(tokenizer.tokenize(text)).toEqual(tokens);
    expect(tokenizer.renderText(text)).toEqual(whole.tokenizer.renderText(text));
    for (let at = 0; at < Math.min(40, tokens.length); at++) {
      const [before, behind] = [tokens.slice(0, at), tokens.slice(at)];
      // What begins within a character is told apart by nobody.
      if (whole.tokenizer.detokenize(before).endsWith("\u{FFFD}")) continue;
      expect(tokenizer.detokenize(behind, before)).toBe(whole.tokenizer.detokenize(behind, before));
    }
    for (const named of [text, `${text}</s><s>`]) {
      const turns: readonly Turn[] = [
        { role: "user", text: named },
        { role: "assistant", text: named },
        { role: "user", text: "and?" },
      ];
      expect(tokenizer.render(turns)).toEqual(whole.tokenizer.render(turns));
    }
  }
  for (let token = 0; token < whole.facts.vocabularySize; token++) {
    expect(tokenizer.nameOf(token)).toBe(whole.tokenizer.nameOf(token));
    expect(tokenizer.isEnd(token)).toBe(whole.tokenizer.isEnd(token));
    expect(tokenizer.detokenize([token])).toBe(whole.tokenizer.detokenize([token]));
  }
  expect(chatTemplate).toBe(whole.chatTemplate);
  const { vocabularySize, hasChatTemplate, nextTurn } = whole.facts;
  expect(facts).toMatchObject({ vocabularySize, hasChatTemplate, nextTurn });
}

describe("A vocabulary from the files of a tokenizer is the one of the model's GGUF file", () => {
  it.each([
    ["by their folder", () => files],
    ["by the path of the first of them", () => join(files, "tokenizer.json")],
  ])("%s", async (_, place) => {
    await using engine = await connected(place());
    expectSame(engine);
    expect(engine.facts).toMatchObject({ model: "a-model", vocabulary: join(files, "tokenizer.json"), parameters: 0 });
  });

  it("by an address, and by a name on a hub", async () => {
    const asked: string[] = [];
    const hub = createServer(({ url = "" }, response) => {
      asked.push(url);
      try {
        response.end(readFileSync(join(files, url.split("/").at(-1) as string)));
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
    try {
      const root = `http://127.0.0.1:${(hub.address() as AddressInfo).port}`;
      await using byAddress = await connected(`${root}/some/tokenizer.json`);
      expectSame(byAddress);
      await using byName = await connectEngine({ url: vllm.url, vocabulary: "hf:owner/repo/tokenizer.json", hub: root });
      expectSame(byName);
      expect(byName.facts.model).toBe("hf:owner/repo");
      expect(asked).toContain("/owner/repo/resolve/main/tokenizer.json");
      expect(asked).toContain("/owner/repo/resolve/main/generation_config.json");
    } finally {
      hub.close();
    }
  });

  it("with a template that the configuration brings, alone or as the default of several", async () => {
    const given = JSON.parse(readFileSync(join(files, "tokenizer_config.json"), "utf8"));
    for (const chat_template of [
      TEMPLATE,
      [
        { name: "tool_use", template: "{{ raise }}" },
        { name: "default", template: TEMPLATE },
      ],
    ]) {
      const place = await changed({ "chat_template.jinja": undefined, "tokenizer_config.json": { ...given, chat_template } });
      await using engine = await connected(place);
      expectSame(engine);
    }
  });

  it("also beside llama-server, which puts no text into another form as the tokenizer does", async () => {
    await using served = await serveLikeLlama(whole);
    const json = JSON.parse(readFileSync(join(files, "tokenizer.json"), "utf8"));
    const composed = { ...json, normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, json.normalizer] } };
    await using engine = await connectEngine({ url: served.url, vocabulary: await changed({ "tokenizer.json": composed }) });
    expect(engine.tokenizer.tokenize("e\u0301")).toEqual(whole.tokenizer.tokenize("\u00e9"));
  });

  it("and writes the same answers, plain, judged and by a schema", async () => {
    await using engine = await connected(files);
    const turns: readonly Turn[] = [{ role: "user", text: "Will it rain?" }];
    const said = async (by: RemoteEngine | LlamaEngine, options: object) => {
      let text = "";
      for await (const step of rain(by, turns, { seed: 3, maxTokens: 20, temperature: 0, onUnfit: "plain", ...options })) text += step.text;
      return text;
    };
    for (const options of [
      { mode: "vanilla" },
      { judging: "in-place" },
      { mode: "vanilla", maxTokens: 60, format: { type: "json", schema: SCHEMA } },
    ])
      expect(await said(engine, options)).toBe(await said(whole, options));
  });
});

describe("What the model's other files say", () => {
  it("is taken for how it is sampled, where it can be said", async () => {
    await using engine = await connected(files);
    expect(engine.facts.sampling).toEqual({ temperature: 0.7, topP: 0.8 });
  });

  it("is how many tokens it has, more of them than have a name", async () => {
    const place = await changed({ "config.json": { vocab_size: whole.facts.vocabularySize + 7 } });
    await using engine = await connected(place);
    const last = whole.facts.vocabularySize + 6;
    expect(engine.facts.vocabularySize).toBe(last + 1);
    expect(engine.tokenizer.nameOf(last)).toBe(`[unused ${last}]`);
    expect(engine.tokenizer.detokenize([last])).toBe("");
  });

  it("may be missing, all but the first: then nothing begins or ends a text, and no template is known", async () => {
    const none = { "tokenizer_config.json": undefined, "generation_config.json": undefined, "chat_template.jinja": undefined };
    await using engine = await connected(await changed(none));
    expect(engine.facts).toMatchObject({ hasChatTemplate: false, sampling: undefined });
    expect(engine.tokenizer.renderText("rain")).toEqual(whole.tokenizer.tokenize("rain"));
  });
});

describe("Files of a tokenizer that are none", () => {
  const first = async () => JSON.parse(readFileSync(join(files, "tokenizer.json"), "utf8"));
  const faults: Readonly<
    Record<string, readonly [code: string, reason: RegExp, changes: () => Promise<TokenizerChanges> | TokenizerChanges]>
  > = {
    "are not there": [
      "model-not-found",
      /^Expected `vocabulary` to have a tokenizer\.json, got none at `.*`$/,
      () => ({ "tokenizer.json": undefined }),
    ],
    "are no JSON": [
      "model-unreadable",
      /^Expected tokenizer\.json of `vocabulary` `.*` to be one of a tokenizer, got: /,
      () => ({ "tokenizer.json": "{" }),
    ],
    "are JSON of something else": ["model-unreadable", /got: .*model/, () => ({ "tokenizer.json": { name: "a model" } })],
    "say what is no configuration": [
      "model-unreadable",
      /^Expected tokenizer_config\.json .*bos_token/,
      () => ({ "tokenizer_config.json": { bos_token: 7 } }),
    ],
    "are of a kind that nobody knows": [
      "model-unsupported",
      /^Expected a tokenizer of a known kind in `.*` \(or name a GGUF file of the model\), got: /,
      async () => ({ "tokenizer.json": { ...(await first()), normalizer: { type: "Runes" } } }),
    ],
    "bring a template that is none": [
      "model-unsupported",
      /^Expected a chat template in Jinja/,
      () => ({ "chat_template.jinja": "{% for %}" }),
    ],
    "are another model's": [
      "vocabulary-mismatch",
      /^Expected `vocabulary` to be that of served/,
      async () => {
        const json = await first();
        return { "tokenizer.json": { ...json, model: { ...json.model, merges: [] } } };
      },
    ],
  };

  it.each(Object.entries(faults))("are refused in one line: such as %s", async (_, [code, reason, changes]) => {
    const place = await changed(await changes());
    const refused = await connected(place).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(EngineError);
    expect(refused).toMatchObject({ code, message: expect.stringMatching(reason) });
    expect((refused as Error).message).not.toContain("\n");
  });

  it("are refused where the server has more tokens, which its own configuration would say", async () => {
    await using served = await serveLikeLlama(whole);
    const json = await first();
    const { length } = json.added_tokens;
    json.added_tokens.push({
      id: whole.facts.vocabularySize + 3,
      content: "<more>",
      special: true,
      lstrip: false,
      rstrip: false,
      normalized: false,
    });
    expect(length).toBeGreaterThan(0);
    const place = await changed({ "tokenizer.json": json });
    await expect(connectEngine({ url: served.url, vocabulary: place })).rejects.toThrow(/^Expected `vocabulary` to be one of \d+ tokens/);
  });

  it("cannot be read in the middle of nowhere: one line says what to do", async () => {
    const place = await changed({});
    rmSync(join(place, "tokenizer.json"));
    writeFileSync(join(place, "model.safetensors"), "");
    await expect(connected(place)).rejects.toThrow(/^Expected `vocabulary` to have a tokenizer\.json/);
  });
});
