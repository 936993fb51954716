/** Sees to it that what is called a GPU's figure was measured on one. */

import { type LlamaEngineOptions, type LlamaFacts, loadLlamaEngine } from "rain-align/llama";

/** What `--gpu` says. */
export type GpuWish = NonNullable<LlamaEngineOptions["gpu"]>;

/** Asks before models are written that take minutes. Rejects in one line where there is no such GPU. */
export async function findGpu(wish: GpuWish): Promise<void> {
  if (wish === false) return;
  await using engine = await loadLlamaEngine({ gpu: wish, sequences: 1 });
  refuseCpu(wish, engine.facts);
}

/** A GPU that is missing, or whose memory is too small for the model, must not pass for one that is as slow as the CPU. */
export function refuseCpu(wish: GpuWish, { gpu }: Pick<LlamaFacts, "gpu">): void {
  if (wish === false || gpu !== false) return;
  throw new RangeError(`Expected a GPU for \`--gpu ${wish}\`, got the CPU alone (\`--gpu none\` measures it)`);
}

/** Which GPU computes how much of the model. `false`: the CPU alone. */
export function gpuInWords({
  gpu,
  devices,
  gpuLayers,
  layers,
}: Pick<LlamaFacts, "gpu" | "devices" | "gpuLayers" | "layers">): string | false {
  return gpu !== false && `${devices.join(", ")} (${gpu}), ${gpuLayers} of ${layers} layers`;
}
