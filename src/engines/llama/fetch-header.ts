/** Fetches the header of a GGUF file from a server, and no more of it than that takes. */
import { z } from "zod";
import { EngineError } from "../../core/errors.ts";
import { type HeaderShape, headerShape } from "./gguf-header.ts";
import { checkMagic, HUGGING_FACE, isWeb, type ModelRequest } from "./model-file.ts";

/** The beginning of a file, and what stands where in it. */
export interface Header extends HeaderShape {
  readonly bytes: Buffer;
}

/** So much is fetched at first; each time that it is not enough, as much again. */
const FIRST_BYTES = 2 ** 22;

/** No header is longer: with 262,144 tokens it takes 16 MB. */
const MOST_BYTES = 2 ** 27;

/** What a hub says of a quantisation. */
const manifest = z.object({ ggufFile: z.object({ rfilename: z.string() }) });

/** `hf:owner/repository`, then a quantisation or a file, perhaps on a branch. */
const HUB_NAME = /^\w+:(?:\/\/)?([^/:]+)\/([^/:]+)(?::([^/]+)|\/([^#]+)(?:#(.+))?)?$/;

/**
 * @returns `undefined` where the server does not give it out
 * @throws {EngineError} where there is no GGUF file
 */
export async function fetchHeader({ model, hub = HUGGING_FACE, signal }: ModelRequest): Promise<Header | undefined> {
  const address = isWeb(model) ? model : await addressOf(model, hub, signal);
  if (address === undefined) return undefined;
  const pieces: Buffer[] = [];
  let [length, enough] = [0, FIRST_BYTES];
  for await (const piece of piecesOf(address, signal)) {
    if (piece === undefined) return undefined;
    pieces.push(piece);
    length += piece.length;
    if (length < enough) continue;
    const header = headerIn(Buffer.concat(pieces), model);
    if (header !== undefined || length >= MOST_BYTES) return header ?? noHeader(model, length);
    enough = 2 * length;
  }
  return headerIn(Buffer.concat(pieces), model) ?? noHeader(model, length);
}

function noHeader(model: string, length: number): never {
  throw new EngineError("model-unreadable", `Expected \`model\` \`${model}\` to have a whole GGUF header, got none in ${length} bytes`);
}

/** `undefined`: it does not end in there. */
function headerIn(bytes: Buffer, model: string): Header | undefined {
  checkMagic(bytes, model);
  try {
    return { bytes, ...headerShape(bytes) };
  } catch (cause) {
    if (cause instanceof RangeError) return undefined;
    throw cause;
  }
}

/** By ranges of bytes. A server that knows none sends all of the file: it is hung up on when nobody asks for more. `undefined`: it sends nothing. */
async function* piecesOf(address: string, signal: AbortSignal | undefined): AsyncGenerator<Buffer | undefined> {
  let size = FIRST_BYTES;
  let version: string | null = null;
  for (let start = 0; ; start += size, size = start) {
    const response = await fetch(address, { signal: signal ?? null, headers: { ...bytesOf(start, size), ...onlyOf(version) } });
    if (!response.ok) return yield undefined;
    // Of a file that was exchanged meanwhile all is sent, too.
    if (start > 0 && response.status !== 206) throw new Error("the file was exchanged while it was read");
    version = response.headers.get("etag");
    for await (const piece of response.body ?? []) yield Buffer.from(piece);
    const total = Number(response.headers.get("content-range")?.split("/")[1]);
    if (response.status !== 206 || start + size >= total) return;
  }
}

function bytesOf(start: number, size: number): Record<string, string> {
  return { range: `bytes=${start}-${start + size - 1}`, "accept-encoding": "identity" };
}

/** A weak name of a version stands for several files. */
function onlyOf(version: string | null): Record<string, string> {
  return version === null || version.startsWith("W/") ? {} : { "if-range": version };
}

/** Where a file of a repository is, by `hf:owner/repository/path`; `undefined`: that names no file. */
export function fileAddress(model: string, hub: string): string | undefined {
  const [, owner, repository, , path, branch = "main"] = HUB_NAME.exec(model) ?? [];
  return path && `${rootOf(hub)}${owner}/${repository}/resolve/${encodeURIComponent(branch)}/${path}`;
}

function rootOf(hub: string): string {
  return hub.replace(/\/*$/, "/");
}

/** `undefined`: the hub does not say it. */
async function addressOf(model: string, hub: string, signal: AbortSignal | undefined): Promise<string | undefined> {
  const file = fileAddress(model, hub);
  if (file !== undefined) return file;
  const root = rootOf(hub);
  const [, owner, repository, quantisation = "latest"] = HUB_NAME.exec(model) ?? [];
  const response = await fetch(`${root}v2/${owner}/${repository}/manifests/${quantisation}`, {
    signal: signal ?? null,
    // Hubs name the file of a quantisation to llama.cpp alone.
    headers: { "user-agent": "llama-cpp" },
  });
  const said = response.ok ? manifest.safeParse(await response.json()) : undefined;
  return said?.data && `${root}${owner}/${repository}/resolve/main/${said.data.ggufFile.rfilename}`;
}
