/** Models that were downloaded: what there is, and how to be rid of it. */
import { lstat, readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { didYouMean } from "../../core/check-options.ts";
import { EngineError } from "../../core/errors.ts";
import { modelsFolder, readInfo } from "./model-file.ts";

/** A file in the folder of downloaded models, or all files of a model in several parts. */
export interface CachedModel {
  /** The file's name; the first one's. */
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  /** When it was last read or written, as the file system tells; some keep that to the day. */
  readonly used: Date;
  /** Whether its download has not come to an end. The next attempt goes on from there. */
  readonly isPartial: boolean;
  /** What the file says of itself; missing where it is partial or damaged. */
  readonly about?: ModelAbout;
}

/** Metadata of a GGUF file, as far as it has it. */
export interface ModelAbout {
  readonly model?: string | undefined;
  readonly architecture: string;
  /** 0: the file is a vocabulary alone, for a model that a server has loaded. */
  readonly parameters: number;
  /** By llama.cpp's names, such as `Q4_K_M`. */
  readonly quantization?: string | undefined;
  /** The longest context that the model was made for, in tokens. */
  readonly contextSize?: number | undefined;
  readonly license?: string | undefined;
}

/** What node-llama-cpp calls a file whose download is under way. */
const PARTIAL = /\.gguf\.ipull$/;
const WHOLE = /\.gguf$/;

/** Of a model in several parts: which one this is. */
const PART = /-(\d{5})-of-\d{5}(?=\.gguf)/;

/** By name. Nothing but files of models right in the folder: what else somebody keeps there is theirs. */
export async function cachedModels(): Promise<readonly CachedModel[]> {
  const models: CachedModel[] = [];
  for (const files of await modelFiles()) models.push(await described(files));
  return models;
}

/**
 * Removes the files of one model. A link is removed, and what it points to stays.
 *
 * @param name as `cachedModels` says it
 * @throws {EngineError} `model-not-found`, for anything that is not in the folder of downloaded models
 */
export async function removeCachedModel(name: string): Promise<void> {
  const all = await modelFiles();
  const files = all.find(([first]) => first === name);
  if (files === undefined) {
    const hint = didYouMean(
      name,
      all.map(([first]) => first),
    );
    const expected = "Expected the name of a downloaded model, as `rain models` lists them";
    throw new EngineError("model-not-found", `${expected}, got \`${name}\`${hint}`);
  }
  for (const file of files) await rm(join(modelsFolder(), file));
}

/** Names of files, those of one model together. */
async function modelFiles(): Promise<readonly (readonly [first: string, ...others: string[]])[]> {
  const entries = await readdir(modelsFolder(), { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT") return [];
    throw new EngineError("model-unreadable", `Expected to read the folder of models \`${modelsFolder()}\`, got: ${cause.message}`, {
      cause,
    });
  });
  const names = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const models = new Map<string, [string, ...string[]]>();
  for (const name of names.filter((one) => WHOLE.test(one) || PARTIAL.test(one)).toSorted()) {
    const whole = name.replace(PART, "-of-");
    const others = models.get(whole);
    if (others === undefined) models.set(whole, [name]);
    else others.push(name);
  }
  return [...models.values()];
}

async function described([name, ...others]: readonly [string, ...string[]]): Promise<CachedModel> {
  const path = join(modelsFolder(), name);
  // A link whose file is gone is still there to be removed.
  const facts = await Promise.all(
    [name, ...others].map((file) => stat(join(modelsFolder(), file)).catch(() => lstat(join(modelsFolder(), file)))),
  );
  const bytes = facts.reduce((sum, { size }) => sum + size, 0);
  const used = new Date(Math.max(...facts.map(({ atimeMs, mtimeMs }) => Math.max(atimeMs, mtimeMs))));
  const isPartial = PARTIAL.test(name);
  const [first] = facts;
  const about = isPartial || first === undefined ? undefined : await aboutFile(path, first.size);
  // To be looked at is not to be used.
  if (first !== undefined && (await lstat(path)).isFile()) await utimes(path, first.atime, first.mtime).catch(() => undefined);
  return { name, path, bytes, used, isPartial, ...(about === undefined ? {} : { about }) };
}

async function aboutFile(path: string, bytes: number): Promise<ModelAbout | undefined> {
  try {
    const { metadata, architectureMetadata, fullTensorInfo = [] } = await readInfo(path, { model: path, bytes, signal: undefined });
    const { architecture, name, license, file_type: type } = metadata.general;
    const parameters = fullTensorInfo.reduce(
      (sum, { dimensions }) => sum + dimensions.reduce<number>((product, one) => product * Number(one), 1),
      0,
    );
    const quantization = await quantizationOf(type);
    const contextSize = architectureMetadata.context_length;
    return { model: textOf(name), architecture, parameters, quantization, contextSize, license: textOf(license) };
  } catch (cause) {
    if (cause instanceof EngineError) return undefined;
    throw cause;
  }
}

async function quantizationOf(type: unknown): Promise<string | undefined> {
  const { GgufFileType } = await import("node-llama-cpp");
  return typeof type === "number" ? GgufFileType[type]?.replace(/^(MOSTLY|ALL)_/, "") : undefined;
}

/** What a file says of itself may be anything. */
function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
