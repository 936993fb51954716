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

/** GGUF's number for numbers of 64 bits. */
const WIDE = 10;

const kept = z.object({ rain: z.object({ parameters: z.bigint() }) });

/** Numbers that the whole model has learned, where its tensors were left out. */
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

/** What llama.cpp takes for a vocabulary. */
function withoutTensors({ bytes, entries, metadataStart, metadataEnd, parameters }: Header): Buffer {
  const counts = Buffer.alloc(16);
  counts.writeBigUInt64LE(BigInt(entries + 1), 8);
  const key = Buffer.from(PARAMETERS);
  const lengths = [Buffer.alloc(8), Buffer.alloc(4), Buffer.alloc(8)] as const;
  lengths[0].writeBigUInt64LE(BigInt(key.length));
  lengths[1].writeUInt32LE(WIDE);
  lengths[2].writeBigUInt64LE(BigInt(parameters));
  const ours = [lengths[0], key, lengths[1], lengths[2]];
  return Buffer.concat([bytes.subarray(0, COUNTS_START), counts, bytes.subarray(metadataStart, metadataEnd), ...ours]);
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
