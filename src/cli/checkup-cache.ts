import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Checkup, type MeasureJudge, measureJudge } from "../core/index.ts";
import { VERSION } from "./version.ts";

const share = z.number().min(0).max(1);

const checkupShape: z.ZodType<Checkup> = z.union([
  z.strictObject({ balancedAccuracy: share, agreement: share, n: z.int().min(1), verdict: z.enum(["good", "weak", "unfit"]) }),
  z.strictObject({ verdict: z.literal("unfit"), reason: z.string() }),
]);

export interface CheckupCache {
  readonly folder: string;
  /** The model's file. */
  readonly model: string;
  /** Told before a judge is measured of whom nothing is known. */
  readonly onMeasure: () => void;
}

/** Measures a judge once for each model, principle, way of judging and version of this package: on a large model it can take a minute. */
export function keptCheckups({ folder, model, onMeasure }: CheckupCache): MeasureJudge {
  return async (engine, choice, signal) => {
    const { size, mtimeMs } = statSync(model);
    const key = JSON.stringify({ version: VERSION, model, size, mtimeMs, choice });
    const path = join(folder, `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`);
    const kept = read(path);
    if (kept !== undefined) return kept;
    onMeasure();
    const checkup = await measureJudge(engine, choice, signal);
    if (checkup !== undefined) write(path, checkup);
    return checkup;
  };
}

/** What is missing, damaged or of another shape is measured again. */
function read(path: string): Checkup | undefined {
  try {
    return checkupShape.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}

/** All in one tick and by a rename, so that neither Ctrl-C nor another process ever meets half a file. */
function write(path: string, checkup: Checkup): void {
  const unfinished = `${path}.${process.pid}`;
  try {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(unfinished, JSON.stringify(checkup));
    renameSync(unfinished, path);
  } catch {
    // A folder that cannot be written costs the same time again on the next run, and nothing else.
  }
}
