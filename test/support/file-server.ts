import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";

/** One file on loopback, with byte ranges, as model hubs serve them. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Bytes of the file that were sent in ranges, or, without them, that were taken. */
  readonly sent: () => number;
  /**
   * From now on hardly anything of the file from this byte on is sent: a trickle, so that who tells of progress has something to tell.
   * At first all of it is sent.
   */
  readonly hangAt: (byte: number) => void;
}

/** What it does otherwise. */
export interface FileServing {
  /** Whether it can send a part of the file. @default true */
  readonly hasRanges?: boolean;
  /** A status in place of an answer. */
  readonly refuses?: (request: IncomingMessage) => number | undefined;
  /** The version that is told. It is another file whenever it is another version. */
  readonly version?: () => string;
}

export async function serveFile(name: string, content: Buffer, options: FileServing = {}): Promise<FileServer> {
  const { hasRanges = true, refuses, version } = options;
  let sent = 0;
  let end = Number.POSITIVE_INFINITY;
  const server = createServer((request, response) => {
    const status = refuses?.(request);
    if (status !== undefined) return void response.writeHead(status).end();
    const wanted = request.headers["if-range"];
    if (version !== undefined) response.setHeader("etag", version());
    if (!hasRanges || (wanted !== undefined && wanted !== version?.())) {
      response.writeHead(200, { "content-length": content.length });
      if (request.method === "HEAD") return void response.end();
      const pieces = function* () {
        for (let at = 0; at < content.length; at += PIECE, sent += PIECE) yield content.subarray(at, at + PIECE);
      };
      return void Readable.from(pieces(), { highWaterMark: 1 }).pipe(response);
    }
    if (request.url?.startsWith("/v2/")) return void response.end(JSON.stringify({ ggufFile: { rfilename: name } }));
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const part = content.subarray(Number(from), to === "" ? undefined : Number(to) + 1);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      "accept-ranges": "bytes",
      "content-length": part.length,
      "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
    });
    if (request.method === "HEAD") return void response.end();
    const now = part.subarray(0, Math.max(0, end - Number(from)));
    if (request.headers.range !== undefined) sent += now.length;
    if (now.length === part.length) response.end(now);
    else trickle(response, part.subarray(now.length), now);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    sent: () => sent,
    hangAt: (byte) => {
      end = byte;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends `first` at once and of the rest a little every now and then, as long as the client is there to take it. */
function trickle(response: ServerResponse, rest: Buffer, first: Buffer): void {
  let at = 0;
  response.write(first);
  const timer = setInterval(() => {
    response.write(rest.subarray(at, at + DROP));
    at += DROP;
  }, 20);
  response.on("close", () => clearInterval(timer));
}

const DROP = 256;

const PIECE = 2 ** 16;
