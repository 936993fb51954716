import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callRain } from "../support/call-rain.ts";
import { runRain, type Said, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function file(name: string, content?: string): string {
  const path = join(folder.path, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

function read(name: string): string {
  return readFileSync(file(name), "utf8");
}

const PROMPTS = Array.from({ length: 6 }, (_, index) => `How do I visit the castle? ${index + 1}`);
const data = file("prompts.txt", `${PROMPTS.join("\n")}\n`);
/** Two models of one vocabulary, as a base model and what was made of it. */
const base = writeTinyModel(file("base.gguf"), { seed: 1 });
const aligned = writeTinyModel(file("aligned.gguf"), { seed: 2 });
const pair = ["--base", base, "--aligned", aligned, "--gpu", "none", "--threads", "1"];
const shift = (...flags: readonly string[]) => ["shift", ...pair, "--data", data, "--max-tokens", "24", ...flags];

describe("rain shift", () => {
  let whole: Said;
  beforeAll(async () => {
    whole = await callRain(shift("--out", file("whole")));
  });

  it("prints shares with intervals beside the paper's, and tells in a pipe how it is coming along", () => {
    expect(whole.stdout).toMatch(/^# Token distribution shift: base\.gguf to aligned\.gguf\n/);
    expect(whole.stdout).toMatch(/\| shifted +\| above 3 +\| \d+ +\| \d+\.\d % +\| \d+\.\d % to \d+\.\d % +\| 7\.8 % +\|/);
    expect(whole.stderr).toMatch(/^answers: 0 of 6\n(answers: \d of 6\n){5}answers: 6 of 6\nEverything is in .*\n$/);
  });

  it("keeps each answer's tokens, a summary for machines, and a page of today", () => {
    const rows = read("whole/shift.jsonl")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map(({ messages }) => messages[0].content)).toEqual(PROMPTS);
    expect(rows[0].tokens[0]).toEqual({
      token: expect.any(Number),
      text: expect.any(String),
      rank: expect.any(Number),
      base: expect.any(Number),
      aligned: expect.any(Number),
      favourite: expect.any(String),
      kl: expect.any(Number),
    });
    expect(JSON.parse(read("whole/shift.json"))).toMatchObject({ answers: 6, tokens: 144, about: { layout: "aligned", maxTokens: 24 } });
    expect(read("whole/shift.html")).toContain(new Date().toISOString().slice(0, 10));
  });

  it("killed in the middle, it goes on from there, repeats nothing, and comes to the same bytes", async () => {
    const killed = script([({ stderr }) => stderr.includes("answers: 3 of"), ({ kill }) => kill()]);
    await runRain(shift("--out", file("killed")), { code: 137, onSaid: killed });
    const kept = read("killed/shift.jsonl");
    expect(kept.split("\n").length - 1).toBeLessThan(PROMPTS.length);
    writeFileSync(file("killed/shift.jsonl"), `${kept}{"key":"half a ro`);
    const { stderr } = await callRain(shift("--out", file("killed")));
    expect(stderr).toMatch(/^answers: [3-6] of 6\n/);
    for (const name of ["shift.jsonl", "shift.json", "shift.html"]) expect(read(`killed/${name}`)).toBe(read(`whole/${name}`));
  });

  it("stopped by Ctrl-C, it ends with 130 and says where to go on; what was finished is kept", async () => {
    const stopped = script([({ stderr }) => stderr.includes("answers: 2 of"), ({ interrupt }) => interrupt()]);
    const { stderr, stdout } = await runRain(shift("--out", file("stopped")), { code: 130, onSaid: stopped });
    expect(stdout).toBe("");
    expect(stderr).toMatch(/What was finished is kept in .*: the same command goes on from there\.\nrain: Stopped by Ctrl-C\n$/);
    expect(read("whole/shift.jsonl").startsWith(read("stopped/shift.jsonl"))).toBe(true);
  });

  it("prints the summary as one object, and nothing else, if it is to", async () => {
    const { stdout, stderr } = await callRain(shift("--out", file("json"), "--json", "--quiet", "--n", "2"));
    expect(stderr).toBe("");
    const summary = JSON.parse(stdout);
    expect(summary).toEqual(JSON.parse(read("json/shift.json")));
    expect(summary).toMatchObject({ answers: 2, tokens: 48, cut: 2, kl: expect.any(Number), positions: expect.any(Array) });
  });

  it("finds nothing shifted where both models are one, on prompts of a table", async () => {
    const table = file("table.csv", "note,instruction\n1,How do I visit the castle?\n2,\n3,hack the museum\n");
    const same = ["shift", "--base", "embedded", "--aligned", "embedded", "--gpu", "none", "--threads", "1"];
    const flags = ["--data", table, "--layout", "own", "--max-tokens", "12", "--json", "--out", file("same")];
    const { stdout, stderr } = await callRain([...same, ...flags]);
    expect(stderr).toContain("Left out: line 3 of");
    expect(JSON.parse(stdout)).toMatchObject({
      answers: 2,
      kl: 0,
      shares: { unshifted: { rate: 1 } },
      about: { layout: "own", badRows: 1 },
    });
  });
});

describe("rain shift refuses in one line", () => {
  const out = file("refused");
  const given = (flags: Readonly<Record<string, string>>) =>
    Object.entries({ "--base": base, "--aligned": aligned, "--data": data, "--out": out, ...flags }).flat();

  it.each([
    ["no base model", ["--aligned", aligned, "--data", data, "--out", out], 2, "required option '--base <model>' not specified"],
    [
      "an unknown layout",
      given({ "--layout": "plan" }),
      2,
      "Expected `--layout` to be one of `aligned`, `own`, `plain`, got `plan` (did you mean `plain`?)",
    ],
    ["a base model without a name", given({ "--base": "" }), 2, "Expected `--base` to be the name of a model, got ``"],
    ["no prompts", given({ "--n": "0" }), 2, "Expected `--n` to be a positive integer, got `0`"],
    ["a file that is not there", given({ "--data": file("none.txt") }), 2, "ENOENT"],
    ["an empty file", given({ "--data": file("empty.txt", "\n\n") }), 2, "to hold something to ask, got nothing"],
    ["a table of other columns", given({ "--data": file("other.csv", "a,b\n1,2\n") }), 2, "or instruction or question, got a, b"],
    ["a bad row, strictly", [...given({ "--data": file("bad.jsonl", '"Hi"\nHi\n') }), "--strict"], 2, "got at line 2"],
    ["a folder that cannot be made", given({ "--out": join(data, "x") }), 1, "got: ENOTDIR"],
    ["a model that is not there", given({ "--base": file("missing.gguf") }), 1, "to be a GGUF file, got: ENOENT"],
    [
      "another vocabulary",
      given({ "--base": "embedded" }),
      1,
      "to have the same vocabulary, got 1024 and 368 tokens; 363 of the first 368 differ",
    ],
  ])("%s", async (...[, flags, code, complaint]) => {
    const { stderr, stdout } = await callRain(["shift", ...flags, "--quiet", "--gpu", "none", "--threads", "1"], { code });
    expect(stderr).toMatch(/^rain: [^\n]+\n$/);
    expect(stderr).toContain(complaint);
    expect(stdout).toBe("");
  });
});
