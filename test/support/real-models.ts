import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A file of a real model, where there is one. */
export interface RealModel {
  readonly path: string;
  readonly isThere: boolean;
  /** For the title of tests that are left out without it; else empty. */
  readonly reason: string;
}

/** Looked for in RAIN_REAL_MODELS, else where models are kept that tests are run with: no test downloads anything. */
export function realModel(name: string): RealModel {
  return realFile(`${name}.gguf`);
}

/** The files of a tokenizer, by the first of them. */
export function realTokenizer(name: string): RealModel {
  return realFile(join(`${name}-tokenizer`, "tokenizer.json"));
}

function realFile(name: string): RealModel {
  const folder = process.env["RAIN_REAL_MODELS"] ?? join(homedir(), ".cache", "rain-models");
  const path = join(folder, name);
  const isThere = existsSync(path);
  return { path, isThere, reason: isThere ? "" : ` (left out: there is no ${path})` };
}
