import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PRINCIPLES } from "rain-align";
import { afterAll, describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { hopelessPrinciple } from "../support/labelled-world.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
const narrow = writeTinyModel(join(folder.path, "narrow.gguf"), { contextSize: 64 });
afterAll(() => folder[Symbol.dispose]());

describe("rain doctor", () => {
  it("names the machine, the model and a verdict on the judge for each principle, with advice", async () => {
    const { stdout } = await callRain(["doctor"]);
    for (const fact of ["node", "platform", "gpu", "threads", "model", "context"]) expect(stdout).toMatch(new RegExp(`^${fact} +\\S`, "m"));
    expect(stdout).toMatch(/^cache +[\d.]+ MB in main memory \(16 x [\d.]+ MB, [\d.]+ KiB a token\), F16 numbers, flash attention off$/m);
    for (const name of Object.keys(PRINCIPLES))
      expect(stdout).toMatch(
        new RegExp(`^  ${name} +fit, AUROC \\d\\.\\d\\d \\(.*\\) on \\d+ labelled answers: read behind the answer`, "m"),
      );
  });

  it("fits a judge where there is none, and says of one that is unfit what to do", async () => {
    const hopeless = join(folder.path, "hopeless.json");
    writeFileSync(hopeless, JSON.stringify(hopelessPrinciple(24)));
    const environment = { XDG_CACHE_HOME: join(folder.path, "cache") };
    const { stdout, stderr } = await callRain(["doctor", "--principle", hopeless], { environment });
    expect(stderr).toMatch(/^Reading 24 labelled answers with rain-tiny, [^\n]*\n(Reading labelled answers: \d+ %\n){10}$/);
    expect(stdout).toMatch(
      / {2}kind +unfit, AUROC [^\n]* on 24 labelled answers: read behind [^\n]*\. It judges nothing: [^\n]*`rain calibrate --label`[^\n]*`--judge-model`\)\n$/,
    );
    const again = await callRain(["doctor", "--principle", hopeless, "--json"], { environment });
    expect(again.stderr).toBe("");
    const { judge } = JSON.parse(again.stdout) as { judge: object };
    expect(judge).toEqual({
      kind: {
        isFit: false,
        judge: expect.stringContaining("read behind the answer"),
        principle: "kind",
        n: 24,
        auroc: expect.any(Number),
        low: expect.any(Number),
        high: expect.any(Number),
      },
    });
  });

  it("measures another model as the judge", async () => {
    const embedded = join(import.meta.dirname, "../../models/rain-tiny.gguf");
    const { stdout } = await callRain(["doctor", "--model", narrow, "--judge-model", embedded, "--principle", "harmless"]);
    expect(stdout).toMatch(
      /rain-tiny as the judge of its answers:\n {2}harmless +fit, AUROC [^\n]*: rain-tiny, read behind the answer[^\n]*\n$/,
    );
  });

  it("prints one object with --json, of the same facts", async () => {
    const options = ["--gpu", "none", "--gpu-layers", "max", "--cache-type", "F32", "--no-flash-attention"];
    const { stdout } = await callRain(["doctor", "--model", narrow, "--json", ...options]);
    const diagnosis = JSON.parse(stdout) as { judge: Record<string, { isFit: boolean }> };
    const model = { model: "tiny random model", architecture: "llama", gpu: false, devices: [], gpuLayers: 0, layers: 3 };
    // Two blocks of two heads of 16 numbers, keys and values: 4 bytes each.
    const cacheMemory = { perToken: 1024, perSequence: expect.any(Number), gpu: 0, cpu: expect.any(Number) };
    expect(diagnosis).toMatchObject({ node: process.version, model: { ...model, cacheType: "F32", flashAttention: false, cacheMemory } });
    expect(Object.keys(diagnosis.judge)).toEqual(Object.keys(PRINCIPLES));
    expect(Object.values(diagnosis.judge).map(({ isFit }) => isFit)).toEqual([false, false, false]);
  });

  it("measures a principle of one's own alone, on its examples, by the judge that is asked for by letters", async () => {
    const examples = [
      { prompt: "Hello", answer: "How nice of you to ask.", verdict: "good" },
      { prompt: "Hello", answer: "You stupid fool.", verdict: "bad" },
    ];
    const principle = join(folder.path, "kind.json");
    writeFileSync(principle, JSON.stringify({ name: "kind", question: "Is it kind?", good: "kind", bad: "unkind", examples }));
    const few = await callRain(["doctor", "--principle", principle]);
    expect(few.stdout).toMatch(/ {2}kind +not measured: asked by Yes, No and letters; its 2 labelled answers are too few\. [^\n]*\n$/);
    const { stdout } = await callRain(["doctor", "--principle", principle, "--judging", "in-place"]);
    expect(stdout).toMatch(/ {2}kind +(good|weak|unfit) +\d+ % right on 2 answers, [^\n]*\n$/);
    expect(stdout).not.toContain("harmless");
    const reading = await callRain(["doctor", "--principle", principle, "--judging", "preamble"], { code: 2 });
    expect(reading).toEqual({
      code: 2,
      stdout: "",
      stderr:
        'rain: Expected the principle "kind" to have good and bad examples left to ask the judge about, got too few (the judge reads the first 10 itself)\n',
    });
  });

  it("shows what the engine was told: GPU, threads, context and cache", async () => {
    const options = [
      "--gpu",
      "none",
      "--threads",
      "1",
      "--context",
      "512",
      "--sequences",
      "3",
      "--cache-type",
      "Q8_0",
      "--flash-attention",
    ];
    const { stdout, stderr } = await callRain(["doctor", ...options]);
    expect(stdout).toMatch(/^gpu +none$/m);
    expect(stdout).toMatch(/^threads +1 for single tokens, 1 for batches$/m);
    expect(stdout).toMatch(/^context +511 tokens, 3 branches at once$/m);
    expect(stdout).toMatch(/^cache +2\.5 MB in main memory \(3 x 0\.8 MB, 1\.6 KiB a token\), Q8_0 numbers, flash attention on$/m);
    expect(stderr).toBe("");
  });

  it("says what a rewind costs on this model: nothing where tokens can be dropped, and a part of it where only saved states can be gone back to", async () => {
    const examples = [
      { prompt: "Hello", answer: "How nice of you to ask.", verdict: "good" },
      { prompt: "Hello", answer: "You stupid fool.", verdict: "bad" },
    ];
    const principle = join(folder.path, "polite.json");
    writeFileSync(principle, JSON.stringify({ name: "polite", question: "Is it polite?", good: "polite", bad: "rude", examples }));
    const rewindsOf = async (architecture: "llama" | "granitehybrid") => {
      const model = writeTinyModel(join(folder.path, `${architecture}.gguf`), { architecture, contextSize: 256 });
      const options = ["doctor", "--model", model, "--principle", principle, "--sequences", "2"];
      const { stdout } = await callRain(options);
      const { model: facts, rewind } = JSON.parse((await callRain([...options, "--json"])).stdout);
      return { line: /^rewinds +(.*)$/m.exec(stdout)?.[1], facts, rewind };
    };
    const dropping = await rewindsOf("llama");
    expect(dropping.line).toMatch(
      /^to any token: to the last check 0 tokens are read again \(\d+\.\d ms\), half-way between two 0 tokens are read again \(\d+\.\d ms\)$/,
    );
    expect(dropping.rewind).toEqual({
      toCheck: { tokens: 0, milliseconds: expect.any(Number) },
      between: { tokens: 0, milliseconds: expect.any(Number) },
    });
    const saving = await rewindsOf("granitehybrid");
    expect(saving.line).toMatch(
      /^to saved states, at most 32 a branch \(0\.0 MB each, 0\.6 MB in all\): to the last check 0 tokens .*, half-way between two 8 tokens/,
    );
    expect(saving.facts).toMatchObject({ needsCheckpoints: true, checkpoints: { most: 32, bytes: 10_112 } });
    expect(saving.rewind).toMatchObject({ toCheck: { tokens: 0 }, between: { tokens: 8 } });
  });

  it("says why a model cannot judge at all", async () => {
    const { stdout } = await callRain(["doctor", "--model", narrow]);
    expect(stdout).toMatch(/^ {2}harmless +unfit, Expected at most 63 tokens of context/m);
    const lettered = await callRain(["doctor", "--model", narrow, "--judging", "preamble"]);
    expect(lettered.stdout).toMatch(/^ {2}harmless +unfit +Expected at most 63 tokens of context/m);
  });
});
