import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One file on loopback, with byte ranges, as model hubs serve them. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Bytes of the file that were sent in ranges. */
  readonly sent: () => number;
  /**
   * From now on hardly anything of the file from this byte on is sent: a trickle, so that who tells of progress has something to tell.
   * At first all of it is sent.
   */
  readonly hangAt: (byte: number) => void;
}

export async function serveFile(name: string, content: Buffer): Promise<FileServer> {
  let sent = 0;
  let end = Number.POSITIVE_INFINITY;
  const server = createServer((request, response) => {
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
