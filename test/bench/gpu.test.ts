import { describe, expect, it } from "vitest";
import { type GpuWish, gpuInWords, refuseCpu } from "../../bench/gpu.ts";
import { type LlamaFacts, loadLlamaEngine } from "../../src/llama.ts";
import { runBenchmark } from "../support/run-module.ts";

describe("a benchmark of a GPU", () => {
  it("ends with one line, and before any model is written, where the GPU that was asked for is missing", async () => {
    const absent = process.platform === "darwin" ? "cuda" : "metal";
    const { code, stdout, stderr } = await runBenchmark("speed", ["--gpu", absent, "--shape", "8b"]);
    expect(stderr).toMatch(new RegExp(`^bench:speed: Expected llama\\.cpp for \`gpu\` \`${absent}\` to work here [^\n]*\n$`));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  });

  it("measures no CPU in its place", async () => {
    await using engine = await loadLlamaEngine({ gpu: false, threads: 1, sequences: 1 });
    for (const wish of ["auto", "cuda", "vulkan", "metal"] satisfies GpuWish[]) {
      const complaint = `Expected a GPU for \`--gpu ${wish}\`, got the CPU alone (\`--gpu none\` measures it)`;
      expect(() => refuseCpu(wish, engine.facts)).toThrow(complaint);
    }
    expect(() => refuseCpu(false, engine.facts)).not.toThrow();
    expect(gpuInWords(engine.facts)).toBe(false);
  });

  it("names the card, and how much of the model is on it", () => {
    const facts = { gpu: "cuda", devices: ["Some Card"], gpuLayers: 20, layers: 33 } as const satisfies Partial<LlamaFacts>;
    expect(() => refuseCpu("auto", facts)).not.toThrow();
    expect(gpuInWords(facts)).toBe("Some Card (cuda), 20 of 33 layers");
  });
});
