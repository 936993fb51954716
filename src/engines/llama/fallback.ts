/** What to do when the GPU's memory does not suffice for the model, or for even the smallest context: fewer of its layers go there. */
import { isShortage, rootReasonOf } from "./failure.ts";
import type { GpuLayers, LlamaEngineOptions } from "./options.ts";

export interface Loaded {
  /** Layers that the GPU computes. */
  readonly gpuLayers: number;
  /** Frees the model and all that was made of it. */
  dispose(): Promise<void>;
}

/** What to load with: so many layers on the GPU, or no GPU at all, which even without layers would need memory to help. */
export type LayerRequest = GpuLayers | false;

/** How a model and its context are made. Both reject when memory is short, and then leave nothing of their own behind. */
export interface Making<Model extends Loaded, Context> {
  readonly load: (wish: LayerRequest) => Promise<Model>;
  readonly createContext: (model: Model) => Promise<Context>;
  /** The most layers that may go to the GPU: what `"max"` is, and `"auto"` where nothing was loaded. 0 without a GPU. */
  readonly mostLayers: number;
}

export interface Made<Model, Context> {
  readonly model: Model;
  readonly context: Context;
}

/** Too little memory with so many layers on the GPU. */
interface Shortage {
  readonly layers: number;
  readonly cause: unknown;
}

/**
 * Loads the model and makes a context. Where memory is short it begins again with half of the layers on the GPU, at last without
 * the GPU, and says so each time. What was loaded before is freed before anything is loaded again.
 */
export async function loadToFit<Model extends Loaded, Context>(
  making: Making<Model, Context>,
  { gpuLayers = "auto", signal, onNotice }: LlamaEngineOptions,
): Promise<Made<Model, Context>> {
  let wish: LayerRequest = making.mostLayers === 0 ? false : gpuLayers;
  for (;;) {
    signal?.throwIfAborted();
    const outcome: Made<Model, Context> | Shortage = await attempt(making, wish);
    if ("model" in outcome) return outcome;
    signal?.throwIfAborted();
    const { layers, cause } = outcome;
    if (wish === false) throw cause;
    wish = layers > 1 ? Math.floor(layers / 2) : false;
    onNotice?.(`Not enough memory with ${inWords(layers)} on the GPU (${rootReasonOf(cause)}): loading the model again ${how(wish)}.`);
  }
}

async function attempt<Model extends Loaded, Context>(
  { load, createContext, mostLayers }: Making<Model, Context>,
  wish: LayerRequest,
): Promise<Made<Model, Context> | Shortage> {
  let model: Model | undefined;
  try {
    model = await load(wish);
    return { model, context: await createContext(model) };
  } catch (cause) {
    await model?.dispose();
    if (!(await isShortage(cause))) throw cause;
    return { layers: model?.gpuLayers ?? (typeof wish === "number" ? Math.min(wish, mostLayers) : mostLayers), cause };
  }
}

function how(wish: number | false): string {
  return wish === false ? "without the GPU" : `with ${inWords(wish)} there`;
}

function inWords(layers: number): string {
  if (layers === 0) return "no layers";
  return layers === 1 ? "1 layer" : `${layers} layers`;
}
