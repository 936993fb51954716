import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EngineInference } from "../../../src/bots/guard/engine-inference.ts";
import type { Inference } from "../../../src/bots/guard/inference.ts";
import { InferenceClient } from "../../../src/bots/guard/inference-client.ts";
import { InferenceServer } from "../../../src/bots/guard/inference-server.ts";
import { EngineError, type Tokenizer } from "../../../src/core/index.ts";
import { describeInference, REQUEST } from "../../contracts/inference-contract.ts";
import { faultyEngine } from "../../support/faulty-engine.ts";
import { ASK, ROBBERY, worldEngine } from "../../support/scripted-world.ts";

const OPTIONS = { now: () => performance.now(), maxWaiting: 9, maxOfGuild: 9, answerTimeoutMs: 60_000, judgeTimeoutMs: 60_000 };

function socketPath(): string {
  return process.platform === "win32" ? `\\\\.\\pipe\\rain-${randomUUID()}` : join(tmpdir(), `rain-${randomUUID()}.sock`);
}

describeInference("The model in this process", EngineInference.start);

describeInference("The model in another process", async (load, options) => {
  const path = socketPath();
  const inference = await EngineInference.start(load, options);
  const server = await InferenceServer.listen(inference, path);
  const client = await InferenceClient.connect(path);
  return new Proxy<Inference>(client, {
    get: (target, name) => {
      if (name !== Symbol.asyncDispose) return Reflect.get(target, name, target)?.bind?.(target) ?? Reflect.get(target, name, target);
      return async () => {
        await server[Symbol.asyncDispose]();
        await inference[Symbol.asyncDispose]();
      };
    },
  });
});

describe("The model in this process, where it has no chat template,", () => {
  it.each([
    ["auto", true],
    ["urial", true],
    ["chat", false],
  ] as const)("is shown examples first as `prompting` has it: %s", async (prompting, isShown) => {
    const read: string[] = [];
    const world = worldEngine({ ...ROBBERY, contextSize: 20_000 });
    const renderText: Tokenizer["renderText"] = (text) => {
      read.push(text);
      return tokenizer.renderText(text);
    };
    const { tokenizer } = world;
    const engine = Object.assign(world, { facts: { ...world.facts, isBaseModel: true }, tokenizer: { ...tokenizer, renderText } });
    await using inference = await EngineInference.start(async () => engine, { ...OPTIONS, prompting });
    await inference.answer(REQUEST);
    expect(read.some((text) => text.startsWith("# Instruction"))).toBe(isShown);
  });
});

describe("The socket to a model in another process", () => {
  it("is away where nobody listens", async () => {
    await expect(InferenceClient.connect(socketPath())).rejects.toMatchObject({ code: "away" });
  });

  it("is away when the process that holds the model dies while it writes, and works again when it is back", async () => {
    const path = socketPath();
    let onCall: () => void = () => undefined;
    const inference = await EngineInference.start(
      async () => faultyEngine(worldEngine(ROBBERY), { before: () => onCall() }).engine,
      OPTIONS,
    );
    const server = await InferenceServer.listen(inference, path);
    const client = await InferenceClient.connect(path);
    onCall = () => {
      onCall = () => undefined;
      void server[Symbol.asyncDispose]();
    };
    await expect(client.answer(REQUEST)).rejects.toMatchObject({ code: "away" });
    await expect(client.judge({ turns: ASK, principles: [REQUEST.principle] })).rejects.toMatchObject({ code: "away" });
    await using again = await InferenceServer.listen(inference, path);
    expect((await client.answer(REQUEST)).text).not.toBe("");
    expect(again).toBeDefined();
  });

  it("stops the work of a client that hangs up", async () => {
    const path = socketPath();
    const gone = new AbortController();
    let calls = 0;
    const load = async () =>
      faultyEngine(worldEngine(ROBBERY), {
        before: () => {
          if (++calls === 3) gone.abort();
          return new Promise((resolve) => setImmediate(resolve));
        },
      }).engine;
    const inference = await EngineInference.start(load, { ...OPTIONS, concurrency: 1 });
    await using server = await InferenceServer.listen(inference, path);
    const client = await InferenceClient.connect(path);
    await expect(client.answer(REQUEST, { signal: gone.signal })).rejects.toThrow();
    expect((await client.answer({ ...REQUEST, seed: 4 })).text).not.toBe("");
    expect(await inference.load()).toEqual({ running: 0, waiting: 0 });
    expect(server).toBeDefined();
  });
});

describe("A model that broke and cannot be loaded again", () => {
  it("fails each who asks, and is there when it can", async () => {
    let mode: "works" | "breaks" | "is away" = "works";
    const load = async () => {
      if (mode === "is away") throw new EngineError("model-not-found", "the disk is gone");
      return faultyEngine(worldEngine(ROBBERY), {
        before: () => {
          if (mode === "breaks") throw new EngineError("decode-failed", "it broke");
        },
      }).engine;
    };
    await using inference = await EngineInference.start(load, OPTIONS);
    mode = "breaks";
    await expect(inference.answer(REQUEST)).rejects.toMatchObject({ code: "model", message: "it broke" });
    mode = "is away";
    await expect(inference.answer(REQUEST)).rejects.toMatchObject({ code: "model", message: "the disk is gone" });
    await expect(inference.judge({ turns: ASK, principles: [REQUEST.principle] })).rejects.toMatchObject({ code: "model" });
    mode = "works";
    expect((await inference.answer(REQUEST)).text).not.toBe("");
  });
});
