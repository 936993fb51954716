import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A file that was sent along with a request. */
export interface RestFile {
  /** Name of the form's field, such as `files[0]`. */
  readonly field: string;
  readonly name: string;
  readonly contentType: string;
  readonly content: Buffer;
}

/** A request to the REST interface, and what became of it. */
export interface RestRequest {
  readonly method: Method;
  /** The route's template, such as `/channels/:channel/messages`; for a route that there is not, its path. */
  readonly route: string;
  /** Behind the version, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  readonly files: readonly RestFile[];
  /** Milliseconds since 1970, by the platform's clock. */
  readonly atMs: number;
  /** `undefined` while it is being answered. */
  status: number | "hung up" | undefined;
  /** What was answered. */
  answer: unknown;
}

export interface RawBody {
  readonly body: unknown;
  readonly files: readonly RestFile[];
}

/** The body of a request: JSON, or a form with JSON and files in it. */
export async function readBody(request: IncomingMessage): Promise<RawBody> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const raw = Buffer.concat(chunks);
  const contentType = request.headers["content-type"] ?? "";
  if (contentType.startsWith("multipart/form-data")) return readForm(raw, contentType);
  return { body: raw.length === 0 ? undefined : parsed(raw.toString()), files: [] };
}

async function readForm(raw: Buffer, contentType: string): Promise<RawBody> {
  const form = await new Response(new Uint8Array(raw), { headers: { "content-type": contentType } }).formData();
  const files: RestFile[] = [];
  let body: unknown;
  for (const [field, value] of form) {
    if (typeof value === "string") body = field === "payload_json" ? parsed(value) : body;
    else files.push({ field, name: value.name, contentType: value.type, content: Buffer.from(await value.arrayBuffer()) });
  }
  return { body, files };
}

/** What is no JSON is kept as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Every text in a request: in its body, however deep, and in the files with it. */
export function sentTexts({ body, files }: RestRequest): readonly string[] {
  return [...textsIn(body), ...files.map(({ content }) => content.toString())];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}
