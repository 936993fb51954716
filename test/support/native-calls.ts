import { Llama, type LlamaContext, type LlamaContextOptions, LlamaModel } from "node-llama-cpp";
import { vi } from "vitest";

/** What is to happen before a context is made. `attempt` counts from 0; what is given back is put over what was asked for. */
type BeforeContext = (model: LlamaModel, attempt: number) => Promise<LlamaContextOptions | undefined>;

/** What an engine makes in node-llama-cpp, as long as this is in use. */
export class NativeCalls implements Disposable {
  readonly llamas: Llama[] = [];
  readonly contexts: LlamaContext[] = [];
  /** Contexts that were asked for. */
  attempts = 0;
  readonly #spies: readonly Disposable[];

  constructor(beforeContext?: BeforeContext) {
    const { loadModel } = Llama.prototype;
    const { createContext } = LlamaModel.prototype;
    const calls = this;
    this.#spies = [
      vi.spyOn(Llama.prototype, "loadModel").mockImplementation(function (this: Llama, options) {
        calls.llamas.push(this);
        return loadModel.call(this, options);
      }),
      vi.spyOn(LlamaModel.prototype, "createContext").mockImplementation(async function (this: LlamaModel, options) {
        const context = await createContext.call(this, { ...options, ...(await beforeContext?.(this, calls.attempts++)) });
        calls.contexts.push(context);
        return context;
      }),
    ];
  }

  [Symbol.dispose](): void {
    for (const spy of this.#spies) spy[Symbol.dispose]();
  }
}
