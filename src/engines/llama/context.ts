import type { LlamaContext, LlamaContextOptions, LlamaModel } from "node-llama-cpp";
import { EngineError } from "../../core/errors.ts";
import { budgets, cacheTypeOf, type Memory, type Needed, neededBytes, QUANTISED_BLOCK } from "./cache-memory.ts";
import { failure, isShortage } from "./failure.ts";
import type { LlamaEngineOptions } from "./options.ts";

/** How much a context holds: so many sequences of so many tokens each. */
interface ContextShape {
  readonly sequences: number;
  readonly contextSize: number;
}

/** What is chosen where nothing was asked for, as far as the model was trained on it. */
export const DEFAULT_SHAPE = {
  mostSequences: 16,
  fewestSequences: 2,
  /** A context is longer than `usualContext` only where memory holds so many sequences of it. */
  usualSequences: 8,
  usualContext: 8192,
  /** A context is shorter only where memory does not hold `fewestSequences` of it. */
  shortestContext: 4096,
} as const;

/** A context smaller than this is of no use to a search. */
const SMALLEST_CONTEXT = 256;

/** ... and smaller than this, too little for most conversations: rather have the GPU compute fewer layers. */
const SMALLEST_BESIDE_LAYERS = 1024;

/** Where it was asked for, the cache may take this share of what is free: the model computes somewhere, too. */
const MOST_OF_MEMORY = 0.75;

/** The library makes contexts of multiples of so many tokens. */
const CELLS = 256;

/** Makes the context; where memory does not suffice, one with fewer sequences, then a shorter one, and says so. */
export async function createContext(model: LlamaModel, memory: Memory, options: LlamaEngineOptions): Promise<LlamaContext> {
  checkCache(model);
  const wished = chooseShape(model, memory, options);
  let reason: unknown;
  for (const shape of smallerAndSmaller(wished, model.gpuLayers === 0 ? SMALLEST_CONTEXT : SMALLEST_BESIDE_LAYERS)) {
    options.signal?.throwIfAborted();
    // Memory that the system promises and then does not have would end the process: the library's own check counts swap as free.
    const lack = lackFor(shape, model, memory);
    if (lack !== undefined) {
      reason = new Error(lack);
      continue;
    }
    try {
      const context = await createOrLetGo(model, contextOptions(shape, options));
      if (shape !== wished) options.onNotice?.(`Not enough memory for ${describe(wished)}: going on with ${describe(shape)}.`);
      return context;
    } catch (cause) {
      options.signal?.throwIfAborted();
      if (!(await isShortage(cause))) throw failure("model-unsupported", `llama.cpp to make a context of ${describe(shape)}`, cause);
      reason = cause;
    }
  }
  throw failure("out-of-memory", `memory for ${describe(wished)}`, reason);
}

/** llama.cpp refuses these without a reason, which would look like a lack of memory. */
function checkCache(model: LlamaModel): void {
  if (cacheTypeOf(model.defaultContextKvCacheKeyType) !== "Q8_0") return;
  const expected = "Expected `model` to suit `cacheType` `Q8_0`, got one";
  if (!model.flashAttentionSupported) throw new EngineError("model-unsupported", `${expected} without flash attention`);
  const { embedding_length: width = 0, attention } = model.fileInfo.architectureMetadata;
  // Some models say it layer by layer.
  const length = width / Math.max(1, ...[attention?.head_count ?? 1].flat());
  const unfit = [attention?.key_length ?? length, attention?.value_length ?? length].find((numbers) => numbers % QUANTISED_BLOCK !== 0);
  if (unfit === undefined) return;
  throw new EngineError("model-unsupported", `${expected} with heads of ${unfit} numbers (not a multiple of ${QUANTISED_BLOCK})`);
}

/** The shape that was asked for, within what the model can do, and what fits the memory where nothing was. */
function chooseShape(model: LlamaModel, memory: Memory, options: LlamaEngineOptions): ContextShape {
  const contextSize = Math.min(options.contextSize ?? affordableContext(model, memory, options.sequences), model.trainContextSize);
  if (options.contextSize !== undefined && options.contextSize > contextSize) {
    options.onNotice?.(`The model was trained on ${contextSize} tokens: going on with that instead of ${options.contextSize}.`);
  }
  return { contextSize, sequences: options.sequences ?? affordableSequences(model, contextSize, memory) };
}

/**
 * How long a context is where nothing was asked for. Up to what most conversations need, it is paid with sequences: an answer is searched for in more waves
 * then, and stays the same.
 */
export function affordableContext(model: LlamaModel, memory: Memory, sequences?: number): number {
  const { usualSequences, fewestSequences, usualContext, shortestContext } = DEFAULT_SHAPE;
  const wide = affordableTokens(model, sequences ?? usualSequences, memory);
  const narrow = affordableTokens(model, sequences ?? fewestSequences, memory);
  return Math.min(model.trainContextSize, Math.max(shortestContext, wide, Math.min(usualContext, narrow)));
}

/** How long so many sequences may be, in whole cells of the cache: it grows evenly with each token. */
function affordableTokens(model: LlamaModel, sequences: number, memory: Memory): number {
  const { cpu, gpu } = budgets(memory);
  const [once, twice] = [1024, 2048].map((contextSize) => neededBytes(model, contextSize)) as [Needed, Needed];
  const places = [
    { once: once.cpuRam, twice: twice.cpuRam, free: cpu },
    { once: once.gpuVram, twice: twice.gpuVram, free: gpu },
  ];
  const tokens = places.map(({ once, twice, free }) =>
    twice > once ? 1024 * ((free / sequences - once) / (twice - once) + 1) : Number.POSITIVE_INFINITY,
  );
  return Math.floor(Math.min(...tokens) / CELLS) * CELLS;
}

/** How many sequences are made where nothing was asked for. */
export function affordableSequences(model: LlamaModel, contextSize: number, memory: Memory): number {
  const { cpu, gpu } = budgets(memory);
  const { cpuRam, gpuVram } = neededBytes(model, contextSize);
  const onCpu = cpuRam > 0 ? cpu / cpuRam : Number.POSITIVE_INFINITY;
  const onGpu = gpuVram > 0 ? gpu / gpuVram : Number.POSITIVE_INFINITY;
  const { fewestSequences, mostSequences } = DEFAULT_SHAPE;
  return Math.max(fewestSequences, Math.floor(Math.min(mostSequences, onCpu, onGpu)));
}

/** What is missing for a cache of this shape; `undefined` where nothing is. */
function lackFor({ sequences, contextSize }: ContextShape, model: LlamaModel, { gpu, cpu }: Memory): string | undefined {
  const { cpuRam, gpuVram } = neededBytes(model, contextSize);
  const places = [
    { place: "on the GPU", free: gpu, needed: gpuVram * sequences },
    { place: "in main memory", free: cpu, needed: cpuRam * sequences },
  ];
  const short = places.find(({ free, needed }) => needed > free * MOST_OF_MEMORY);
  return short && `${Math.round(short.free / 2 ** 20)} MiB free ${short.place}, ${Math.ceil(short.needed / 2 ** 20)} MiB needed`;
}

function* smallerAndSmaller(wished: ContextShape, smallestContext: number): Generator<ContextShape, void, void> {
  let { sequences, contextSize } = wished;
  yield wished;
  while (sequences > 1) {
    sequences = Math.floor(sequences / 2);
    yield { sequences, contextSize };
  }
  while (contextSize / 2 >= smallestContext) {
    contextSize = Math.floor(contextSize / 2);
    yield { sequences, contextSize };
  }
}

/** What concerns the cache was said when the model was loaded. */
function contextOptions({ sequences, contextSize }: ContextShape, { threads, signal }: LlamaEngineOptions) {
  return {
    sequences,
    contextSize,
    failedCreationRemedy: false,
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { createSignal: signal }),
    batching: { itemPrioritizationStrategy: shortFirst },
  } as const;
}

/** A request for few tokens is served in every batch; another one's long prompt takes the rest of it. */
function shortFirst<Item extends { readonly tokens: readonly unknown[] }>({ items, size }: { items: readonly Item[]; size: number }) {
  let room = size;
  return [...items]
    .sort((left, right) => left.tokens.length - right.tokens.length)
    .flatMap((item) => {
      const processAmount = Math.min(item.tokens.length, room);
      room -= processAmount;
      return processAmount === 0 ? [] : [{ item, processAmount }];
    });
}

function describe({ sequences, contextSize }: ContextShape): string {
  return `${sequences} ${sequences === 1 ? "sequence" : "sequences"} of ${contextSize} tokens`;
}

interface Handle {
  /** Has no effect the second time. */
  dispose(): void;
}

/** The library's: it hands out a handle to each user of the model, and disposal waits until all are given back. */
interface DisposeGuard {
  createPreventDisposalHandle?: (...parameters: unknown[]) => Handle;
}

/**
 * Makes a context, and leaves nothing behind where that fails. When llama.cpp cannot make a context, node-llama-cpp 3.22 forgets
 * to say that it uses the model no longer: as soon as the failed one is garbage-collected, disposing the model waits for ever. What
 * keeps a model from being disposed is not in the library's types: nothing but this knows it. If a later version does it in
 * another way, nothing is done here.
 */
async function createOrLetGo(model: LlamaModel, options: LlamaContextOptions): Promise<LlamaContext> {
  const guard = Reflect.get(model, "_backendModelDisposeGuard") as DisposeGuard | undefined;
  const create = guard?.createPreventDisposalHandle;
  if (guard === undefined || create === undefined) return await model.createContext(options);
  const handles: Handle[] = [];
  guard.createPreventDisposalHandle = (...parameters) => {
    const handle = create.apply(guard, parameters);
    handles.push(handle);
    return handle;
  };
  try {
    return await model.createContext(options);
  } catch (cause) {
    for (const handle of handles) handle.dispose();
    throw cause;
  } finally {
    guard.createPreventDisposalHandle = create;
  }
}
