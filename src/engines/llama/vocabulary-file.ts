/** The file that a vocabulary is read from. Of a model on the network its header alone is fetched, and kept as a GGUF file without tensors. */
import { randomUUID } from "node:crypto";
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Llama } from "node-llama-cpp";
import { z } from "zod";
import { EngineError } from "../../core/errors.ts";
import { failure } from "./failure.ts";
import { fetchHeader, type Header } from "./fetch-header.ts";
import {
  cacheName,
  checkAddress,
  checkFetched,
  downloaded,
  findModelFile,
  isRemote,
  type ModelFile,
  type ModelRequest,
  modelsFolder,
} from "./model-file.ts";

/** Behind the name of the model: by it nobody finds the file who looks for a whole model. */
const ENDING = ".vocabulary.gguf";

/** Where a header says how many tensors there are: behind its magic number and its version. */
const COUNTS_START = 8;

/** A key of ours in what is kept: numbers in the tensors that were left out. */
const PARAMETERS = "rain.parameters";

/** How keys begin by which a file is one of several parts. */
const PARTS = "split.";

/** GGUF's number for numbers of 64 bits. */
const WIDE = 10;

const kept = z.object({ rain: z.object({ parameters: z.bigint() }) });

/** Numbers in the tensors that were left out; of a model in several parts, those of the first one. */
export function parametersIn({ metadata }: ModelFile["info"]): number | undefined {
  const { data } = kept.safeParse(metadata);
  return data && Number(data.rain.parameters);
}

/**
 * A whole model that was downloaded is taken as it is. Where a header is not given out, as by hubs that want to know who asks, the whole model is downloaded: the
 * library knows how to say who asks.
 *
 * @throws {EngineError} as `findModelFile` does
 */
export async function findVocabularyFile(request: ModelRequest, startLlama: () => Promise<Llama>): Promise<ModelFile> {
  const { model, signal } = request;
  const checking = { model, startLlama, signal, needsTensors: false };
  if (!isRemote(model)) return await findModelFile(request, startLlama, false);
  checkAddress(model);
  const path = join(modelsFolder(), `${cacheName(model)}${ENDING}`);
  if ((await downloaded(request)) === undefined && ((await isThere(path)) || (await fetchVocabulary(path, request))))
    return await checkFetched(path, checking);
  return await findModelFile(request, startLlama, false);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** @returns whether it is there now */
async function fetchVocabulary(path: string, request: ModelRequest): Promise<boolean> {
  const { model, signal } = request;
  try {
    const header = await fetchHeader(request);
    if (header === undefined) return false;
    await mkdir(modelsFolder(), { recursive: true });
    await writeWhole(path, withoutTensors(header));
    return true;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof EngineError) throw cause;
    throw failure(
      "download-failed",
      `to download the header of \`model\` \`${model}\` (or give the path of a file that is here already)`,
      cause,
    );
  }
}

/** What llama.cpp takes for a vocabulary: the metadata, but for what says that there are more parts. */
function withoutTensors({ bytes, entries, parameters }: Header): Buffer {
  const kept = entries.map(({ start, end }) => bytes.subarray(start, end)).filter((entry) => !keyOf(entry).startsWith(PARTS));
  const noTensors = wide(0);
  const ours = [wide(PARAMETERS.length), Buffer.from(PARAMETERS), Buffer.from([WIDE, 0, 0, 0]), wide(parameters)];
  return Buffer.concat([bytes.subarray(0, COUNTS_START), noTensors, wide(kept.length + 1), ...kept, ...ours]);
}

function keyOf(entry: Buffer): string {
  const start = 8;
  return entry.toString("utf8", start, start + Number(entry.readBigUInt64LE()));
}

/** A number of 64 bits. */
function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** There is never half a file at `path`, whoever else writes it. */
async function writeWhole(path: string, content: Buffer): Promise<void> {
  const partial = `${path}.${randomUUID()}`;
  try {
    await writeFile(partial, content);
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    throw cause;
  }
}
