import { join } from "node:path";
import { cacheFolder } from "./cache-folder.ts";

/** Where fitted judges are kept: all commands share them. */
export function judgeFolder(): string {
  return join(cacheFolder(), "judges");
}
