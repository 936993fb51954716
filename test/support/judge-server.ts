import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** What a judge is sent. */
export interface JudgeRequest {
  readonly question: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

/** What it answers: its words, a whole response, or nothing ever. */
export type JudgeReply = string | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: string } | "never";

export interface JudgeServer extends AsyncDisposable {
  /** Where its API begins. */
  readonly url: string;
  /** All that it was sent so far. */
  readonly requests: readonly JudgeRequest[];
  /** The most that it had to do at once. */
  readonly mostAtOnce: () => number;
}

/** An OpenAI-compatible server on loopback, which says what a script says. */
export async function serveJudge(script: (request: JudgeRequest, at: number) => JudgeReply): Promise<JudgeServer> {
  const requests: JudgeRequest[] = [];
  let [open, most] = [0, 0];
  const server = createServer(async (request, response) => {
    if (request.url === "/v1/models") return void response.end(JSON.stringify({ data: [{ id: "only" }] }));
    if (request.url !== "/v1/chat/completions") return void response.writeHead(404).end("no such page");
    most = Math.max(most, ++open);
    const body = JSON.parse(await text(request)) as Record<string, unknown> & { messages: readonly [{ content: string }] };
    const asked = { question: body.messages[0].content, headers: request.headers, body };
    answer(response, script(asked, requests.push(asked) - 1));
    open--;
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    mostAtOnce: () => most,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The label of an option, as a question offers it. */
export function labelOf(question: string, wording: string): string {
  return new RegExp(`^\\((\\w)\\) ${wording}$`, "m").exec(question)?.[1] ?? "?";
}

export function completion(content: string, more: object = {}): { readonly body: string } {
  return { body: JSON.stringify({ choices: [{ message: { content }, ...more }], usage: { prompt_tokens: 100, completion_tokens: 2 } }) };
}

function answer(response: ServerResponse, reply: JudgeReply): void {
  if (reply === "never") return;
  const { status = 200, headers = {}, body } = typeof reply === "string" ? { ...completion(reply) } : reply;
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
}
