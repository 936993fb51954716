/** The texts of an object. */
import type { Expressions } from "./expressions.ts";
import { choice, type GrammarNode, repeat, sequence } from "./grammar.ts";
import { refusal } from "./json-schema.ts";
import { isNever, type Member, memberNamed, type ObjectShape, type Parts } from "./shapes.ts";
import { BLANK, enclosed, further, listOf, member, valueText } from "./signs.ts";
import { stringText } from "./strings.ts";

interface ObjectContext {
  readonly at: string;
  readonly expressions: Expressions;
  readonly compile: (parts: Parts) => GrammarNode;
}

/** A name that is written once, where it stands in the order of the schema. */
interface OwnMember {
  readonly node: GrammarNode;
  readonly isRequired: boolean;
}

/** Declared names stand in the order of the schema; others only where the schema asks for them, behind these. */
export function objectTexts(shape: ObjectShape, context: ObjectContext): GrammarNode {
  const { declared, required, least, most } = shape;
  const { at, expressions, compile } = context;
  const undeclared = [...required]
    .filter((name) => !declared.has(name))
    .map((name) => [name, memberNamed(shape, name, expressions)] as const);
  const named = [...declared, ...undeclared];
  if (named.some(([name, one]) => required.has(name) && isNever(one))) return choice();
  const own = named
    .filter(([name, one]) => required.has(name) || (one.isAsked && !isNever(one)))
    .map(([name, { value }]) => ({ node: member(valueText(name), compile(value)), isRequired: required.has(name) }));
  const others = otherMembers(shape, named, context);
  const extra = choice(...others);
  const hasExtra = others.length > 0;
  if (hasExtra && least > own.length + 1)
    throw refusal("`minProperties` above the number of names that are known", at, "list these names under properties");
  return enclosed("{}", membersText(own, { extra, least, most: hasExtra ? most : Math.min(most, own.length) }));
}

/** Members that are not declared, of each kind of name. */
function otherMembers(
  { others, isListed }: ObjectShape,
  named: readonly (readonly [string, Member])[],
  { expressions, compile }: ObjectContext,
): readonly GrammarNode[] {
  const isOpen = !isListed && others.every(({ member: { isAsked } }) => !isAsked);
  const names = expressions.not(expressions.either(...named.map(([name]) => expressions.literal(name))));
  return others.flatMap(({ names: own, member: { value, isAsked, ...rest } }) => {
    const texts = expressions.both(own, names);
    if (isNever({ value, isAsked, ...rest }) || !(isAsked || isOpen) || expressions.isEmpty(texts)) return [];
    const name = stringText(
      { least: 0, most: Number.POSITIVE_INFINITY, texts: texts === expressions.everything ? undefined : texts },
      expressions,
    );
    return [member(name, compile(value))];
  });
}

/**
 * From the last member to the first: what may follow behind so many that were written. The same name may be written twice where names are
 * free: of those, only one is sure to be another.
 */
function membersText(
  own: readonly OwnMember[],
  { extra, least, most }: { readonly extra: GrammarNode; readonly least: number; readonly most: number },
): GrammarNode {
  const isLimited = most < Number.POSITIVE_INFINITY;
  // How many were written need not be known further than that.
  const counted = isLimited ? own.length : Math.min(own.length, Math.max(least, 1));
  const counts = Array.from({ length: counted + 1 }, (_, written) => written);
  let behind = counts.map((written): GrammarNode => {
    const [needed, possible] = [written < least ? 1 : 0, most - written];
    if (written + needed < least || needed > possible) return choice();
    return written === 0 ? listOf(extra, needed, possible) : sequence(repeat(further(extra), needed, possible), BLANK);
  });
  for (const { node, isRequired } of own.toReversed()) {
    const later = behind;
    behind = counts.map((written) => {
      const next = later[Math.min(written + 1, counted)] as GrammarNode;
      const taken = written < most ? sequence(written === 0 ? node : further(node), next) : choice();
      return isRequired ? taken : choice(taken, later[written] as GrammarNode);
    });
  }
  return behind[0] as GrammarNode;
}
