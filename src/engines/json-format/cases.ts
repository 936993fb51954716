/** From a schema with all that is combined in it to the cases of what a value can be. */
import type { JsonSchema } from "../../core/output-format.ts";
import { type Expression, Expressions, TooLargeError } from "./expressions.ts";
import { isSchemaObject, listOf, pointer, recordOf, refusal, refuseUnknowable, type Subschema } from "./json-schema.ts";
import { refutations } from "./negations.ts";
import { anyShapes, exactly, listed, MOST_CASES, memberOf, type NamesRule, ownShapes, part } from "./own-shapes.ts";
import { References } from "./references.ts";
import {
  both,
  denied,
  keyOf,
  type Member,
  memberNamed,
  membersOfBoth,
  ofLength,
  type Parts,
  type SchemaPart,
  type Shape,
} from "./shapes.ts";

/** Deeper than this, two schemas are taken to overlap. */
const DEEPEST = 8;

/** The cases of all parts of one schema. What they leave out is valid and not written; what they hold is valid. */
export class Cases {
  readonly expressions = new Expressions();
  readonly #references: References;
  readonly #known = new Map<string, readonly Shape[]>();
  readonly #open = new Set<string>();

  constructor(root: JsonSchema) {
    this.#references = new References(root);
  }

  /**
   * What a value can be that obeys all of these.
   *
   * @throws {EngineError} `format-unsupported`
   */
  of(parts: Parts): readonly Shape[] {
    const key = parts.map(keyOf).join(" ");
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [first, ...others] = parts;
    if (first === undefined) return anyShapes(this.expressions, false);
    const cases =
      others.length === 0
        ? this.#ofOne(first)
        : this.combined(
            parts.map((one) => this.of([one])),
            first.at,
          );
    this.#known.set(key, cases);
    return cases;
  }

  /** Whether it is certain that no value obeys all of these. */
  isEmpty(parts: Parts, depth = 0): boolean {
    return depth < DEEPEST && this.of(parts).every((shape) => this.#hasNone(shape, depth + 1));
  }

  #hasNone(shape: Shape, depth: number): boolean {
    if (shape.kind === "object")
      return [...shape.required].some((name) => this.isEmpty(memberNamed(shape, name, this.expressions).value, depth));
    if (shape.kind !== "array") return false;
    const { first, rest, least = 0, most } = shape;
    const needed = Array.from({ length: Math.min(least, first.length + 1) }, (_, index) => first[index] ?? rest);
    return least > most || needed.some(({ value }) => this.isEmpty(value, depth));
  }

  #ofOne(place: SchemaPart): readonly Shape[] {
    const { schema, at, isNegated } = place;
    if (typeof schema === "boolean") return schema !== isNegated ? anyShapes(this.expressions, false) : [];
    if (!isSchemaObject(schema)) throw refusal(`\`${String(schema)}\` for a schema`, at, "give an object of keywords");
    if (this.#open.has(keyOf(place))) throw refusal("a schema that is only itself", at, "give the recursion a way to end");
    this.#open.add(keyOf(place));
    try {
      const subschema = { schema, at };
      refuseUnknowable(subschema, "any");
      return isNegated ? refutations(subschema, this).map(unevaluated) : this.#affirmed(subschema);
    } catch (error) {
      if (error instanceof TooLargeError) throw refusal("a `pattern` or bounds that are too large together", at, "make them simpler");
      throw error;
    } finally {
      this.#open.delete(keyOf(place));
    }
  }

  #affirmed(place: Subschema): readonly Shape[] {
    const { schema, at } = place;
    const clauses = [ownShapes(place, this.expressions, (names) => this.#namesOf(names))];
    if (schema["const"] !== undefined || schema["enum"] !== undefined) clauses.push(this.#values(place));
    if (schema["$ref"] !== undefined) clauses.push(this.of([this.referred(place)]));
    for (const index of listOf(place, "allOf").keys()) clauses.push(this.of([part(place, "allOf", index)]));
    if (schema["anyOf"] !== undefined)
      clauses.push(merged(listOf(place, "anyOf").flatMap((_, index) => this.#branch(part(place, "anyOf", index)))));
    if (schema["oneOf"] !== undefined) clauses.push(this.#exactlyOne(place));
    if (schema["not"] !== undefined) clauses.push(this.of([denied(part(place, "not"))]));
    if (schema["if"] !== undefined) clauses.push(this.#conditional(place));
    clauses.push(...this.#dependent(place));
    const cases = this.combined(clauses, at);
    return cases.map((shape) => withoutUnevaluated(shape, place));
  }

  /** The schema of a `$ref`. */
  referred({ schema, at }: Subschema): SchemaPart {
    const reference = String(schema["$ref"]);
    const target = this.#references.resolve(reference, at);
    if (target === undefined) throw refusal(`a \`$ref\` to \`${reference}\``, at, "put what it means under $defs");
    return { ...target, isNegated: false };
  }

  #values(place: Subschema): readonly Shape[] {
    const { const: constant, enum: _ } = place.schema;
    const values = constant === undefined ? listOf(place, "enum") : [constant];
    if (values.length === 0) throw refusal("`enum` without any value", place.at, "give some");
    const simple = values.filter((value) => typeof value !== "object" || value === null);
    const others = values.flatMap((value, index) => {
      const at = constant === undefined ? pointer(place.at, "enum", index) : pointer(place.at, "const");
      return simple.includes(value) ? [] : this.of([{ schema: exactly(value), at, isNegated: false }]);
    });
    return [...(simple.length === 0 ? [] : [listed(simple as Parameters<typeof listed>[0])]), ...others];
  }

  /** One of several: where it asks for nothing, any value is what is asked for. */
  #branch(place: SchemaPart): readonly Shape[] {
    const cases = this.of([place]);
    return cases.some(({ isMeant }) => isMeant) ? cases : cases.map((shape) => ({ ...shape, isMeant: true }));
  }

  /** Where two overlap, each is taken without the other. */
  #exactlyOne(place: Subschema): readonly Shape[] {
    const options = listOf(place, "oneOf").map((_, index) => part(place, "oneOf", index));
    const branches = options.map((option) => this.#branch(option));
    const overlaps = overlapping(options, branches, (one, other) => this.isEmpty([one, other]));
    const cases = branches.flatMap((branch, index) => {
      const rivals = options.filter((_, other) => overlaps.has(`${Math.min(index, other)} ${Math.max(index, other)}`));
      return rivals.length === 0 ? branch : this.combined([branch, ...rivals.map((rival) => this.of([denied(rival)]))], place.at);
    });
    if (overlaps.size > 0 && cases.every((shape) => this.#hasNone(shape, 1)))
      throw refusal("`oneOf` whose schemas may overlap", place.at, "use anyOf");
    return merged(cases);
  }

  #conditional(place: Subschema): readonly Shape[] {
    const { schema, at } = place;
    const condition = part(place, "if");
    const [met, unmet] = [this.of([condition]), this.of([denied(condition)])];
    const then = schema["then"] === undefined ? met : this.combined([met, this.of([part(place, "then")])], at);
    const otherwise = schema["else"] === undefined ? unmet : this.combined([unmet, this.of([part(place, "else")])], at);
    return [...then, ...otherwise];
  }

  /** Where a name stands, others are required, or a schema holds. */
  #dependent(place: Subschema): readonly (readonly Shape[])[] {
    return ["dependentRequired", "dependentSchemas", "dependencies"].flatMap((keyword) =>
      Object.entries(recordOf(place, keyword)).map(([name, asked]) => {
        const at = pointer(place.at, keyword, name);
        const without = this.of([{ schema: { properties: { [name]: false } }, at: `${at}/without`, isNegated: false }]);
        const required = Array.isArray(asked) ? [name, ...asked] : [name];
        const present = this.of([{ schema: { required }, at: `${at}/with`, isNegated: false }]);
        return [...without, ...(Array.isArray(asked) ? present : this.combined([present, this.of([part(place, keyword, name)])], at))];
      }),
    );
  }

  /** Every choice of one case of each. */
  combined(clauses: readonly (readonly Shape[])[], at: string): readonly Shape[] {
    return clauses.reduce((all, clause) => {
      const cases = all.flatMap((one) => clause.flatMap((other) => both(one, other, this.expressions) ?? []));
      if (cases.length > MOST_CASES) throw refusal(`more than ${MOST_CASES} cases`, at, "split the schema");
      return cases;
    });
  }

  #namesOf(names: SchemaPart): NamesRule {
    const { expressions } = this;
    const cases = this.of([names]);
    const texts = cases.map((shape): Expression => {
      if (shape.kind !== "string") return expressions.none;
      const length = ofLength(expressions, shape.rule);
      return expressions.both(shape.rule.texts ?? expressions.everything, length);
    });
    const words = cases.flatMap((shape) => (shape.kind === "listed" ? shape.values.filter((value) => typeof value === "string") : []));
    return { listed: words, texts: expressions.either(...texts) };
  }
}

/** What no other keyword has spoken of obeys `unevaluatedProperties` and `unevaluatedItems`. */
function withoutUnevaluated(shape: Shape, place: Subschema): Shape {
  if (shape.kind === "object") {
    const rule = memberOf(place, "unevaluatedProperties");
    if (rule === undefined) return shape;
    const declared = new Map([...shape.declared].map(([name, member]) => [name, evaluated(member, rule)]));
    return { ...shape, declared, others: shape.others.map(({ names, member }) => ({ names, member: evaluated(member, rule) })) };
  }
  const rule = memberOf(place, "unevaluatedItems");
  if (shape.kind !== "array" || rule === undefined) return shape;
  const { contains } = shape;
  // An item that a `contains` is about counts as evaluated.
  const anyOf = [place.schema["unevaluatedItems"], ...contains.map(({ item }) => item.schema)];
  const at = pointer(place.at, "unevaluatedItems", ...contains.map(({ item }) => item.at));
  const items = contains.length === 0 ? rule : { isEvaluated: true, isAsked: true, value: [{ schema: { anyOf }, at, isNegated: false }] };
  return { ...shape, first: shape.first.map((member) => evaluated(member, items)), rest: evaluated(shape.rest, items) };
}

/** A schema that is denied tells of no member that it has evaluated it. */
function unevaluated(shape: Shape): Shape {
  const anew = (member: Member): Member => ({ ...member, isEvaluated: false });
  if (shape.kind === "array") return { ...shape, first: shape.first.map(anew), rest: anew(shape.rest) };
  if (shape.kind !== "object") return shape;
  const declared = new Map([...shape.declared].map(([name, member]) => [name, anew(member)]));
  return { ...shape, declared, others: shape.others.map(({ names, member }) => ({ names, member: anew(member) })) };
}

function evaluated(member: Member, rule: Member): Member {
  return member.isEvaluated ? member : membersOfBoth(member, rule);
}

/** Values that are listed in one case: whatever they stand in, they are one choice. */
function merged(cases: readonly Shape[]): readonly Shape[] {
  const lists = cases.filter((shape) => shape.kind === "listed" && shape.isMeant);
  if (lists.length < 2) return cases;
  const values = new Set(lists.flatMap((shape) => (shape.kind === "listed" ? shape.values : [])));
  return [...cases.filter((shape) => !lists.includes(shape)), listed([...values])];
}

/** Pairs of options with a value in common. Those that only list values, which may be hundreds, are told apart by these. */
function overlapping(
  options: readonly SchemaPart[],
  branches: readonly (readonly Shape[])[],
  areApart: (one: SchemaPart, other: SchemaPart) => boolean,
): ReadonlySet<string> {
  const pairs = new Set<string>();
  const holders = new Map<unknown, number>();
  const isList = branches.map((branch) => branch.every(({ kind }) => kind === "listed"));
  for (const [index, option] of options.entries()) {
    for (const value of branches[index]?.flatMap((shape) => (shape.kind === "listed" ? shape.values : [])) ?? []) {
      const holder = holders.get(value) ?? index;
      if (holder !== index) pairs.add(`${holder} ${index}`);
      holders.set(value, index);
    }
    for (const [earlier, other] of options.slice(0, index).entries())
      if (!(isList[index] && isList[earlier]) && !areApart(other, option)) pairs.add(`${earlier} ${index}`);
  }
  return pairs;
}
