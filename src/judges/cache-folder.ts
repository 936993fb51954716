import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

const NAME = "rain-align";

/** What may be deleted at any time, and is then found out again. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  const named = environment["XDG_CACHE_HOME"];
  // The specification says that a relative path is to be ignored.
  if (named !== undefined && isAbsolute(named)) return join(named, NAME);
  if (platform === "darwin") return join(homedir(), "Library", "Caches", NAME);
  if (platform === "win32") return join(environment["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), NAME, "Cache");
  return join(homedir(), ".cache", NAME);
}
