import type { RainOptions } from "../../core/index.ts";

/** How answers were written, in one line: what was put over the options of the task. */
export function decodingWords(options: RainOptions): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} ${wordOf(value)}`)
    .join(", ");
}

/** A principle by its name, examples by their number. */
function wordOf(value: unknown): string {
  if (Array.isArray(value)) return `${value.length} of one's own`;
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : String(value);
}
