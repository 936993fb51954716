import { createWriteStream, existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import ky from "ky";
import { DataError } from "./readers/index.ts";

/** Where a public file comes from. Its licence is its owner's: look there before any other use. */
export interface PublicFile {
  readonly url: string;
  /** What it is kept as; by its end its format is known. */
  readonly file: string;
}

const GITHUB = "https://raw.githubusercontent.com";
const HH_RLHF = "https://huggingface.co/datasets/Anthropic/hh-rlhf/resolve/main";

/** Data by name. */
export const PUBLIC_DATA = {
  truthfulqa: { url: `${GITHUB}/sylinrl/TruthfulQA/main/TruthfulQA.csv`, file: "truthfulqa.csv" },
  advbench: { url: `${GITHUB}/llm-attacks/llm-attacks/main/data/advbench/harmful_behaviors.csv`, file: "advbench.csv" },
  xstest: { url: `${GITHUB}/paul-rottger/xstest/main/xstest_prompts.csv`, file: "xstest.csv" },
  "hh-harmless": { url: `${HH_RLHF}/harmless-base/test.jsonl.gz`, file: "hh-harmless.jsonl.gz" },
  "hh-helpful": { url: `${HH_RLHF}/helpful-base/test.jsonl.gz`, file: "hh-helpful.jsonl.gz" },
  "hh-red-team": { url: `${HH_RLHF}/red-team-attempts/red_team_attempts.jsonl.gz`, file: "hh-red-team.jsonl.gz" },
} as const satisfies Readonly<Record<string, PublicFile>>;

export interface FetchOptions {
  /** Where files are kept, so that each is fetched once. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Told before something is fetched. */
  readonly onFetch: (url: string) => void;
  /** A longer file is none of these. @default 256 MiB */
  readonly mostBytes?: number;
}

const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The path of a public file on this machine, fetched if it is not there yet.
 *
 * @throws {DataError} when it cannot be fetched or kept; and the signal's reason
 */
export async function fetchPublicFile(
  { url, file }: PublicFile,
  { folder, signal, onFetch, mostBytes = MOST_BYTES }: FetchOptions,
): Promise<string> {
  const path = join(folder, file);
  if (existsSync(path)) return path;
  // Two processes may fetch the same file at once: each has its own, and the last one stays.
  const partial = `${path}.${process.pid}.partial`;
  onFetch(url);
  try {
    const { body, headers } = await ky.get(url, { signal, retry: 2, timeout: false });
    // What a proxy or a guest network says instead: kept, it would be found again each time.
    if (headers.get("content-type")?.startsWith("text/html") === true) throw new TypeError("a page instead of data");
    await mkdir(folder, { recursive: true });
    await pipeline(Readable.fromWeb(body as ReadableStream), (bytes) => atMost(bytes, mostBytes), createWriteStream(partial), { signal });
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true });
    signal.throwIfAborted();
    throw unreachable(url, cause);
  }
  return path;
}

async function* atMost(bytes: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array, void, void> {
  let length = 0;
  for await (const part of bytes) {
    length += part.length;
    if (length > most) throw new RangeError(`more than ${most} bytes`);
    yield part;
  }
}

function unreachable(url: string, cause: unknown): DataError {
  const reasons = [cause, cause instanceof Error ? cause.cause : undefined].filter((one) => one instanceof Error);
  const reason = reasons.map(({ message }) => message).join(": ");
  return new DataError(`Expected to fetch ${url} (or give \`--data\` the path of a file that is here already), got: ${reason}`, {
    path: url,
    cause,
  });
}
