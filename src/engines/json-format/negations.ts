/** What a schema does not allow, as far as it can be said by what else is allowed. */
import type { Cases } from "./cases.ts";
import { countOf, isSchemaObject, listOf, recordOf, type Subschema, typesNamed } from "./json-schema.ts";
import { ANY_NUMBER, numberRule } from "./numbers.ts";
import { ANY_ARRAY, anyObject, anyShapes, listed, part, patternOf, typesBut } from "./own-shapes.ts";
import { ANYTHING, denied, type Member, NEVER, type SchemaPart, type Shape } from "./shapes.ts";
import { ANY_STRING } from "./strings.ts";

/** Values that break a schema, one case for each keyword that they can break. What cannot be said so is left out. */
export function refutations(place: Subschema, cases: Cases): readonly Shape[] {
  return Object.keys(place.schema)
    .filter((keyword) => place.schema[keyword] !== undefined)
    .flatMap((keyword) => refuted(keyword, place, cases));
}

function refuted(keyword: string, place: Subschema, cases: Cases): readonly Shape[] {
  const not = (one: SchemaPart) => cases.of([denied(one)]);
  const parts = (name: string) => listOf(place, name).map((_, index) => part(place, name, index));
  switch (keyword) {
    case "type":
      return refutedType(place, cases);
    case "const":
      return refutedValues([place.schema["const"]], cases);
    case "enum":
      return refutedValues(listOf(place, "enum"), cases);
    case "$ref":
      return not(cases.referred(place));
    case "allOf":
      return parts("allOf").flatMap(not);
    case "anyOf":
    case "oneOf":
      return cases.combined(parts(keyword).map(not), place.at);
    case "not":
      return cases.of([part(place, "not")]);
    case "if":
      return refutedCondition(place, cases);
    default:
      return [...refutedObject(keyword, place, cases), ...refutedArray(keyword, place), ...refutedScalar(keyword, place, cases)];
  }
}

function refutedType(place: Subschema, { expressions }: Cases): readonly Shape[] {
  const named = typesNamed(place) ?? [];
  const fraction: Shape = { kind: "number", isMeant: true, rule: { ...ANY_NUMBER, isInteger: false } };
  const isFractional = named.includes("integer") && !named.includes("number");
  const others = typesBut(named).filter((type) => type !== "number" || !isFractional);
  return [...anyShapes(expressions, true, others), ...(isFractional ? [fraction] : [])];
}

/** All scalars but these; objects and lists only where none of them is one. */
function refutedValues(values: readonly unknown[], { expressions }: Cases): readonly Shape[] {
  const strings = values.filter((value) => typeof value === "string");
  const numbers = values.filter((value) => typeof value === "number").toSorted((one, other) => one - other);
  const others = ([true, false, null] as const).filter((value) => !values.includes(value));
  const texts = strings.length === 0 ? undefined : expressions.not(expressions.either(...strings.map((one) => expressions.literal(one))));
  const edges = [undefined, ...numbers, undefined];
  const gaps = edges.slice(1).map((high, index): Shape => {
    const bounds = { exclusiveMinimum: edges[index], exclusiveMaximum: high };
    return { kind: "number", isMeant: true, rule: numberRule({ schema: bounds, at: "#" }, false) };
  });
  const isWhole = (type: "array" | "object") =>
    values.every((value) => (type === "array" ? !Array.isArray(value) : !isSchemaObject(value)));
  return [
    { kind: "string", isMeant: true, rule: { ...ANY_STRING, texts } },
    ...gaps,
    ...(others.length === 0 ? [] : [listed(others)]),
    ...anyShapes(expressions, true, (["object", "array"] as const).filter(isWhole)),
  ];
}

function refutedCondition(place: Subschema, cases: Cases): readonly Shape[] {
  const condition = part(place, "if");
  const broken = (keyword: "then" | "else") => (place.schema[keyword] === undefined ? [] : cases.of([denied(part(place, keyword))]));
  return [
    ...cases.combined([cases.of([condition]), broken("then")], place.at),
    ...cases.combined([cases.of([denied(condition)]), broken("else")], place.at),
  ];
}

function refutedObject(keyword: string, place: Subschema, { expressions }: Cases): readonly Shape[] {
  const object = anyObject(expressions);
  const bound = () => countOf(place, keyword) ?? 0;
  switch (keyword) {
    case "required":
      return listOf(place, "required").map((name) => ({ ...object, declared: new Map([[String(name), memberOnly(NEVER)]]) }));
    case "properties":
      return Object.keys(recordOf(place, "properties")).map((name) => {
        const declared = new Map([[name, memberOnly(denied(part(place, "properties", name)))]]);
        return { ...object, declared, required: new Set([name]) };
      });
    case "minProperties":
      return bound() > 0 ? [{ ...object, most: bound() - 1 }] : [];
    case "maxProperties":
      return [{ ...object, least: bound() + 1 }];
    default:
      return [];
  }
}

/** Nobody asks for it: only where it has to be, it is written. */
function memberOnly(place: SchemaPart): Member {
  return { value: [place], isEvaluated: false, isAsked: false };
}

function refutedArray(keyword: string, place: Subschema): readonly Shape[] {
  const bound = () => countOf(place, keyword) ?? 0;
  switch (keyword) {
    case "minItems":
      return bound() > 0 ? [{ ...ANY_ARRAY, most: bound() - 1 }] : [];
    case "maxItems":
      return [{ ...ANY_ARRAY, least: bound() + 1 }];
    case "contains": {
      const isAsked = place.schema["minContains"] !== 0;
      return isAsked ? [{ ...ANY_ARRAY, rest: memberOnly(denied(part(place, "contains"))) }] : [];
    }
    case "prefixItems":
      return listOf(place, "prefixItems").map((_, index) => brokenAt(index, part(place, "prefixItems", index)));
    case "items": {
      if (Array.isArray(place.schema["items"])) return [];
      return [brokenAt(listOf(place, "prefixItems").length, part(place, "items"))];
    }
    default:
      return [];
  }
}

/** Lists in which the item there breaks a schema. */
function brokenAt(index: number, item: SchemaPart): Shape {
  const first = Array.from({ length: index }, () => ANYTHING);
  return { ...ANY_ARRAY, first: [...first, memberOnly(denied(item))], least: index + 1 };
}

function refutedScalar(keyword: string, place: Subschema, { expressions }: Cases): readonly Shape[] {
  const value = place.schema[keyword];
  const count = () => countOf(place, keyword) ?? 0;
  const strings = (rule: object): readonly Shape[] => [{ kind: "string", isMeant: true, rule: { ...ANY_STRING, ...rule } }];
  const numbers = (schema: object): readonly Shape[] => [
    { kind: "number", isMeant: true, rule: numberRule({ schema: { ...schema }, at: place.at }, false) },
  ];
  switch (keyword) {
    case "minLength":
      return count() > 0 ? strings({ most: count() - 1 }) : [];
    case "maxLength":
      return strings({ least: count() + 1 });
    case "pattern":
      return strings({ texts: expressions.not(patternOf(value, place.at, expressions)) });
    case "minimum":
      return numbers({ exclusiveMaximum: value });
    case "maximum":
      return numbers({ exclusiveMinimum: value });
    case "exclusiveMinimum":
      return numbers({ maximum: value });
    case "exclusiveMaximum":
      return numbers({ minimum: value });
    default:
      return [];
  }
}
