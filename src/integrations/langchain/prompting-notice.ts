import { type Engine, promptingNotice, type RainOptions } from "../../core/index.ts";
import { tell } from "./notice.ts";

/** Engines of which it was said, for all chat models of a process. */
const TOLD = new WeakSet<Engine>();

/** Tells once of an engine that is prompted in a way that nobody asked for. */
export function noticePrompting(engine: Engine, options: RainOptions, onNotice: (notice: string) => void): void {
  const notice = TOLD.has(engine) ? undefined : promptingNotice(engine, options);
  if (notice === undefined) return;
  TOLD.add(engine);
  tell(onNotice, notice);
}
