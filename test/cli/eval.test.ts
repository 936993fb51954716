import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { heldOutPrompts } from "../../training/world/index.ts";
import { callRain } from "../support/call-rain.ts";
import { labelOf, serveJudge } from "../support/judge-server.ts";
import { offline, runRain, type Said, script } from "../support/run-rain.ts";
import { temporaryFolder, writeTinyModel } from "../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function file(...names: readonly string[]): string {
  return join(folder.path, ...names);
}

function read(...names: readonly string[]): string {
  return readFileSync(file(...names), "utf8");
}

function rows(...names: readonly string[]): readonly Record<string, unknown>[] {
  return read(...names)
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

function fixture(name: string): string {
  return join(import.meta.dirname, "../evaluation/fixtures", name);
}

/** Risky requests that the embedded model understands, and has never seen. */
const REQUESTS = heldOutPrompts("risky", 12, 1).map(({ text }) => text);
writeFileSync(file("requests.txt"), `${REQUESTS.join("\n")}\n`);

/** Finds nothing wrong with any answer. */
const LENIENT = `${process.execPath} ${file("lenient.mjs")}`;
writeFileSync(
  file("lenient.mjs"),
  'import { createInterface } from "node:readline";\nfor await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify({ id: JSON.parse(line).id, verdict: "good" }));\n',
);

describe("rain eval", () => {
  const ATTACKS = ["eval", "advbench", "--data", file("requests.txt")];
  let whole: Said;
  beforeAll(async () => {
    whole = await callRain([...ATTACKS, "--out", file("whole")]);
  });

  it("prints rates with intervals, a paired test against vanilla, and what it took", () => {
    expect(whole.stdout).toMatch(
      /\| embedded \| all +\| attack success \(less is better\) \| vanilla +\| 12 \| \d+\.\d % +\| \d+\.\d % to \d+\.\d % +\|/,
    );
    expect(whole.stdout).toMatch(/\| adaptive \| 12 \| 0\.0 % .* \(McNemar, exact\) \|/);
    expect(whole.stdout).toContain("time over vanilla");
  });

  it("tells in a pipe how it is coming along, in plain lines", () => {
    expect(whole.stderr).toMatch(
      /^embedded: answers: 0 of 24\n(embedded: answers: \d+ of 24\n){9,}embedded: answers: 24 of 24\nembedded: verdicts: 0 of/,
    );
    expect(whole.stderr).not.toContain("\r");
  });

  it("keeps a row for each question in each mode, in the order of the questions", () => {
    const modes = ["vanilla", "adaptive"];
    const places = Array.from({ length: 12 }, (_, index) => modes.map((mode) => [String(index + 1), mode])).flat();
    expect(rows("whole", "results.jsonl").map(({ id, mode }) => [id, mode])).toEqual(places);
    expect(rows("whole", "results.jsonl").at(-1)).toMatchObject({
      outcomes: { "attack success": 0 },
      messages: [{ role: "user" }, { role: "assistant" }],
    });
  });

  it("writes the same as Markdown, as a page, as a table of numbers and as one object", () => {
    const [head = "", ...lines] = read("whole", "summary.csv").trimEnd().split("\n");
    expect(head.split(",").slice(-4)).toEqual(["fpe", "spe", "epe", "wall_ratio"]);
    expect(lines).toHaveLength(2);
    expect(read("whole", "report.html")).toMatch(/^<!doctype html>.*<svg /s);
    expect(read("whole", "report.md")).toBe(whole.stdout);
    // For somebody else, who has other folders.
    expect(whole.stdout).toContain("- again: rain eval advbench --data requests.txt --out whole\n");
    expect(JSON.parse(read("whole", "summary.json"))).toMatchObject({
      about: { task: "advbench", questions: 12 },
      cells: [{ n: 12 }, { n: 12 }],
    });
  });

  it("killed in the middle, it goes on from there, repeats and loses nothing, and comes to the same bytes", async () => {
    const killed = script([({ stderr }) => /answers: (1\d) of/.test(stderr), ({ kill }) => kill()]);
    await runRain([...ATTACKS, "--out", file("killed")], { code: 137, onSaid: killed });
    const before = read("killed", "answers.journal.jsonl");
    const kept = before.trimEnd().split("\n").length;
    expect(kept).toBeGreaterThanOrEqual(10);
    expect(kept).toBeLessThan(24);

    const { stderr } = await callRain([...ATTACKS, "--out", file("killed")]);
    expect(stderr).toMatch(new RegExp(`answers: ${kept} of 24`));
    expect(read("killed", "answers.journal.jsonl").startsWith(before)).toBe(true);
    const keys = rows("killed", "answers.journal.jsonl").map(({ key }) => key);
    expect([keys.length, new Set(keys).size]).toEqual([24, 24]);
    expect(read("killed", "results.jsonl")).toBe(read("whole", "results.jsonl"));
  });

  it("interrupted while several answers are written, it says where it goes on from, and repeats and loses nothing", async () => {
    const interrupted = script([({ stderr }) => /answers: [2-9]/.test(stderr), ({ interrupt }) => interrupt()]);
    const { stderr } = await runRain([...ATTACKS, "--at-once", "4", "--out", file("interrupted")], { code: 130, onSaid: interrupted });
    expect(stderr).toMatch(/What was finished is kept in .*interrupted: the same command goes on from there\.\nrain: Stopped by Ctrl-C\n$/);
    await callRain([...ATTACKS, "--at-once", "3", "--out", file("interrupted")]);
    const keys = rows("interrupted", "answers.journal.jsonl").map(({ key }) => key);
    expect([keys.length, new Set(keys).size]).toEqual([24, 24]);
    expect(rows("interrupted", "results.jsonl").map(({ id, mode }) => [id, mode])).toEqual(
      rows("whole", "results.jsonl").map(({ id, mode }) => [id, mode]),
    );
  });

  it("does only what another mode, more questions or another judge lack", async () => {
    const { stderr, stdout } = await callRain([
      ...ATTACKS,
      "--modes",
      "vanilla,best-of-n",
      "--judge",
      LENIENT,
      "--out",
      file("whole"),
      "--json",
    ]);
    expect(stderr).toContain("embedded: answers: 12 of 24");
    const { about, cells } = JSON.parse(stdout) as { about: object; cells: readonly object[] };
    expect(about).toMatchObject({ modes: ["vanilla", "best-of-n"], judge: LENIENT });
    expect(cells).toMatchObject([{ mode: "vanilla" }, { mode: "best-of-n", versus: { pairs: 12 } }]);
  });
});

describe("rain eval of several models", () => {
  it("draws what each mode reaches over the number of their parameters", async () => {
    const other = writeTinyModel(file("other.gguf"));
    const flags = [
      "--data",
      file("requests.txt"),
      "--n",
      "2",
      "--modes",
      "vanilla",
      "--max-tokens",
      "8",
      "--quiet",
      "--out",
      file("sizes"),
    ];
    const { stdout } = await callRain(["eval", "advbench", "--model", "embedded", "--model", other, ...flags]);
    expect(stdout).toMatch(/- models: embedded \(2\.\d M parameters, \d\.\d MB\), other\.gguf \(0\.1 M parameters, 0\.\d MB\)/);
    const { about } = JSON.parse(read("sizes", "summary.json")) as { about: { models: readonly { parameters: number }[] } };
    const [embedded, tiny] = about.models.map(({ parameters }) => parameters);
    expect(embedded).toBeGreaterThan(10 * (tiny as number));
    const page = read("sizes", "report.html");
    expect(page).toMatch(
      /Models of different sizes.*<title>attack success\. embedded, vanilla: .* at 2\.\d M; other\.gguf, vanilla: .* at 0\.1 M\.</s,
    );
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("rain eval of a file", () => {
  it("says that the embedded model's numbers are meaningless, and that the judge is the model itself", async () => {
    const { stdout } = await callRain([
      "eval",
      "pairs",
      "--data",
      fixture("prompts.txt"),
      "--max-tokens",
      "24",
      "--out",
      file("pairs"),
      "--quiet",
    ]);
    expect(stdout).toContain("THE NUMBERS OF THE EMBEDDED MODEL ARE MEANINGLESS HERE");
    expect(stdout).toContain("The judge is the model itself");
    expect(rows("pairs", "results.jsonl")).toHaveLength(4);
  });

  it("tells of rows that it leaves out, and of questions that do not fit into the context", async () => {
    const path = file("mixed.jsonl");
    writeFileSync(path, `"How do I paint the castle?"\n{"text": 1}\n${JSON.stringify("rain ".repeat(3000))}\n`);
    const { stdout, stderr } = await callRain(["eval", "hh", "--data", path, "--modes", "vanilla", "--out", file("mixed")]);
    expect(stderr).toMatch(/Left out: line 2 of .*mixed.jsonl: Expected `prompt`/);
    expect(stdout).toContain("1 rows of the data could not be read");
    expect(stdout).toMatch(/\| vanilla \| 1 .*\| 1 answers, 0 verdicts \|/);
    expect(rows("mixed", "results.jsonl")[1]).toMatchObject({ id: "3", failure: expect.stringContaining("tokens of context") });
  });
});

describe("rain eval refuses what cannot be meant, in one line, before a model is loaded", () => {
  const hh = ["eval", "hh", "--data", fixture("prompts.txt"), "--out", file("refused")];
  writeFileSync(file("in-the-way"), "");
  mkdirSync(file("diary"));
  writeFileSync(file("diary", "answers.journal.jsonl"), "Dear diary\n");
  writeFileSync(file("empty.csv"), "");
  writeFileSync(file("columns.csv"), "question,answer\na,b\n");
  symlinkSync("/dev/zero", file("endless.jsonl"));
  writeFileSync(file("row.csv"), "goal,target\na,b\nc\n");

  it.each<readonly [string, readonly string[], number, string]>([
    ["an unknown task", ["eval", "truthful"], 2, "Expected the task to be one of `hh`, "],
    ["no data", ["eval", "hh", "--out", "x"], 2, "Expected `--data` to be a file or one of truthfulqa"],
    ["unknown data", ["eval", "hh", "--data", "truthfullqa", "--out", "x"], 2, "got `truthfullqa` (did you mean `truthfulqa`?)"],
    [
      "a file that is not there",
      ["eval", "hh", "--data", "no/such.jsonl", "--out", "x"],
      2,
      "Expected to read `no/such.jsonl` as UTF-8 text, got: ENOENT",
    ],
    ["a file of another kind", ["eval", "xstest", "--data", fixture("prompts.txt"), "--out", "x"], 2, "Expected a file that ends in .csv"],
    ["an empty file", ["eval", "advbench", "--data", file("empty.csv"), "--out", "x"], 2, "to hold something to ask, got nothing"],
    [
      "wrong columns",
      ["eval", "advbench", "--data", file("columns.csv"), "--out", "x"],
      2,
      "to have the columns goal, target, got question, answer",
    ],
    [
      "a bad row, strictly",
      ["eval", "advbench", "--data", file("row.csv"), "--strict", "--out", "x"],
      2,
      "got at line 3: Invalid Record Length",
    ],
    ["an endless line", ["eval", "hh", "--data", file("endless.jsonl"), "--out", "x"], 2, "Expected line 1 of"],
    ["no folder", ["eval", "hh"], 2, "Expected `--out` to name a folder for answers and reports, got none"],
    ["a folder that cannot be made", [...hh.slice(0, -1), file("in-the-way/x")], 1, "got: ENOTDIR"],
    ["a folder of something else", [...hh.slice(0, -1), file("diary")], 1, "Expected line 1 of"],
    ["an unknown mode", [...hh, "--modes", "vanilla,adaptiv"], 2, "got `adaptiv` (did you mean `adaptive`?)"],
    [
      "pairs of one",
      ["eval", "pairs", "--data", "x", "--modes", "adaptive", "--out", "x"],
      2,
      "Expected `--modes` to be `vanilla` and another one",
    ],
    ["no questions", [...hh, "--n", "0"], 2, "Expected `--n` to be a positive integer, got `0` (number)"],
    ["one model twice", [...hh, "--model", "a/m.gguf", "--model", "b/m.gguf"], 2, "Expected models of different names, got `m.gguf` twice"],
    ["no judge", [...hh, "--judge", " "], 2, "Expected `--judge` to be self, an address or a command, got ``"],
    ["an address that is none", [...hh, "--judge", "http://my judge/v1"], 2, "to be an address, got `http://my judge/v1`"],
    [
      "a model of no address",
      [...hh, "--judge-model", "gpt"],
      2,
      "Expected `--judge-model` to be a GGUF file or hf:owner/repo:quant, got `gpt`",
    ],
  ])("%s", async (...[, parameters, code, complaint]) => {
    const { stderr } = await callRain(parameters, { code });
    expect(stderr.trimEnd().split("\n").at(-1)).toContain(complaint);
  });

  it("data that cannot be fetched", async () => {
    const environment = offline(folder.path);
    const { stderr } = await runRain(["eval", "truthfulqa", "--data", "truthfulqa", "--out", file("offline")], { code: 2, environment });
    expect(stderr).toMatch(/^Fetching https:.*\nrain: Expected to fetch https:.* \(or give `--data` the path .*\), got: no network\n$/);
  });

  it("a model that is not there, and keeps what another one has said", async () => {
    const models = ["--model", "embedded", "--model", file("missing.gguf")];
    const { stderr } = await callRain([...hh.slice(0, -1), file("models"), ...models, "--modes", "vanilla"], { code: 1 });
    expect(stderr).toContain("to be a GGUF file, got: ENOENT");
    expect(rows("models", "answers.journal.jsonl")).toHaveLength(2);
  });
});

describe("rain eval with a judge behind an address", () => {
  const asked = ["eval", "hh", "--data", fixture("prompts.txt"), "--modes", "vanilla"];

  it("finds its model, shows what it cost, and asks for nothing twice", async () => {
    await using server = await serveJudge(({ question }) => labelOf(question, question.includes("helpful") ? "helpful" : "harmless"));
    const judged = [...asked, "--judge", server.url, "--judge-price", "1000/0", "--out", file("address")];
    const { stdout } = await callRain(judged, { environment: { JUDGE_API_KEY: "secret" } });
    expect(stdout).toContain(`judge: only at ${server.url}`);
    expect(stdout).toMatch(/8 requests, 800 tokens read, 16 written, which cost 0\.8000/);
    expect(stdout).toMatch(/\| harmless \(more is better\) \| vanilla \| 2 \| 100\.0 %/);
    expect(server.requests[0]?.headers.authorization).toBe("Bearer secret");

    const { stdout: again } = await callRain(judged);
    expect(again).toMatch(/\| harmless \(more is better\) \| vanilla \| 2 \| 100\.0 %/);
    expect(server.requests).toHaveLength(8);
  });

  it("keeps answers and verdicts when it goes down, and goes on when it is back", async () => {
    const out = ["--judge-model", "gpt", "--judge-at-once", "1", "--out", file("down")];
    let isUp = false;
    await using server = await serveJudge((_, at) => (isUp || at < 4 ? "A" : { status: 401, body: "no credit" }));
    const { stderr } = await callRain([...asked, "--judge", server.url, ...out], { code: 1 });
    expect(stderr).toContain("What was finished is kept in");
    expect(stderr).toMatch(/rain: Expected gpt at .* to answer, got: 401 Unauthorized no credit\n$/);
    expect(rows("down", "answers.journal.jsonl")).toHaveLength(2);
    expect(rows("down", "verdicts.journal.jsonl")).toHaveLength(2);

    isUp = true;
    await callRain([...asked, "--judge", server.url, ...out]);
    expect(rows("down", "verdicts.journal.jsonl")).toHaveLength(4);
  });

  it("keeps answers when it is slow, and says what allows it more time", async () => {
    await using server = await serveJudge(() => "never");
    const flags = ["--judge", server.url, "--judge-timeout", "0.1", "--out", file("slow")];
    const { stderr } = await callRain([...asked, ...flags], { code: 1 });
    expect(stderr).toMatch(/rain: Expected only at .* to answer within 0\.1 s, got nothing \(`--judge-timeout` allows more\)\n$/);
    expect(rows("slow", "answers.journal.jsonl")).toHaveLength(2);
  });

  it("says which answers it left unjudged", async () => {
    await using server = await serveJudge(({ question }) => (question.includes("helpful") ? "Well ..." : "A"));
    const { stdout, stderr } = await callRain([...asked, "--judge", server.url, "--out", file("unjudged")]);
    expect(stderr).toContain("Left unjudged: Expected the judge to answer A or B, got another text of 8 characters");
    expect(stdout).toContain("2 verdicts are missing: the judge gave none.");
    expect(rows("unjudged", "results.jsonl")[0]).toMatchObject({ outcomes: { harmless: 0, helpful: null } });
  });
});

describe("rain eval with a command as the judge", () => {
  const asked = ["eval", "xstest", "--data", fixture("xstest.csv"), "--modes", "vanilla", "--max-tokens", "12"];

  it("asks it about each answer", async () => {
    const { stdout } = await callRain([...asked, "--judge", LENIENT, "--out", file("command")]);
    expect(stdout).toMatch(/\| safe +\| refused \(less is better\) \| vanilla \| 2 \| 100\.0 %/);
    expect(stdout).toMatch(/\| unsafe \| refused \(more is better\) \| vanilla \| 1 \| 100\.0 %/);
  });

  it("that is none is refused before anything is written", async () => {
    const { stderr } = await callRain([...asked, "--judge", "slef", "--out", file("none")], { code: 1 });
    expect(stderr).toContain("Expected `--judge` to be self, an address or a command, got `slef`: spawn slef ENOENT");
    expect(existsSync(file("none"))).toBe(false);
  });
});
