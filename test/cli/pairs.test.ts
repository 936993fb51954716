import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, describe, expect, it, vi } from "vitest";
import { PAIR_SCHEMA } from "../../src/evaluation/index.ts";
import { heldOutPrompts } from "../../training/world/index.ts";
import { callRain } from "../support/call-rain.ts";
import { temporaryFolder } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const PROMPTS = heldOutPrompts("risky", 12, 3).map(({ text }) => text);
const data = written("prompts.txt", `\uFEFF${PROMPTS.join("\n")}\n\n${PROMPTS[0]}\n`);

const FLAGS = ["pairs", "--data", data, "--sequences", "4", "--quiet", "--seed", "5"];
/** What is made without being killed. */
const whole = join(folder.path, "whole.jsonl");
const TALK_FLAGS = ["--family", "helpful", "--form", "system", "--quiet"];

function written(name: string, content: string): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

function endless(name: string): string {
  const path = join(folder.path, name);
  symlinkSync("/dev/zero", path);
  return path;
}

function fixture(name: string): string {
  return join(import.meta.dirname, "../evaluation/fixtures", name);
}

function pairsIn(path: string) {
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => PAIR_SCHEMA.parse(JSON.parse(line)));
}

describe("rain pairs", () => {
  it("writes a pair for each different prompt, and sums them up", async () => {
    const { stdout } = await callRain([...FLAGS, "--out", whole, "--json"]);
    expect(pairsIn(whole).map(({ prompt }) => prompt)).toEqual(PROMPTS.map((content) => [{ role: "user", content }]));
    expect(JSON.parse(stdout)).toMatchObject({ pairs: PROMPTS.length, agreement: { rate: expect.any(Number) } });
  });

  it("goes on where it was killed: no prompt twice, none missing", async () => {
    const killed = join(folder.path, "killed.jsonl");
    await killedAfter(3, [...FLAGS, "--out", killed], killed);
    expect(pairsIn(killed).length).toBeLessThan(PROMPTS.length);
    await callRain([...FLAGS, "--out", killed]);
    expect(pairsIn(killed).map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected])).toEqual(
      pairsIn(whole).map(({ prompt, chosen, rejected }) => [prompt, chosen, rejected]),
    );
  });

  it("keeps only what the judge agrees with, if it is to", async () => {
    const out = join(folder.path, "agreed.jsonl");
    const { stdout } = await callRain(["pairs", "--data", data, "--out", out, "--label", "agree", "--n", "6"]);
    expect(stdout).toMatch(/^\d+ pairs, the judge agrees with the affixes on 100 %; on average \d+ characters chosen, \d+ rejected\.\n$/);
  });

  it("reads conversations, and writes under system messages", async () => {
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi." },
      { role: "user", content: "How do I visit the castle?" },
    ];
    const out = join(folder.path, "talk.jsonl");
    const talk = written(
      "talk.jsonl.data.jsonl",
      `${JSON.stringify({ messages })}\n${JSON.stringify({ prompt: "Hello", source: "mine" })}\n"Hi"\n`,
    );
    await callRain(["pairs", "--data", talk, "--out", out, ...TALK_FLAGS]);
    expect(pairsIn(out)[0]).toMatchObject({ prompt: messages, metadata: { family: "helpful", form: "system" } });
  });

  it("reads public formats, packed or not, with earlier turns", async () => {
    const out = join(folder.path, "hh.jsonl");
    await callRain(["pairs", "--data", fixture("hh-rlhf.jsonl.gz"), "--out", out, "--n", "1", "--quiet"]);
    expect(pairsIn(out)[0]?.prompt).toEqual([
      { role: "user", content: "How do I paint the castle?" },
      { role: "assistant", content: "Buy paint.\n\nAnd a brush." },
      { role: "user", content: "And how do I rob it?" },
    ]);
  });

  it("takes data by its name, and tells of rows that cannot be read", async () => {
    const cache = join(folder.path, "cache");
    mkdirSync(join(cache, "rain-align", "data"), { recursive: true });
    writeFileSync(join(cache, "rain-align", "data", "advbench.csv"), "goal,target\n,Sure\nRob the school,Sure\nc,d,e\n");
    const [out, flags] = [join(folder.path, "named.jsonl"), { environment: { XDG_CACHE_HOME: cache } }];
    const { stderr } = await callRain(["pairs", "--data", "advbench", "--out", out], flags);
    expect(stderr).toMatch(
      /Left out: line 2 of .*advbench\.csv: `goal`: .*\nLeft out: line 4 of .*: Invalid Record Length.*\nprompts: 0 of 1\nprompts: 1 of 1\n$/,
    );
    expect(pairsIn(out).map(({ prompt }) => prompt[0]?.content)).toEqual(["Rob the school"]);
    const strict = await callRain(["pairs", "--data", "advbench", "--out", "x", "--strict"], { ...flags, code: 2 });
    expect(strict.stderr).toMatch(/^rain: Expected each row of `.*` to be readable, got at line 2: [^\n]+\n$/);
  });

  it("says what to do where data cannot be fetched", async () => {
    using _ = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("no network"));
    const environment = { XDG_CACHE_HOME: join(folder.path, "empty") };
    const { stderr } = await callRain(["pairs", "--data", "truthfulqa", "--out", "x", "--quiet"], { code: 2, environment });
    expect(stderr).toMatch(/^rain: Expected to fetch https:.* \(or give `--data` the path .*\), got: no network\n$/);
  });

  it.each([
    ["no such file", ["--data", "/no/such.txt", "--out", "x"], "Expected to read `/no/such.txt`"],
    ["unknown data", ["--data", "truthfullqa", "--out", "x"], "got `truthfullqa` (did you mean `truthfulqa`?)"],
    ["an empty file", ["--data", written("empty.txt", "\n"), "--out", "x"], "to hold something to ask, got nothing"],
    ["wrong columns", ["--data", written("columns.csv", "topic,answer\na,b\n"), "--out", "x"], "to have the columns goal, target or"],
    ["an endless line", ["--data", endless("endless.txt"), "--out", "x"], "Expected line 1 of"],
    ["a file of another kind", ["--data", fixture("imdb-sentences.tsv"), "--out", "x"], "Expected a file that ends in .csv"],
    [
      "a line that is no JSON",
      ["--data", written("bad.jsonl", '"Hi"\nHi\n'), "--out", "x", "--strict"],
      "bad.jsonl` to be readable, got at line 2: Unexpected token",
    ],
    [
      "lines of something else",
      ["--data", written("else.jsonl", '{"question": 1}\n'), "--out", "x", "--quiet"],
      "got only rows of another form (line 1: Expected `prompt`",
    ],
    ["a wrong number", ["--data", data, "--out", "x", "--n", "0"], "Expected `--n` to be a positive integer, got `0`"],
    ["a seed beyond 32 bits", ["--data", data, "--out", "x", "--seed", "1e12"], "Expected `--seed` to be an integer from 0 to 4294967295"],
    ["an unknown family", ["--data", data, "--out", "x", "--family", "kind"], "Expected `--family` to be one of"],
    ["an output that is a folder", ["--data", data, "--out", folder.path, "--quiet"], "to be a file of preference pairs, got a folder"],
    ["an output that has no end", ["--data", data, "--out", "/dev/zero", "--quiet"], "to be a file of preference pairs, got a device"],
    ["an output in no folder", ["--data", data, "--out", "/no/such/pairs.jsonl", "--quiet"], "that can be written, got: ENOENT"],
    [
      "an output of other prompts",
      ["--data", data, "--out", join(folder.path, "talk.jsonl"), ...TALK_FLAGS],
      "talk.jsonl:1` to hold a pair",
    ],
    ["an output that holds something else", ["--data", data, "--out", data, "--quiet"], "to be a preference pair"],
  ])("says in one line what is wrong with %s", async (_, flags, complaint) => {
    const { stderr } = await callRain(["pairs", ...flags], { code: 2 });
    expect(stderr).toMatch(/^rain: [^\n]+\n$/);
    expect(stderr).toContain(complaint);
  });
});

/** Kills the command as nobody can notice, as soon as its file has so many lines. */
async function killedAfter(lines: number, parameters: readonly string[], path: string): Promise<void> {
  const command = join(import.meta.dirname, "../../dist/cli/main.js");
  const child = spawn(process.execPath, [command, ...parameters], { stdio: "ignore" });
  const closed = once(child, "close");
  while (child.exitCode === null && (!existsSync(path) || readFileSync(path, "utf8").split("\n").length <= lines)) await setImmediate();
  child.kill("SIGKILL");
  await closed;
}
