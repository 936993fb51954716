import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { COMMAND, runRain } from "../support/run-rain.ts";

const TINY = join(import.meta.dirname, "../../models/rain-tiny.gguf");

/** Whether a terminal can be made here. */
const hasTerminals = spawnSync("script", ["-qefc", "true", "/dev/null"]).status === 0;

let home: string;
let cache: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "rain-home-"));
  cache = join(home, ".node-llama-cpp", "models");
});
afterEach(() => rmSync(home, { recursive: true }));

function rain(...line: readonly string[]) {
  return runRain(line, { environment: { HOME: home, USERPROFILE: home } });
}

function refused(...line: readonly string[]) {
  return runRain(line, { code: 2, environment: { HOME: home, USERPROFILE: home } });
}

/** A model, half a download, something that is none, a file of the user's with a link to it, and what is no file at all. */
function fill(): void {
  mkdirSync(join(cache, "folder.gguf"), { recursive: true });
  cpSync(TINY, join(cache, "hf_somebody_tiny.Q8_0.gguf"));
  writeFileSync(join(cache, "large.gguf.ipull"), "GGUF");
  writeFileSync(join(cache, "page.gguf"), "<html>");
  writeFileSync(join(cache, "notes.txt"), "mine");
  cpSync(TINY, join(home, "mine.gguf"));
  symlinkSync(join(home, "mine.gguf"), join(cache, "link.gguf"));
}

describe("rain models", () => {
  it("says where there would be models, where none was downloaded", async () => {
    expect(await rain("models")).toMatchObject({ stdout: "", stderr: `No model was downloaded to ${cache}.\n` });
    expect((await rain("models", "--json")).stdout).toBe("[]\n");
  });

  it("lists what there is, with what each file says of itself, and what is no whole model", async () => {
    fill();
    const models = JSON.parse((await rain("models", "--json")).stdout);
    const about = {
      architecture: expect.any(String),
      parameters: expect.any(Number),
      quantization: expect.any(String),
      contextSize: expect.any(Number),
    };
    expect(models).toMatchObject([
      { name: "hf_somebody_tiny.Q8_0.gguf", path: join(cache, "hf_somebody_tiny.Q8_0.gguf"), isPartial: false, about },
      { name: "large.gguf.ipull", bytes: 4, isPartial: true },
      { name: "link.gguf", about },
      { name: "page.gguf", bytes: 6, isPartial: false },
    ]);
    expect([models[1].about, models[3].about]).toEqual([undefined, undefined]);
    const { stdout, stderr } = await rain("models");
    const lines = stdout.trimEnd().split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^name +size +parameters +quantized +context +licence +used$/);
    expect(lines[1]).toMatch(/^hf_somebody_tiny\.Q8_0\.gguf +\d+\.\d MB +\d+\.\d million .*\d{4}-\d\d-\d\d$/);
    expect(lines[2]).toContain("(not all of it is here)");
    expect(lines[4]).toContain("(no whole model)");
    expect(stderr).toContain(` in ${cache}.`);
  });

  it("says when each was used, which to be listed is not", async () => {
    fill();
    const long = new Date("2020-02-03T04:05:06Z");
    utimesSync(join(cache, "hf_somebody_tiny.Q8_0.gguf"), long, long);
    for (const _ of [1, 2]) expect(JSON.parse((await rain("models", "--json")).stdout)[0].used).toBe(long.toISOString());
  });

  it("counts the parts of a model as one", async () => {
    mkdirSync(cache, { recursive: true });
    for (const part of ["00001", "00002"]) writeFileSync(join(cache, `big-${part}-of-00002.gguf`), "GGUF");
    expect(JSON.parse((await rain("models", "--json")).stdout)).toMatchObject([{ name: "big-00001-of-00002.gguf", bytes: 8 }]);
    await rain("models", "remove", "--yes", "big-00001-of-00002.gguf");
    expect(readdirSync(cache)).toEqual([]);
  });
});

describe("rain models remove", () => {
  it("removes the one that is named, and of a link the link alone", async () => {
    fill();
    for (const name of ["hf_somebody_tiny.Q8_0.gguf", "large.gguf.ipull", "link.gguf"])
      expect((await rain("models", "remove", name, "--yes")).stderr).toBe(`Removed ${name}.\n`);
    expect(readdirSync(cache).toSorted()).toEqual(["folder.gguf", "notes.txt", "page.gguf"]);
    expect(existsSync(join(home, "mine.gguf"))).toBe(true);
  });

  it("removes nothing without a yes", async () => {
    fill();
    const { stderr } = await refused("models", "remove", "page.gguf");
    expect(stderr).toBe("rain: Expected `--yes` where nobody can be asked, got none (it would remove page.gguf)\n");
    expect(existsSync(join(cache, "page.gguf"))).toBe(true);
  });

  it("refuses what is not among the downloads, wherever it is", async () => {
    fill();
    for (const name of ["../../mine.gguf", join(home, "mine.gguf"), "notes.txt", "folder.gguf", "page", "."]) {
      const { stderr } = await runRain(["models", "remove", "--yes", name], { code: 1, environment: { HOME: home, USERPROFILE: home } });
      expect(stderr).toContain(`rain: Expected the name of a downloaded model, as \`rain models\` lists them, got \`${name}\``);
    }
    expect(readdirSync(cache)).toHaveLength(6);
    expect(existsSync(join(home, "mine.gguf"))).toBe(true);
  });

  describe.skipIf(!hasTerminals)(
    `asked on a terminal${hasTerminals ? "" : " (skipped: there is no `script` of util-linux that makes one)"}`,
    () => {
      it.each([
        ["y", "y\r", 0, false],
        ["yes, in capitals", "YES\r", 0, false],
        ["n", "n\r", 0, true],
        ["nothing", "\r", 0, true],
        ["the end of what is typed", "\u0004", 0, true],
        ["Ctrl-C", "\u0003", 130, true],
      ] as const)("%s", async (_, keys, code, isKept) => {
        fill();
        const { said, ...ended } = await typed(["models", "remove", "page.gguf"], keys);
        expect({ ...ended, isKept: existsSync(join(cache, "page.gguf")) }, said).toEqual({ code, isKept });
        expect(said).toContain("Remove page.gguf, ");
        expect(said).toContain(code === 0 ? (isKept ? "Nothing was removed." : "Removed page.gguf.") : "rain: Stopped by Ctrl-C");
      });
    },
  );
});

/** Runs the command on a terminal of its own, and types these keys once it asks. */
async function typed(parameters: readonly string[], keys: string): Promise<{ readonly code: number | null; readonly said: string }> {
  const command = [process.execPath, COMMAND, ...parameters].map((part) => `'${part}'`).join(" ");
  const child = spawn("script", ["-qefc", command, "/dev/null"], { env: { ...process.env, HOME: home } });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const wasAsked = said.includes("(y/N)");
    said += text;
    if (!wasAsked && said.includes("(y/N)")) child.stdin.write(keys);
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, said };
}
