import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One file on loopback, with byte ranges, as model hubs serve them. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
  /** Bytes of the file that were sent in ranges. */
  readonly sent: () => number;
  /** From now on nothing of the file from this byte on is sent: the network hangs there. At first it hangs nowhere. */
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
    else response.write(now);
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
