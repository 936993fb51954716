import ky from "ky";
import { z } from "zod";
import { httpFault } from "./http-fault.ts";
import { JudgeDownError } from "./judge-down-error.ts";

const models = z.object({ data: z.array(z.object({ id: z.string() })) });

/** The longest that one waits for a list. */
const TIMEOUT_MS = 10_000;

/**
 * The only model behind an address, as local servers have it.
 *
 * @throws {JudgeDownError} when there are several, or nobody says which there are
 */
export async function onlyModel(url: string, key: string | undefined): Promise<string> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const listed = await ky
    .get("models", { prefixUrl: url, headers, timeout: TIMEOUT_MS, retry: 1 })
    .json()
    .then((list) => models.parse(list).data.map(({ id }) => id))
    .catch(async (cause: unknown) => {
      const isOther = cause instanceof z.ZodError || cause instanceof SyntaxError;
      const fault = isOther ? "" : `: ${await httpFault(cause)}`;
      throw unknown(url, `nobody said which there are${fault}`, cause);
    });
  const [only, ...others] = listed;
  if (only !== undefined && others.length === 0) return only;
  throw unknown(url, listed.length === 0 ? "none" : `${listed.slice(0, 5).join(", ")}${listed.length > 5 ? " .." : ""}`);
}

function unknown(url: string, found: string, cause?: unknown): JudgeDownError {
  return new JudgeDownError(`Expected \`--judge-model\` to name a model at ${url}, got none (there: ${found})`, { judge: url, cause });
}
