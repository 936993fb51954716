import { afterAll } from "vitest";
import { loadLlamaEngine } from "../../src/llama.ts";
import { ARCHITECTURES, type ArchitectureName } from "../../training/architectures.ts";
import { writeRandomModel } from "../../training/random-model.ts";
import { temporaryFolder } from "../support/tiny-model.ts";
import { describeEngine } from "./engine-contract.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** Models whose state cannot go back by a token. */
const RECURRENT: readonly ArchitectureName[] = ["mamba2", "granitehybrid", "falcon-h1", "lfm2", "qwen35"];

for (const [name, { description }] of Object.entries(ARCHITECTURES)) {
  const load = async () => {
    const model = await writeRandomModel(`${folder.path}/${name}.gguf`, name as ArchitectureName);
    return await loadLlamaEngine({ model, gpu: false, threads: 1 });
  };
  describeEngine(`The llama engine with ${name} (${description})`, load, { canDropOne: !RECURRENT.includes(name as ArchitectureName) });
}
