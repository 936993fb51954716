import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Attachment } from "./world/message.ts";

/** What the platform serves on its one port. */
export interface Site {
  /** @param path behind the version, still encoded */
  readonly rest: (request: IncomingMessage, path: string, response: ServerResponse) => Promise<void>;
  readonly gateway: (socket: WebSocket, version: string | null) => void;
  readonly file: (id: string) => Attachment | undefined;
}

/** A port on loopback. */
export class WebServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(): Promise<WebServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new WebServer(server);
  }

  /** Host and port. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  serve(site: Site): void {
    this.#server.on("request", (request, response) => {
      const path = /^\/api\/v10(\/.*)$/.exec(request.url ?? "")?.[1];
      if (path === undefined) sendFile(site.file(/^\/files\/(\d+)\//.exec(request.url ?? "")?.[1] ?? ""), response);
      else void site.rest(request, path, response);
    });
    this.#server.on("upgrade", (request, socket, head) => {
      const { searchParams } = new URL(request.url ?? "", "ws://discord");
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => site.gateway(webSocket, searchParams.get("v")));
    });
  }

  /** Does not wait for clients that keep their connections open. */
  async close(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function sendFile(file: Attachment | undefined, response: ServerResponse): void {
  response.writeHead(file === undefined ? 404 : 200, { "content-type": file?.contentType ?? "application/octet-stream" });
  response.end(file?.content);
}
