import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { rain } from "../../src/rain.ts";
import { connectEngine } from "../../src/remote.ts";
import { llamaServerProgram, type RunningServer, startLlamaServer } from "../support/llama-server.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";
import { describeEngine } from "./engine-contract.ts";

const CHAT_TEMPLATE =
  "{{ bos_token }}{% for message in messages %}{{ message.role + ': ' + message.content + eos_token }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}";

const EMBEDDED = fileURLToPath(new URL("../../models/rain-tiny.gguf", import.meta.url));

/** What a server computes of one prefix differs by what else is in the batch: seen up to 0.0025. */
const SPEC = { batches: false, tolerance: 0.01 };

const program = llamaServerProgram();

describe.skipIf(!program.isThere)(`On a real llama-server${program.reason}`, () => {
  const folder = temporaryFolder();
  const servers: RunningServer[] = [];
  const connected = async (model: string, { slots = 4, ahead }: { readonly slots?: number; readonly ahead?: number } = {}) => {
    const server = await startLlamaServer(model, { slots });
    servers.push(server);
    return await connectEngine({ url: server.url, ahead });
  };
  afterAll(async () => {
    for (const server of servers) await server.kill();
    folder[Symbol.dispose]();
  });

  const plain = writeTinyModel(`${folder.path}/plain.gguf`);
  const chat = writeTinyModel(`${folder.path}/chat.gguf`, { chatTemplate: CHAT_TEMPLATE });

  describeEngine("a tiny model", () => connected(plain), SPEC);
  describeEngine("a tiny model with a chat template", () => connected(chat), SPEC);
  describeEngine("a tiny model in one slot", () => connected(plain, { slots: 1 }), { ...SPEC, countsCache: false });
  describeEngine("the embedded model", () => connected(EMBEDDED), SPEC);
  describeEngine("a tiny model, read ahead", () => connected(chat, { ahead: 5 }), { ...SPEC, countsCache: false });
  describeEngine("the embedded model, read ahead", () => connected(EMBEDDED, { ahead: 5 }), { ...SPEC, countsCache: false });

  it("an answer fails by name when the server is killed while it is written, and shows no more of itself", async () => {
    const server = await startLlamaServer(EMBEDDED);
    await using engine = await connectEngine({ url: server.url });
    const released: string[] = [];
    const writing = async () => {
      for await (const step of rain(engine, [{ role: "user", text: "How do I paint the house?" }], { maxTokens: 64, seed: 1 })) {
        released.push(step.text);
        await server.kill();
      }
    };
    await expect(writing()).rejects.toMatchObject({ name: "EngineError", code: "server-unreachable" });
    expect(released).toHaveLength(1);
  });

  it("a server that wants a key is answered by who has it, and by nobody else", async () => {
    await using server = await startLlamaServer(plain, { key: "sesame" });
    await expect(connectEngine({ url: server.url })).rejects.toMatchObject({ code: "server-refused" });
    await using engine = await connectEngine({ url: server.url, key: "sesame" });
    expect(engine.facts.server).toBe("llama-server");
  });
});
