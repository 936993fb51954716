import { reasonOf, UsageError } from "./failure.ts";
import { readTextFile } from "./read-text.ts";

/** What a YAML or JSON file says. JSON is YAML. */
export async function readDataFile(path: string): Promise<unknown> {
  const text = await readTextFile(path);
  // Most runs read no such file.
  const { parse } = await import("yaml");
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`Expected \`${path}\` to be YAML or JSON, got: ${reasonOf(error)}`, { cause: error });
  }
}
