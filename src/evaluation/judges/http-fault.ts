import { HTTPError } from "ky";

/** The longest that is told of what a server says about an error. */
const EXCERPT = 200;

/** Why a request came to nothing, for a person: what the server said, or why it could not be reached. */
export async function httpFault(cause: unknown): Promise<string> {
  if (cause instanceof HTTPError) {
    const said = await cause.response.text().catch(() => "");
    return `${cause.response.status} ${cause.response.statusText} ${said.slice(0, EXCERPT)}`.trim();
  }
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message}: ${cause.cause.message}` : cause.message;
}
