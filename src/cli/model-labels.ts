import { basename } from "node:path";
import { UsageError } from "./failure.ts";

/** The same on every machine: the end of a path, or a model's name on a hub. */
export function labelOf(model: string): string {
  return /^\w{2,}:/.test(model) ? model : basename(model);
}

/** Results name models by their labels. */
export function checkDifferent(models: readonly string[]): void {
  const labels = models.map(labelOf);
  const twice = labels.find((label, index) => labels.indexOf(label) !== index);
  if (twice !== undefined) throw new UsageError(`Expected models of different names, got \`${twice}\` twice`);
}
