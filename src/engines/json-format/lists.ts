/** The texts of a list. */
import { choice, type GrammarNode, repeat, sequence } from "./grammar.ts";
import { refusal } from "./json-schema.ts";
import { type ArrayShape, denied, isNever, type Member, type Parts } from "./shapes.ts";
import { BLANK, enclosed, further, listOf } from "./signs.ts";

/** What a list with `contains` has been through is told apart so often. */
const MOST_PLACES = 2_000;

interface ListContext {
  readonly at: string;
  readonly compile: (parts: Parts) => GrammarNode;
}

/** Items that have a schema of their own are all written where the number is left open, others only where the schema asks for them. */
export function listTexts(shape: ArrayShape, context: ListContext): GrammarNode {
  const { first, rest, contains } = shape;
  const barred = first.findIndex(isNever);
  if (barred >= 0 && barred < shape.most) return listTexts({ ...shape, most: barred }, context);
  const needed = contains.reduce((sum, { least }) => Math.max(sum, least), 0);
  const least = Math.max(shape.least ?? Math.min(first.length, shape.most), needed);
  const isOpen = rest.isAsked || first.length === 0 || least > first.length;
  const most = isOpen ? shape.most : Math.min(shape.most, first.length);
  if (least > most) return choice();
  if (contains.length > 0)
    return enclosed(
      "[]",
      new Containing({ ...shape, least, most }, context).items(
        0,
        contains.map(() => 0),
      ),
    );
  const items = first.slice(0, most).map(({ value }) => context.compile(value));
  const item = most > first.length ? context.compile(rest.value) : choice();
  const [head, ...tail] = items;
  if (head === undefined) return enclosed("[]", listOf(item, least, most));
  let behind: GrammarNode = sequence(repeat(further(item), Math.max(0, least - first.length), Math.max(0, most - first.length)), BLANK);
  for (const [index, one] of [...tail.entries()].toReversed()) {
    const longer = sequence(further(one), behind);
    behind = index + 1 < least ? longer : choice(BLANK, longer);
  }
  const whole = sequence(head, behind);
  return enclosed("[]", least > 0 ? whole : choice(sequence(), whole));
}

/** A list of which so many items have to be of a schema: written item by item, with what is counted so far. */
class Containing {
  readonly #shape: ArrayShape & { readonly least: number };
  readonly #context: ListContext;
  readonly #known = new Map<string, GrammarNode>();

  constructor(shape: ArrayShape & { readonly least: number }, context: ListContext) {
    this.#shape = shape;
    this.#context = context;
  }

  /** What may follow behind so many items, of which so many are counted for each `contains`. */
  items(written: number, counts: readonly number[]): GrammarNode {
    const { first, least, most, contains } = this.#shape;
    const key = [written, ...counts].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size === MOST_PLACES) throw refusal("`contains` with bounds that far", this.#context.at, "count less far");
    const choices: GrammarNode[] = [];
    const node: GrammarNode = { kind: "choice", items: choices };
    this.#known.set(key, node);
    const mayEnd = written >= least && contains.every(({ least: enough }, index) => (counts[index] ?? 0) >= enough);
    if (mayEnd) choices.push(written === 0 ? sequence() : BLANK);
    if (written >= most) return node;
    // Further on, nothing changes any more.
    const next = most < Number.POSITIVE_INFINITY ? written + 1 : Math.min(written + 1, Math.max(first.length, least, 1));
    for (const { value, counted } of this.#kinds(first[written] ?? this.#shape.rest, counts)) {
      const item = this.#context.compile(value);
      choices.push(sequence(written === 0 ? item : further(item), this.items(next, counted)));
    }
    return node;
  }

  /** An item counts for a `contains` or does not. Where no more than so many may, what does not count is told apart from what does. */
  #kinds({ value: own }: Member, counts: readonly number[]): readonly ItemKind[] {
    const start: readonly ItemKind[] = [{ value: own, counted: [] }];
    return this.#shape.contains.reduce((kinds, { item, least, most }, index) => {
      const count = counts[index] ?? 0;
      const isLimited = most < Number.POSITIVE_INFINITY;
      const more = isLimited ? count + 1 : Math.min(count + 1, least);
      return kinds.flatMap(({ value, counted }): readonly ItemKind[] => [
        ...(more <= most && more > count ? [{ value: [...value, item], counted: [...counted, more] }] : []),
        { value: isLimited ? [...value, denied(item)] : value, counted: [...counted, count] },
      ]);
    }, start);
  }
}

interface ItemKind {
  readonly value: Parts;
  readonly counted: readonly number[];
}
