/** Fitted judges on disk: one file for each model, principle and way of prompting. */

import { createHash } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Principle, Settings } from "../core/index.ts";
import { builtInOf } from "./built-in-answers.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { Calibrated } from "./calibrate.ts";
import { PLACES } from "./places/place.ts";

/** Grows whenever places, wordings, the package's labelled answers or the fit change: what was fitted before is fitted anew. */
const VERSION = 5;

/** Where all commands and the library keep fitted judges, unless they are told another place. */
export function judgeFolder(): string {
  return join(cacheFolder(), "judges");
}

/** Whose judge it is. */
export interface JudgeKey {
  /** Content hash of the model's file. */
  readonly model: string;
  readonly principle: Principle;
  readonly prompting: Settings["prompting"];
}

/** What is kept of a calibration. */
export interface KeptJudge extends Calibrated {
  /** Where the labelled answers came from, for people. */
  readonly source: string;
}

const number = z.number();
const readout = z
  .strictObject({ tokens: z.array(z.int().min(0)), weights: z.array(number), bias: number })
  .refine(({ tokens, weights }) => tokens.length === weights.length && tokens.length > 0);
const share = z.number().min(0).max(1);
const fitness = z.strictObject({ judge: z.string(), principle: z.string(), auroc: share, low: share, high: share, n: z.int().min(1) });
const value = z.number().min(-1).max(1);
const valuesOfKind = z.array(z.strictObject({ whole: value, lowest: value.optional() })).min(1);
const measured = { ofGood: valuesOfKind, ofBad: valuesOfKind };
const fitted = z.strictObject({
  principle: z.string(),
  watch: readout,
  question: z
    .strictObject({ place: z.enum(PLACES), readout, joint: z.strictObject({ bias: number, watch: number, question: number }) })
    .optional(),
  sureFrom: number.nullable(),
  ...measured,
  alwaysAsked: z.strictObject(measured).optional(),
  schedule: z.strictObject({ firstCheck: z.int().min(1), checkGrowth: z.number().min(2), maxCheckGap: z.int().min(1) }),
  fitness,
});
const candidate = z.strictObject({
  name: z.string(),
  chosen: z.boolean(),
  auroc: share,
  low: share,
  high: share,
  balancedAccuracy: share,
  ece: share,
  aurocOfBeginnings: share.optional(),
  tokensPerVerdict: number,
  milliseconds: number.optional(),
});
const kept = z.strictObject({
  version: z.literal(VERSION),
  model: z.string(),
  fitted,
  candidates: z.array(candidate),
  why: z.string(),
  questionTokensPerToken: number,
  source: z.string(),
});

/** The name of a judge's file: the same for the same model, wording and version. */
export function judgeFile({ model, principle, prompting }: JudgeKey): string {
  const { question, good, bad, horizon } = principle;
  const examples = builtInOf(principle) === undefined ? principle.examples : [];
  const key = JSON.stringify({ VERSION, model, question, good, bad, horizon, examples, prompting });
  return `${createHash("sha256").update(key).digest("hex").slice(0, 32)}.json`;
}

/** Judges as their files said, by path. Each answer asks for its judge, and to read and check one takes as long as some tokens. */
const READ = new LRUCache<string, { readonly version: string; readonly judge: KeptJudge }>({ max: 64 });

/** What is missing, damaged, or of another model or version is `undefined`: it is fitted anew. The same object as long as the file stays as it is. */
export async function readJudge(folder: string, key: JudgeKey): Promise<KeptJudge | undefined> {
  const path = join(folder, judgeFile(key));
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    const version = [ino, mtimeNs, size].join();
    const known = READ.get(path);
    if (known?.version === version) return known.judge;
    const read = kept.safeParse(JSON.parse(await readFile(path, "utf8")));
    if (!read.success || read.data.model !== key.model) return undefined;
    const judge = read.data as KeptJudge;
    READ.set(path, { version, judge });
    return judge;
  } catch {
    return undefined;
  }
}

/** Written beside its place and moved there when it is whole, so that neither Ctrl-C nor another process ever meets half a judge. */
export async function writeJudge(folder: string, key: JudgeKey, judge: KeptJudge): Promise<void> {
  const path = join(folder, judgeFile(key));
  const unfinished = `${path}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(unfinished, `${JSON.stringify({ version: VERSION, model: key.model, ...judge })}\n`);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/** Bytes of each sample, and how many are spread over a file. */
const SAMPLE_BYTES = 65_536;
const SAMPLES = 64;

/** Hash of a file's length, its beginning and samples of the rest: as good as one of all of it, at once for a file of many gigabytes. */
export async function contentHash(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const hash = createHash("sha256").update(String(size));
    const step = Math.max(SAMPLE_BYTES, Math.floor((size - SAMPLE_BYTES) / SAMPLES));
    for (let at = 0; at < size; at += step) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, at);
      hash.update(buffer.subarray(0, bytesRead));
    }
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}
