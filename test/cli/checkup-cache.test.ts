import { mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { cacheFolder } from "../../src/cli/cache-folder.ts";
import { keptCheckups } from "../../src/cli/checkup-cache.ts";
import { type Engine, HARMLESS, type JudgeChoice, principle, SENTIMENT } from "../../src/core/index.ts";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { temporaryFolder } from "../support/tiny-model.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const IN_PLACE: JudgeChoice = { principle: HARMLESS, judging: "in-place", judgeExamples: 0 };
const FOUND = { balancedAccuracy: 0.5, agreement: 1, n: 24, verdict: "unfit" };

const temporary = temporaryFolder();
afterAll(() => temporary[Symbol.dispose]());

let folder: string;
let model: string;
let measurements: number;
beforeEach(() => {
  const place = mkdtempSync(join(temporary.path, "test-"));
  folder = join(place, "judges");
  model = join(place, "model.gguf");
  writeFileSync(model, "weights");
  measurements = 0;
});

/** Takes everything for good. */
function flatterer(onVerdict: () => void = () => undefined): Engine {
  return watchedEngine(worldEngine({ ...ROBBERY, goodness: () => 0.9 }), onVerdict);
}

function measure(choice: JudgeChoice = IN_PLACE, place: string = folder) {
  return keptCheckups({ folder: place, model, onMeasure: () => measurements++ })(flatterer(), choice);
}

function files(): string[] {
  return readdirSync(folder).map((name) => join(folder, name));
}

describe("The kept checkups", () => {
  it("give what was measured, the second time without measuring", async () => {
    expect([await measure(), await measure()]).toEqual([FOUND, FOUND]);
    expect(measurements).toBe(1);
  });

  it("are told apart by principle, judge, and what the model's file is", async () => {
    const others: readonly JudgeChoice[] = [
      { ...IN_PLACE, principle: SENTIMENT },
      { ...IN_PLACE, principle: { ...HARMLESS, question: "Is it kind?" } },
      { ...IN_PLACE, judging: "preamble" },
    ];
    for (const choice of [IN_PLACE, ...others, ...others]) await measure(choice);
    expect(measurements).toBe(4);
    writeFileSync(model, "other weights");
    await measure();
    utimesSync(model, 1, 1);
    await measure();
    expect(measurements).toBe(6);
    expect(files()).toHaveLength(6);
  });

  it("keep the reason why a judge cannot be asked", async () => {
    const mute = worldEngine({ ...ROBBERY, goodness: () => Number.NaN });
    const kept = keptCheckups({ folder, model, onMeasure: () => measurements++ });
    const reason = expect.stringContaining("Expected the judge's verdict to be 2 probabilities");
    expect([await kept(mute, IN_PLACE), await kept(mute, IN_PLACE)]).toEqual(Array(2).fill({ verdict: "unfit", reason }));
    expect(measurements).toBe(1);
  });

  it("keep nothing where nothing can be measured", async () => {
    const brief = principle({ name: "brief", question: "Is it brief?", good: "brief", bad: "long" });
    expect(await measure({ ...IN_PLACE, principle: brief })).toBeUndefined();
    expect(() => files()).toThrow("ENOENT");
  });

  it.each([
    ["nothing", ""],
    ["half of it", '{"balancedAccuracy":0.5,'],
    ["something else", '{"verdict":"good"}'],
    ["numbers that cannot be", '{"balancedAccuracy":7,"agreement":0,"n":24,"verdict":"good"}'],
  ])("are measured and written again where the file holds %s", async (_, damage) => {
    await measure();
    const [file = ""] = files();
    writeFileSync(file, damage);
    expect(await measure()).toEqual(FOUND);
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(FOUND);
    expect(files()).toEqual([file]);
  });

  it("are measured each time where nothing can be written", async () => {
    const noFolder = join(model, "judges");
    expect([await measure(IN_PLACE, noFolder), await measure(IN_PLACE, noFolder)]).toEqual([FOUND, FOUND]);
    expect(measurements).toBe(2);
  });

  it("have no file after an abort at any of the verdicts", async () => {
    for (let fatal = 1; fatal <= 48; fatal++) {
      const controller = new AbortController();
      const reason = new Error(`verdict ${fatal}`);
      let verdicts = 0;
      const engine = flatterer(() => ++verdicts === fatal && controller.abort(reason));
      const kept = keptCheckups({ folder, model, onMeasure: () => measurements++ });
      await expect(kept(engine, IN_PLACE, controller.signal)).rejects.toBe(reason);
    }
    expect(() => files()).toThrow("ENOENT");
  });
});

describe("The folder for what is kept", () => {
  it.each([
    { is: "where the environment says", environment: { XDG_CACHE_HOME: "/caches" }, folder: "/caches/rain-align" },
    {
      is: "in the home folder, where that is no absolute path",
      environment: { XDG_CACHE_HOME: "caches" },
      folder: atHome(".cache/rain-align"),
    },
    { is: "where macOS has such things", platform: "darwin", folder: atHome("Library/Caches/rain-align") },
    { is: "where Windows has them", platform: "win32", environment: { LOCALAPPDATA: "/local" }, folder: "/local/rain-align/Cache" },
    { is: "also on a Windows that does not say where", platform: "win32", folder: atHome("AppData/Local/rain-align/Cache") },
  ] as const)("is $is", ({ environment = {}, platform = "linux", folder: expected }: Place) => {
    expect(cacheFolder(environment, platform)).toBe(expected);
  });
});

interface Place {
  readonly environment?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  readonly folder: string;
}

function atHome(path: string): string {
  return join(homedir(), path);
}
