/** What one value can be, one case after the other: each of a single type, with all that is asked of it in one place. */
import { CodePoints } from "./code-points.ts";
import type { Expression, Expressions } from "./expressions.ts";
import { isNumberOf, type NumberRule, numbersOfBoth } from "./numbers.ts";
import type { StringRule } from "./strings.ts";

/** A schema at its place, or what it does not allow. */
export interface SchemaPart {
  readonly schema: unknown;
  readonly at: string;
  readonly isNegated: boolean;
}

/** Schemas that one value has to obey together; without any, all values are meant. */
export type Parts = readonly SchemaPart[];

export type Shape = ListedShape | StringShape | NumberShape | ObjectShape | ArrayShape;

interface AnyShape {
  /** Whether the schema speaks of this type: others are valid, and not what it asks for. */
  readonly isMeant: boolean;
}

/** `true`, `false`, `null`, and all that a schema lists. */
export interface ListedShape extends AnyShape {
  readonly kind: "listed";
  readonly values: readonly (string | number | boolean | null)[];
}

export interface StringShape extends AnyShape {
  readonly kind: "string";
  readonly rule: StringRule;
}

export interface NumberShape extends AnyShape {
  readonly kind: "number";
  readonly rule: NumberRule;
}

/** A value inside an object or a list. */
export interface Member {
  readonly value: Parts;
  /** Whether `unevaluatedProperties` and `unevaluatedItems` leave it alone. */
  readonly isEvaluated: boolean;
  /** Whether the schema asks for it: what it merely does not forbid is not written. */
  readonly isAsked: boolean;
}

export interface ObjectShape extends AnyShape {
  readonly kind: "object";
  readonly declared: ReadonlyMap<string, Member>;
  /** All other names; none is in two of these. */
  readonly others: readonly OtherNames[];
  readonly required: ReadonlySet<string>;
  /** Whether it lists names: then others are written only where they are asked for. */
  readonly isListed: boolean;
  readonly least: number;
  readonly most: number;
}

interface OtherNames {
  readonly names: Expression;
  readonly member: Member;
}

export interface ArrayShape extends AnyShape {
  readonly kind: "array";
  readonly first: readonly Member[];
  readonly rest: Member;
  /** `undefined`: nothing is said, and the first ones are all written. */
  readonly least: number | undefined;
  readonly most: number;
  readonly contains: readonly Contained[];
}

/** Items that a list has to have, or may have, so many of. */
export interface Contained {
  readonly item: SchemaPart;
  readonly least: number;
  readonly most: number;
}

/** What no value obeys. */
export const NEVER: SchemaPart = { schema: false, at: "#/never", isNegated: false };

export const ANYTHING: Member = { value: [], isEvaluated: false, isAsked: false };

/** What both allow; `undefined`: they have nothing in common, as far as can be seen without looking inside. */
export function both(one: Shape, other: Shape, expressions: Expressions): Shape | undefined {
  const isMeant = one.isMeant || other.isMeant;
  if (one.kind === "listed" || other.kind === "listed") return listedOfBoth(one, other, expressions);
  if (one.kind === "string" && other.kind === "string") {
    const rule = stringsOfBoth(one.rule, other.rule, expressions);
    return rule && { kind: "string", isMeant, rule };
  }
  if (one.kind === "number" && other.kind === "number") {
    const rule = numbersOfBoth(one.rule, other.rule);
    return rule && { kind: "number", isMeant, rule };
  }
  if (one.kind === "object" && other.kind === "object") return { ...objectsOfBoth(one, other, expressions), isMeant };
  if (one.kind === "array" && other.kind === "array") return { ...arraysOfBoth(one, other), isMeant };
  return undefined;
}

function listedOfBoth(one: Shape, other: Shape, expressions: Expressions): Shape | undefined {
  if (one.kind !== "listed") return listedOfBoth(other, one, expressions);
  const values = one.values.filter((value) => isOf(value, other, expressions));
  return values.length === 0 ? undefined : { kind: "listed", isMeant: one.isMeant || other.isMeant, values };
}

function isOf(value: ListedShape["values"][number], shape: Shape, expressions: Expressions): boolean {
  switch (shape.kind) {
    case "listed":
      return shape.values.includes(value);
    case "string":
      return typeof value === "string" && isStringOf(value, shape.rule, expressions);
    case "number":
      return typeof value === "number" && isNumberOf(value, shape.rule);
    default:
      return false;
  }
}

function isStringOf(value: string, { least, most, texts }: StringRule, expressions: Expressions): boolean {
  const { length } = [...value];
  return length >= least && length <= most && (texts === undefined || expressions.has(texts, value));
}

function stringsOfBoth(one: StringRule, other: StringRule, expressions: Expressions): StringRule | undefined {
  const [least, most] = [Math.max(one.least, other.least), Math.min(one.most, other.most)];
  const texts = expressions.both(one.texts ?? expressions.everything, other.texts ?? expressions.everything);
  if (least > most || expressions.isEmpty(texts)) return undefined;
  return { least, most, texts: texts === expressions.everything ? undefined : texts };
}

/** Whether it says outright that no value is allowed there. */
export function isNever({ value }: Member): boolean {
  return value.some(({ schema, isNegated }) => schema === isNegated);
}

/** What stands under a name, declared or not. */
export function memberNamed(
  { declared, others }: Pick<ObjectShape, "declared" | "others">,
  name: string,
  expressions: Expressions,
): Member {
  return declared.get(name) ?? others.find(({ names }) => expressions.has(names, name))?.member ?? NOTHING;
}

const NOTHING: Member = { value: [NEVER], isEvaluated: true, isAsked: false };

export function membersOfBoth(one: Member, other: Member): Member {
  const known = new Set(one.value.map(keyOf));
  const value = [...one.value, ...other.value.filter((place) => !known.has(keyOf(place)))];
  return { value, isEvaluated: one.isEvaluated || other.isEvaluated, isAsked: one.isAsked || other.isAsked };
}

function objectsOfBoth(one: ObjectShape, other: ObjectShape, expressions: Expressions): ObjectShape {
  const names = new Set([...one.declared.keys(), ...other.declared.keys()]);
  const declared = [...names].map((name) => {
    const member = membersOfBoth(memberNamed(one, name, expressions), memberNamed(other, name, expressions));
    return [name, member] as const;
  });
  const others = one.others.flatMap(({ names: mine, member }) =>
    other.others.map((their) => ({ names: expressions.both(mine, their.names), member: membersOfBoth(member, their.member) })),
  );
  return {
    kind: "object",
    isMeant: true,
    declared: new Map(declared),
    others: others.filter(({ names: common }) => !expressions.isEmpty(common)),
    required: new Set([...one.required, ...other.required]),
    isListed: one.isListed || other.isListed,
    least: Math.max(one.least, other.least),
    most: Math.min(one.most, other.most),
  };
}

function arraysOfBoth(one: ArrayShape, other: ArrayShape): ArrayShape {
  const length = Math.max(one.first.length, other.first.length);
  const first = Array.from({ length }, (_, index) => membersOfBoth(one.first[index] ?? one.rest, other.first[index] ?? other.rest));
  const least = one.least === undefined ? other.least : Math.max(one.least, other.least ?? 0);
  return {
    kind: "array",
    isMeant: true,
    first,
    rest: membersOfBoth(one.rest, other.rest),
    least,
    most: Math.min(one.most, other.most),
    contains: [...one.contains, ...other.contains],
  };
}

/** Places with the same key are the same. */
export function keyOf({ at, isNegated }: SchemaPart): string {
  return isNegated ? `!${at}` : at;
}

/** What a schema does not allow. */
export function denied(place: SchemaPart): SchemaPart {
  return { ...place, isNegated: !place.isNegated };
}

/** Texts of so many characters. */
export function ofLength(expressions: Expressions, { least, most }: Pick<StringRule, "least" | "most">): Expression {
  return expressions.repeat(expressions.one(CodePoints.all), least, most);
}
