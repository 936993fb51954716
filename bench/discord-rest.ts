/**
 * Whether what the bot sends to Discord is what Discord's published description of its interface takes:
 *
 *   RAIN_RECORD_REST=requests.jsonl npm test -- test/bots/discord
 *   npm run bench:rest -- --spec openapi.json --recorded requests.jsonl [--json]
 *
 * The description is `specs/openapi.json` of https://github.com/discord/discord-api-spec, and not part of this project.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { isRecord } from "../src/core/index.ts";

const { values } = parseArgs({
  options: { spec: { type: "string" }, recorded: { type: "string" }, json: { type: "boolean", default: false } },
});
if (values.spec === undefined || values.recorded === undefined) throw new RangeError("Expected `--spec` and `--recorded`");

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, { readonly schema: object }>> };
}

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly body?: unknown;
}

const spec = JSON.parse(readFileSync(values.spec, "utf8")) as { paths: Record<string, Record<string, Operation>>; components: object };
const ajv = new Ajv2020({ strict: false, validateFormats: false });
ajv.addSchema({ components: spec.components }, "discord");

const routes = Object.entries(spec.paths).map(([template, operations]) => ({
  template,
  operations,
  pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "([^/]+)")}$`),
}));
const validators = new Map<string, ValidateFunction | undefined>();
const counts = new Map<string, { requests: number; invalid: number }>();
const complaints = new Map<string, unknown>();

for (const line of readFileSync(values.recorded, "utf8").split("\n")) {
  if (line === "") continue;
  const request = JSON.parse(line) as Recorded;
  const { route, complaint } = checked(request);
  const count = counts.get(route) ?? { requests: 0, invalid: 0 };
  count.requests++;
  if (complaint !== undefined) {
    count.invalid++;
    const kind = `${route}: ${complaint}`;
    if (!complaints.has(kind)) complaints.set(kind, request.body);
  }
  counts.set(route, count);
}
const all = [...counts.values()];
const total = (name: "requests" | "invalid") => all.reduce((sum, count) => sum + count[name], 0);
const report = { requests: total("requests"), invalid: total("invalid"), routes: Object.fromEntries([...counts].toSorted()) };
if (values.json) console.log(JSON.stringify({ ...report, complaints: Object.fromEntries(complaints) }, undefined, 2));
else {
  for (const [route, { requests, invalid }] of Object.entries(report.routes))
    console.log(`${String(requests).padStart(7)} ${String(invalid).padStart(5)} invalid  ${route}`);
  for (const [kind, body] of complaints) console.log(`\n${kind}\n  ${JSON.stringify(body)?.slice(0, 400)}`);
  console.log(`\n${report.requests} requests, ${report.invalid} invalid`);
}

function checked({ method, path, query, body }: Recorded): { readonly route: string; readonly complaint: string | undefined } {
  const found = routes.find(({ pattern, operations }) => pattern.test(path) && operations[method.toLowerCase()] !== undefined);
  const operation = found?.operations[method.toLowerCase()];
  if (found === undefined || operation === undefined)
    return { route: `${method} ${path.replaceAll(/\d{5,}/g, "N")}`, complaint: "there is no such operation" };
  const route = `${method} ${found.template}`;
  const known = (operation.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => name);
  const strange = query.find((name) => !known.includes(name));
  if (strange !== undefined) return { route, complaint: `it has no parameter ${strange}` };
  const { requestBody } = operation;
  if (requestBody === undefined) return { route, complaint: body === undefined ? undefined : "it takes no body" };
  if (body === undefined) return { route, complaint: requestBody.required === true ? "it wants a body" : undefined };
  const validate = validatorOf(route, requestBody.content["application/json"]?.schema);
  if (validate === undefined || validate(body)) return { route, complaint: undefined };
  const [error] = validate.errors ?? [];
  return { route, complaint: `${error?.instancePath || "the body"} ${error?.message ?? "is not valid"}` };
}

function validatorOf(route: string, schema: object | undefined): ValidateFunction | undefined {
  if (!validators.has(route)) validators.set(route, schema === undefined ? undefined : ajv.compile(pointed(schema) as object));
  return validators.get(route);
}

/** References point into the description. */
function pointed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pointed);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, key === "$ref" && typeof one === "string" ? `discord${one}` : pointed(one)]),
  );
}
