import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cacheFolder } from "../../src/judges/index.ts";

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
