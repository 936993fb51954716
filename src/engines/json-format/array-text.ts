import { type Node, repeat, sequence } from "./grammar.ts";
import { BLANK, enclosed, further, listOf } from "./json-text.ts";
import { countOf, listOfSchemas, type Place, pointer } from "./keywords.ts";
import type { Compile } from "./object-text.ts";
import { refusal } from "./refusal.ts";

/** A list. Items that have a schema of their own are all written, others as many as the schema allows. */
export function arrayText(place: Place, compile: Compile): Node {
  const { schema, at } = place;
  const least = countOf(place, "minItems", 0);
  const most = countOf(place, "maxItems", Number.POSITIVE_INFINITY);
  if (least > most) throw refusal("`minItems` above `maxItems`", at, "swap them");
  // Older drafts list the first items under `items`.
  const [listed, others] = Array.isArray(schema["items"]) ? ["items", "additionalItems"] : ["prefixItems", "items"];
  const first = listOfSchemas(place, listed as string).slice(0, most);
  const rest = schema[others as string] ?? (first.length === 0 || least > first.length);
  const item = compile(rest, pointer(at, others as string));
  const [head, ...tail] = first.map((one, index) => compile(one, pointer(at, listed as string, index)));
  if (head === undefined) return enclosed("[]", listOf(item, { least, most }));
  const more = repeat(further(item), Math.max(0, least - first.length), most - first.length);
  return enclosed("[]", sequence(head, ...tail.map(further), more, BLANK));
}
