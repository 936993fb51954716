/**
 * Makes a context, and leaves nothing behind where that fails. When llama.cpp cannot make a context, node-llama-cpp 3.22 forgets
 * to say that it uses the model no longer: as soon as the failed one is garbage-collected, disposing the model waits for ever. What
 * keeps a model from being disposed is not in the library's types: this file is the only one that knows it. If a later version
 * does it in another way, nothing is done here.
 */
import type { LlamaContext, LlamaContextOptions, LlamaModel } from "node-llama-cpp";

interface Handle {
  /** Has no effect the second time. */
  dispose(): void;
}

/** Hands out a handle to each who uses the model; disposal waits until all are given back. */
interface Guard {
  createPreventDisposalHandle(...parameters: unknown[]): Handle;
}

export async function createOrLetGo(model: LlamaModel, options: LlamaContextOptions): Promise<LlamaContext> {
  const guard = guardOf(model);
  if (guard === undefined) return await model.createContext(options);
  const handles: Handle[] = [];
  const create = guard.createPreventDisposalHandle;
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

function guardOf(model: LlamaModel): Guard | undefined {
  const guard: unknown = Reflect.get(model, "_backendModelDisposeGuard");
  return isGuard(guard) ? guard : undefined;
}

function isGuard(guard: unknown): guard is Guard {
  if (typeof guard !== "object" || guard === null) return false;
  return "createPreventDisposalHandle" in guard && typeof guard.createPreventDisposalHandle === "function";
}
