/**
 * Draws what was measured: quality against cost, and cost as work grows, from the newest files of results.
 *
 *   npm run bench:plot -- [--folder bench/results]
 *
 * Reads `YYYY-MM-DD-quality.json` (from `bench:quality --out`) and `YYYY-MM-DD-growth.json` (from `bench:speed --growth --out`),
 * and writes an SVG of the same name beside each.
 */
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { GROWTH_RESULTS, growthFigure, qualityFigure } from "./plot/figures.ts";
import { QUALITY_RESULTS } from "./quality-results.ts";
import { readResults } from "./results-file.ts";

const { values } = parseArgs({ options: { folder: { type: "string", default: fileURLToPath(new URL("results", import.meta.url)) } } });

const quality = newest("quality");
const growth = newest("growth");
if (quality === undefined && growth === undefined)
  throw new RangeError(`Expected \`--folder\` to hold YYYY-MM-DD-quality.json or YYYY-MM-DD-growth.json, got \`${values.folder}\``);
if (quality !== undefined) draw(quality, readResults(quality, QUALITY_RESULTS), qualityFigure);
if (growth !== undefined) draw(growth, readResults(growth, GROWTH_RESULTS), growthFigure);

function newest(kind: "quality" | "growth"): string | undefined {
  const name = readdirSync(values.folder)
    .filter((file) => /^\d{4}-\d{2}-\d{2}-/.test(file) && file.slice("2000-01-01-".length) === `${kind}.json`)
    .sort()
    .at(-1);
  return name === undefined ? undefined : join(values.folder, name);
}

function draw<Results>(path: string, results: Results | undefined, figureOf: (results: Results) => string): void {
  if (results === undefined) return;
  const drawn = path.replace(/\.json$/, ".svg");
  writeFileSync(drawn, figureOf(results));
  console.log(drawn);
}
