import type { Token, Turn } from "../../src/core/index.ts";
import { type LlamaEngine, loadLlamaEngine } from "../../src/llama.ts";
import { temporaryFolder, writeTinyModel } from "./tiny-model.ts";

/** Tokens that the tiny model's vocabulary keeps for what no text may say. */
const SPECIAL: readonly Token[] = [1, 2];

/** Engines on tiny models, by the chat template in the model's file: each is loaded once, and all are freed together. */
export class TemplatedModels implements AsyncDisposable {
  readonly #folder = temporaryFolder();
  readonly #engines = new Map<string, Promise<LlamaEngine>>();

  async engineWith(chatTemplate: string): Promise<LlamaEngine> {
    let engine = this.#engines.get(chatTemplate);
    if (engine === undefined) {
      const model = writeTinyModel(`${this.#folder.path}/${this.#engines.size}.gguf`, { chatTemplate });
      engine = loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 1 });
      this.#engines.set(chatTemplate, engine);
    }
    return await engine;
  }

  /** What the model reads of a conversation: `<s>` and `</s>` for special tokens, and the same letters where a text says them. */
  async rendered(chatTemplate: string, turns: readonly Turn[]): Promise<string> {
    const { tokenizer } = await this.engineWith(chatTemplate);
    return Buffer.concat(tokenizer.render(turns).map((token) => bytesOf(tokenizer.nameOf(token)))).toString();
  }

  /** How many of the tokens that the model reads are special ones. */
  async specials(chatTemplate: string, turns: readonly Turn[]): Promise<number> {
    const { tokenizer } = await this.engineWith(chatTemplate);
    return tokenizer.render(turns).filter((token) => SPECIAL.includes(token)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const engine of this.#engines.values()) await (await engine)[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** What a token of the tiny model stands for, by its name. */
function bytesOf(name: string): Buffer {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(name)?.[1];
  return byte === undefined ? Buffer.from(name.replaceAll("\u2581", " ")) : Buffer.from(byte, "hex");
}
