/**
 * How much of JSON Schema the output formats obey: every schema of the JSON Schema Test Suite is compiled, and every text of its tests is written
 * byte by byte.
 *
 *   npm run bench:formats -- [FOLDER] [--model M] [--json] [--missed]
 *
 * FOLDER is `tests/draft2020-12` of https://github.com/json-schema-org/JSON-Schema-Test-Suite. `--missed` lists what is not as the suite asks.
 * `--model` measures with the vocabulary of a model how long schemas as people write them take to compile, and one read of what may follow.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { FormattedText, JsonSchema } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { z } from "zod";
import { JsonFormats } from "../src/engines/json-format/formats.ts";
import { FORMAT_NAMES } from "../src/engines/json-format/string-formats.ts";
import { measureFormats } from "./format-speed.ts";

const GROUPS = z.array(
  z.object({
    description: z.string(),
    schema: z.union([z.boolean(), z.record(z.string(), z.unknown())]),
    tests: z.array(z.object({ description: z.string(), data: z.unknown(), valid: z.boolean() })),
  }),
);

/** Keywords that are refused, and files that are not about a keyword or take `format` for a mere description. */
const LEFT_OUT: ReadonlySet<string> = new Set(["uniqueItems", "dynamicRef", "refRemote", "vocabulary", "format"]);

/** Members of an object may stand in any order: so many orders are tried. */
const MOST_ORDERS = 5_000;

const END = 256;

interface Row {
  readonly keyword: string;
  readonly isObeyed: boolean;
  schemas: number;
  refused: number;
  valid: number;
  validWritten: number;
  /** Valid texts of a type that the schema says nothing of. */
  otherType: number;
  invalid: number;
  invalidWritten: number;
  /** Valid texts that cannot be written, and texts of refused schemas. */
  missed: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: "boolean", default: false }, missed: { type: "boolean", default: false }, model: { type: "string" } },
});
const [folder] = positionals;
if (folder === undefined && values.model === undefined)
  throw new RangeError("Expected a folder of the test suite, or `--model`, got neither");
if (folder !== undefined && !existsSync(join(folder, "pattern.json")))
  throw new RangeError(`Expected the folder tests/draft2020-12 of the test suite, got \`${folder}\``);

const formats = new JsonFormats(() => ({
  size: 257,
  bytesOf: (token) => (token === END ? undefined : String.fromCharCode(token)),
  isEnd: (token) => token === END,
}));

if (folder !== undefined) printSuite(folder);
if (values.model !== undefined) await printSpeed(values.model);

function printSuite(suite: string): void {
  const files = [...filesIn(suite, "", LEFT_OUT), ...filesIn(suite, "optional/format", new Set())];
  const rows = files.map(({ name, path, isLeftOut }) => measured(name, path, isLeftOut));
  const obeyed = rows.filter(({ isObeyed }) => isObeyed);
  const total = summed("all that is obeyed", obeyed);
  if (values.json) {
    console.log(JSON.stringify({ total, rows }));
    return;
  }
  console.log(
    "| keyword | schemas taken | valid texts written | of a type not spoken of | invalid texts written | as asked | the rest as asked |",
  );
  console.log("|---|---|---|---|---|---|---|");
  for (const row of [...obeyed, total, ...rows.filter(({ isObeyed }) => !isObeyed)]) console.log(rowText(row));
}

async function printSpeed(model: string): Promise<void> {
  await using engine = await loadLlamaEngine({ model, gpu: false });
  const speeds = measureFormats(engine);
  if (values.json) {
    console.log(JSON.stringify({ model: engine.facts.model, vocabulary: engine.facts.vocabularySize, speeds }));
    return;
  }
  console.log(
    `${engine.facts.model}, ${engine.facts.vocabularySize} tokens\n\n| schema | compile (ms) | a read (ms) | the slowest |\n|---|---|---|---|`,
  );
  for (const { schema, compile, read, slowest } of speeds)
    console.log(`| ${schema} | ${compile.toFixed(2)} | ${read.toFixed(2)} | ${slowest.toFixed(1)} |`);
}

function filesIn(suite: string, part: string, leftOut: ReadonlySet<string>): { name: string; path: string; isLeftOut: boolean }[] {
  const names = readdirSync(join(suite, part)).filter((file) => file.endsWith(".json"));
  return names.map((file) => {
    const name = file.slice(0, -".json".length);
    const isLeftOut = part === "" ? leftOut.has(name) : !FORMAT_NAMES.includes(name);
    return { name: part === "" ? name : `format: ${name}`, path: join(suite, part, file), isLeftOut };
  });
}

function measured(keyword: string, path: string, isLeftOut: boolean): Row {
  const row = emptyRow(keyword, !isLeftOut);
  for (const { description, schema, tests } of GROUPS.parse(JSON.parse(readFileSync(path, "utf8")))) {
    row.schemas++;
    // A schema that is no object is none that a format takes: as a part of one, it is.
    const format = { type: "json", schema: typeof schema === "boolean" ? { allOf: [schema] } : schema } as const;
    const refusedFor = refusal(format.schema);
    if (refusedFor !== undefined) row.refused++;
    for (const test of tests) {
      row[test.valid ? "valid" : "invalid"]++;
      const found = refusedFor === undefined ? judge(format.schema, test.data) : isUnfulfillable(refusedFor) ? "no" : "refused";
      if (test.valid && found === "yes") row.validWritten++;
      if (test.valid && found === "other type") row.otherType++;
      if (!test.valid && found === "yes") row.invalidWritten++;
      const isAsAsked = found === "refused" ? false : test.valid === (found === "yes");
      if (isAsAsked) continue;
      row.missed++;
      if (values.missed)
        console.error([keyword, description, test.description, refusedFor ?? found, JSON.stringify(test.data)].join(" | "));
    }
  }
  return row;
}

function refusal(schema: JsonSchema): string | undefined {
  try {
    formats.check({ type: "json", schema });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A schema that no value fulfils is refused, as it should be: it asks for no text. */
function isUnfulfillable(message: string): boolean {
  return /that no (JSON|finite) value|without any value|` above `/.test(message);
}

function judge(schema: JsonSchema, data: unknown): "yes" | "no" | "other type" {
  let tried = 0;
  for (const text of orders(data)) {
    if (isWritten(schema, text)) return "yes";
    if (++tried === MOST_ORDERS) break;
  }
  return written(schema, JSON.stringify(data).slice(0, 1)) === undefined ? "other type" : "no";
}

function isWritten(schema: JsonSchema, text: string): boolean {
  return written(schema, text)?.allows(END) === true;
}

function written(schema: JsonSchema, text: string): FormattedText | undefined {
  let state: FormattedText | undefined = formats.begin({ format: { type: "json", schema }, prefix: [] });
  for (const byte of new TextEncoder().encode(text)) state = state?.after(byte);
  return state;
}

/** The texts of a value, with the members of its objects in every order. */
function* orders(value: unknown): Generator<string> {
  if (Array.isArray(value)) yield* joined(value, (items) => `[${items.join(",")}]`);
  else if (typeof value === "object" && value !== null) {
    for (const names of permuted(Object.keys(value)))
      yield* joined(
        names.map((name) => (value as Record<string, unknown>)[name]),
        (items) => `{${items.map((item, index) => `${JSON.stringify(names[index])}:${item}`).join(",")}}`,
      );
  } else yield JSON.stringify(value);
}

function* joined(
  values: readonly unknown[],
  whole: (items: readonly string[]) => string,
  texts: readonly string[] = [],
): Generator<string> {
  if (texts.length === values.length) yield whole(texts);
  else for (const text of orders(values[texts.length])) yield* joined(values, whole, [...texts, text]);
}

function* permuted(names: readonly string[]): Generator<readonly string[]> {
  if (names.length === 0) yield [];
  for (const name of names) for (const rest of permuted(names.filter((other) => other !== name))) yield [name, ...rest];
}

function emptyRow(keyword: string, isObeyed: boolean): Row {
  const counts = { schemas: 0, refused: 0, valid: 0, validWritten: 0, otherType: 0, invalid: 0, invalidWritten: 0, missed: 0 };
  return { keyword, isObeyed, ...counts };
}

function summed(keyword: string, all: readonly Row[]): Row {
  const sum = emptyRow(keyword, true);
  for (const row of all)
    for (const count of ["schemas", "refused", "valid", "validWritten", "otherType", "invalid", "invalidWritten", "missed"] as const)
      sum[count] += row[count];
  return sum;
}

function rowText({ keyword, isObeyed, schemas, refused, valid, validWritten, otherType, invalid, invalidWritten, missed }: Row): string {
  const texts = valid + invalid;
  const share = (of: number) => `${((100 * (texts - missed)) / of).toFixed(1)} % (${texts - missed} of ${of})`;
  const written = [`${schemas - refused} of ${schemas}`, `${validWritten} of ${valid}`, otherType, `${invalidWritten} of ${invalid}`];
  const cells = [...written, share(texts), share(texts - otherType)];
  return `| ${isObeyed ? keyword : `(${keyword})`} | ${cells.join(" | ")} |`;
}
