import { join } from "node:path";
import { PRINCIPLES } from "rain-align";
import { afterAll, describe, expect, it } from "vitest";
import { runRain } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
const narrow = writeTinyModel(join(folder.path, "narrow.gguf"), { contextSize: 64 });
afterAll(() => folder[Symbol.dispose]());

describe("rain doctor", () => {
  it("names the machine, the model and a verdict on the judge for each principle, with advice", async () => {
    const { stdout } = await runRain(["doctor"]);
    for (const fact of ["node", "platform", "gpu", "threads", "model", "context"]) expect(stdout).toMatch(new RegExp(`^${fact} +\\S`, "m"));
    for (const name of Object.keys(PRINCIPLES))
      expect(stdout).toMatch(new RegExp(`^  ${name} +(good|weak|unfit) +\\d+ % right on \\d+ answers, .*: .`, "m"));
  });

  it("prints one object with --json", async () => {
    const { stdout } = await runRain(["doctor", "--model", narrow, "--json"]);
    const diagnosis = JSON.parse(stdout) as { judge: Record<string, { verdict: string }> };
    expect(diagnosis).toMatchObject({ node: process.version, model: { model: "tiny random model", architecture: "llama" } });
    expect(Object.keys(diagnosis.judge)).toEqual(Object.keys(PRINCIPLES));
    expect(Object.values(diagnosis.judge).map(({ verdict }) => verdict)).toEqual(["unfit", "unfit", "unfit"]);
  });

  it("says why a model cannot judge at all", async () => {
    const { stdout } = await runRain(["doctor", "--model", narrow]);
    expect(stdout).toMatch(/^ {2}harmless +unfit +Expected at most 63 tokens of context/m);
  });
});
