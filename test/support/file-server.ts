import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** One file on loopback, with byte ranges, as model hubs serve them. */
export interface FileServer extends AsyncDisposable {
  readonly url: string;
}

export async function serveFile(name: string, content: Buffer): Promise<FileServer> {
  const server = createServer((request, response) => {
    const [, from = "0", to = ""] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
    const part = content.subarray(Number(from), to === "" ? undefined : Number(to) + 1);
    response.writeHead(request.headers.range === undefined ? 200 : 206, {
      "accept-ranges": "bytes",
      "content-length": part.length,
      "content-range": `bytes ${from}-${Number(from) + part.length - 1}/${content.length}`,
    });
    response.end(request.method === "HEAD" ? undefined : part);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
