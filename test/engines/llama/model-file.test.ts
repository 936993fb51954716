import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { EngineError } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { uint32 } from "../../../training/gguf-writer.ts";
import { NativeCalls } from "../../support/native-calls.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());
const whole = writeTinyModel(`${folder.path}/whole.gguf`);

describe("loading refuses in one line", () => {
  it("a file that does not exist", async () => {
    await expectRefusal(`${folder.path}/nowhere.gguf`, "model-not-found", /nowhere\.gguf/);
  });

  it("a folder, and a device", async () => {
    await expectRefusal(folder.path, "model-unreadable", /which is a folder$/);
    await expectRefusal(devNull, "model-unreadable", /which is neither a file nor a folder$/);
  });

  it("an empty file", async () => {
    await expectRefusal(written("empty.gguf", ""), "model-unreadable", /begins with ""/);
  });

  it("a file of another kind", async () => {
    await expectRefusal(written("page.gguf", "<html></html>"), "model-unreadable", /begins with "<htm"/);
  });

  it.each([10, 100, 5_000])("a file that ends in its header, at byte %i", async (length) => {
    await expectRefusal(cut(`header-${length}.gguf`, length), "model-unreadable", /header/);
  });

  it("a file that ends in its last tensor, and says how long it should be", async () => {
    const size = readFileSync(whole).byteLength;
    await expectRefusal(cut("short.gguf", size - 64), "model-unreadable", new RegExp(`at least ${size} bytes long, got ${size - 64}`));
  });

  it("a version of GGUF to come", async () => {
    await expectRefusal(
      written("new.gguf", readFileSync(whole).fill(9, 4, 5)),
      "model-unsupported",
      /of GGUF version 2 or 3, got .* of version 9$/,
    );
  });

  it("half of a name, and half of an address", async () => {
    await expectRefusal("hf:nobody", "model-not-found", /to be a name such as hf:owner\/repository:quantization, got `hf:nobody`$/);
    await expectRefusal("https://", "model-not-found", /to be an address such as .*, got `https:\/\/`$/);
  });

  it("an architecture that llama.cpp does not know, by its name", async () => {
    const path = writeTinyModel(`${folder.path}/strange.gguf`, { metadata: { "general.architecture": "strange" } });
    await expectRefusal(path, "model-unsupported", /strange/);
  });

  it("a model that lacks a tensor, of which nothing stays behind", async () => {
    const damaged = Buffer.from(readFileSync(whole).toString("latin1").replace("blk.1.ffn_down.weight", "blk.1.ffn_gown.weight"), "latin1");
    using native = new NativeCalls();
    await expectRefusal(written("lacking.gguf", damaged), "model-unreadable", /lacking\.gguf/);
    expect(native.llamas.map(({ disposed }) => disposed)).toEqual([true]);
  });

  it("a chat template that is no Jinja", async () => {
    const path = writeTinyModel(`${folder.path}/template.gguf`, { chatTemplate: "{% for %}" });
    await expectRefusal(path, "model-unsupported", /Jinja/);
  });

  it("a chat template that is a number, and a count of parts of another type, at which llama.cpp would end the process", async () => {
    const typed = (name: string, key: string) => writeTinyModel(`${folder.path}/${name}.gguf`, { metadata: { [key]: uint32(2) } });
    await expectRefusal(
      typed("numbered", "tokenizer.chat_template"),
      "model-unreadable",
      /a chat template .* that is a text, got a number/,
    );
    await expectRefusal(typed("parted", "split.count"), "model-unreadable", /whole GGUF header, got: split\.count of type 4 and not 2/);
  });

  it("an address that cannot be reached", async () => {
    await expectRefusal("http://127.0.0.1:9/model.gguf", "download-failed", /path of a file/);
  });

  it("a kind of GPU that this machine has not", async () => {
    const absent = process.platform === "darwin" ? "cuda" : "metal";
    await expect(loadLlamaEngine({ model: whole, gpu: absent })).rejects.toMatchObject({ code: "binding-missing" });
  });
});

it("loading stops with the signal's reason", async () => {
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  await expect(loadLlamaEngine({ model: whole, gpu: false, signal })).rejects.toBe(reason);
});

async function expectRefusal(model: string, code: string, message: RegExp): Promise<void> {
  const refusal: unknown = await loadLlamaEngine({ model, gpu: false }).then(
    () => undefined,
    (cause: unknown) => cause,
  );
  expect(refusal).toBeInstanceOf(EngineError);
  expect(refusal).toMatchObject({ code, message: expect.stringMatching(message) });
  expect((refusal as EngineError).message).toMatch(/^Expected [^\n]*, got[^\n]*$/);
}

function written(name: string, content: string | Buffer): string {
  const path = `${folder.path}/${name}`;
  writeFileSync(path, content);
  return path;
}

function cut(name: string, length: number): string {
  const path = written(name, readFileSync(whole));
  truncateSync(path, length);
  return path;
}
