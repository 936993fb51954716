/** Where the `$ref`s of a schema lead: pointers, anchors and `$id`s within it. */
import type { JsonSchema } from "../../core/output-format.ts";
import { isSchemaObject, pointer } from "./json-schema.ts";

/** What a schema without a `$id` is called; any name would do. */
const UNNAMED = "schema:/whole";

/** Their contents are values, and no schemas. */
const VALUES: ReadonlySet<string> = new Set(["enum", "const", "default", "examples"]);

/** What stands under them has names of its own, and no keywords. */
const MAPS: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"]);

/** A schema with all that it names. */
export class References {
  /** Schemas with a URI, and what anchors stand at, by URI. */
  readonly #named = new Map<string, string>();
  /** Where a part has a URI of its own, its references start from there. */
  readonly #bases = new Map<string, string>();
  readonly #schemas = new Map<string, unknown>();

  constructor(root: JsonSchema) {
    this.#name(root, "#", UNNAMED);
    this.#named.set(UNNAMED, "#");
  }

  /** The schema that a reference at this place leads to, and its own place; `undefined` where there is none. */
  resolve(reference: string, at: string): { readonly schema: unknown; readonly at: string } | undefined {
    const uri = resolved(reference, this.#bases.get(at) ?? UNNAMED);
    const target = uri === undefined ? undefined : this.#place(uri);
    return target === undefined ? undefined : { schema: this.#schemas.get(target), at: target };
  }

  #place(uri: string): string | undefined {
    const [resource = "", fragment = ""] = uri.split("#");
    const start = this.#named.get(resource);
    if (fragment === "" || start === undefined) return start;
    if (!fragment.startsWith("/")) return this.#named.get(uri);
    const steps = fragment.slice(1).split("/").map(decoded);
    if (steps.includes(undefined)) return undefined;
    let at = start;
    for (const step of steps) {
      // Where another URI begins, pointers of this one end.
      if (this.#bases.get(at) !== this.#bases.get(start)) return undefined;
      at = `${at}/${step}`;
    }
    return this.#schemas.has(at) ? at : undefined;
  }

  #name(part: unknown, at: string, outer: string): void {
    this.#schemas.set(at, part);
    if (Array.isArray(part)) for (const [index, item] of part.entries()) this.#name(item, pointer(at, index), outer);
    if (!isSchemaObject(part)) return;
    const own = typeof part["$id"] === "string" ? resolved(part["$id"], outer) : undefined;
    const base = own?.split("#")[0] ?? outer;
    this.#bases.set(at, base);
    if (own !== undefined) this.#named.set(base, at);
    for (const keyword of ["$anchor", "$dynamicAnchor"])
      if (typeof part[keyword] === "string") this.#named.set(`${base}#${part[keyword]}`, at);
    for (const [keyword, value] of Object.entries(part)) this.#nameBelow(keyword, value, { at: pointer(at, keyword), base });
  }

  #nameBelow(keyword: string, value: unknown, { at, base }: { readonly at: string; readonly base: string }): void {
    if (VALUES.has(keyword)) return;
    this.#bases.set(at, base);
    if (!MAPS.has(keyword) || !isSchemaObject(value)) this.#name(value, at, base);
    else for (const [name, schema] of Object.entries(value)) this.#name(schema, pointer(at, name), base);
  }
}

function resolved(reference: string, base: string): string | undefined {
  try {
    return new URL(reference, base).href;
  } catch {
    return undefined;
  }
}

/** One step of a JSON pointer in a URI, as `pointer` writes it; `undefined` where it is none. */
function decoded(step: string): string | undefined {
  try {
    return decodeURIComponent(step);
  } catch {
    return undefined;
  }
}
