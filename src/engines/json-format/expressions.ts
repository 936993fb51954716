/**
 * Regular expressions by their derivatives (Brzozowski 1964): what may follow a character is an expression again. So intersection and complement
 * are as simple as choice, an expression is read in one step a character, and none backtracks.
 */
import { CodePoints } from "./code-points.ts";

/** An expression, made by `Expressions`. Immutable; made once, so that the same one is the same object. */
export interface Expression {
  /** Expressions with the same number are the same. */
  readonly id: number;
  /** Whether the empty text is one of its texts. */
  readonly isNullable: boolean;
  /** Whether it has a text for certain. With an intersection or a complement inside, only looking tells. */
  readonly isSure: boolean;
  readonly form: Form;
}

type Form =
  | { readonly kind: "none" | "empty" | "everything" }
  | { readonly kind: "one"; readonly of: CodePoints }
  | { readonly kind: "behind"; readonly first: Expression; readonly then: Expression }
  | { readonly kind: "either" | "both"; readonly items: readonly Expression[] }
  | { readonly kind: "not"; readonly item: Expression }
  | { readonly kind: "repeat"; readonly item: Expression; readonly least: number; readonly most: number };

/** With one of these characters, on to the rest. */
export interface Move {
  readonly on: CodePoints;
  readonly to: Expression;
}

/** More expressions than these, with what they are made of, are forgotten, and made again when they are needed. */
const KEPT = 50_000;

/** Expressions that have to be looked at one by one are no more than these. */
const MOST_EXPLORED = 4_000;

/** An expression is too large to be decided. */
export class TooLargeError extends Error {
  constructor() {
    super(`Expected an expression of at most ${MOST_EXPLORED} places, got more`);
  }
}

/** All expressions of one schema. */
export class Expressions {
  readonly none: Expression;
  readonly empty: Expression;
  /** Every text. */
  readonly everything: Expression;
  #count = 0;
  #kept = 0;
  #known = new Map<string, Expression>();
  #moves = new Map<Expression, readonly Move[]>();
  /** Moves of what was explored: those that lead to an end. They are never forgotten, so that its places stay the same. */
  readonly #explored = new Map<Expression, readonly Move[]>();

  constructor() {
    this.none = this.#made("none", { form: { kind: "none" }, isNullable: false, isSure: false });
    this.empty = this.#made("empty", { form: { kind: "empty" }, isNullable: true, isSure: true });
    this.everything = this.#made("everything", { form: { kind: "everything" }, isNullable: true, isSure: true });
  }

  /** How many were made so far: what reading has cost. */
  get count(): number {
    return this.#count;
  }

  /** One of these characters. */
  one(of: CodePoints): Expression {
    return of.isEmpty ? this.none : this.#made(`[${of.key}]`, { form: { kind: "one", of }, isNullable: false, isSure: true });
  }

  literal(text: string): Expression {
    const points = Array.from(text, (character) => character.codePointAt(0) as number);
    return points.reduceRight((then, point) => this.behind(this.one(CodePoints.of([[point, point]])), then), this.empty);
  }

  /** The first one, and the other behind it. */
  behind(first: Expression, then: Expression): Expression {
    if (first === this.none || then === this.none) return this.none;
    if (first === this.empty) return then;
    if (then === this.empty || (first === this.everything && then === this.everything)) return first;
    const isNullable = first.isNullable && then.isNullable;
    return this.#made(`${first.id} ${then.id}`, {
      form: { kind: "behind", first, then },
      isNullable,
      isSure: first.isSure && then.isSure,
    });
  }

  either(...given: readonly Expression[]): Expression {
    const all = flattened("either", given, this.none);
    if (all.includes(this.everything)) return this.everything;
    const sets = all.flatMap(({ form }) => (form.kind === "one" ? [form.of] : []));
    const merged = sets.length > 1 ? [this.one(sets.reduce((one, other) => one.or(other)))] : [];
    const items = sets.length > 1 ? [...all.filter(({ form }) => form.kind !== "one"), ...merged] : all;
    const [only = this.none] = items;
    if (items.length < 2) return only;
    const isNullable = items.some((item) => item.isNullable);
    return this.#made(keyOf("|", items), { form: { kind: "either", items }, isNullable, isSure: items.some((item) => item.isSure) });
  }

  both(...given: readonly Expression[]): Expression {
    const items = flattened("both", given, this.everything);
    const [only = this.everything] = items;
    if (items.includes(this.none)) return this.none;
    if (items.length < 2) return only;
    const isNullable = items.every((item) => item.isNullable);
    return this.#made(keyOf("&", items), { form: { kind: "both", items }, isNullable, isSure: isNullable });
  }

  not(item: Expression): Expression {
    if (item === this.none) return this.everything;
    if (item === this.everything) return this.none;
    if (item.form.kind === "not") return item.form.item;
    const isNullable = !item.isNullable;
    return this.#made(`!${item.id}`, { form: { kind: "not", item }, isNullable, isSure: isNullable });
  }

  repeat(item: Expression, least: number, most: number): Expression {
    if (most === 0 || item === this.empty) return this.empty;
    if (item === this.none) return least === 0 ? this.empty : this.none;
    if (least === 1 && most === 1) return item;
    const { form } = item;
    const isEndless = form.kind === "repeat" && form.least <= 1 && form.most === Number.POSITIVE_INFINITY;
    if (isEndless) return this.repeat(form.item, form.least && least, Number.POSITIVE_INFINITY);
    // What may be empty may be left out.
    const from = item.isNullable ? 0 : least;
    if (from === 0 && most === Number.POSITIVE_INFINITY && form.kind === "one" && form.of.key === CodePoints.all.key)
      return this.everything;
    return this.#made(`${item.id}{${from},${most}}`, {
      form: { kind: "repeat", item, least: from, most },
      isNullable: from === 0,
      isSure: from === 0 || item.isSure,
    });
  }

  /** What may follow, and what then is left: each set of characters has nothing in common with another, and every rest has a text. */
  moves(expression: Expression): readonly Move[] {
    const fixed = this.#explored.get(expression);
    if (fixed !== undefined) return fixed;
    const moves = this.#derived(expression);
    if (moves.every(({ to }) => to.isSure)) return moves;
    this.explore(expression);
    return this.#explored.get(expression) ?? [];
  }

  /** Whether it has no text. */
  isEmpty(expression: Expression): boolean {
    if (expression.isSure || expression === this.none) return !expression.isSure;
    return !expression.isNullable && this.moves(expression).length === 0;
  }

  has(expression: Expression, text: string): boolean {
    let left: Expression | undefined = expression;
    for (const character of text) {
      const point = character.codePointAt(0) as number;
      left = left && this.#derived(left).find(({ on }) => on.meets(point, point))?.to;
    }
    return left?.isNullable === true;
  }

  /**
   * All that can be left of an expression, from which an end is reached.
   *
   * @throws {TooLargeError} when these are too many
   */
  explore(start: Expression): readonly Expression[] {
    const places = new Map<Expression, readonly Move[]>();
    const before = new Map<Expression, Expression[]>();
    const open = [start];
    for (const place of open) {
      if (places.has(place)) continue;
      if (places.size === MOST_EXPLORED) throw new TooLargeError();
      const moves = this.#explored.get(place) ?? this.#derived(place);
      places.set(place, moves);
      for (const { to } of moves) {
        open.push(to);
        const earlier = before.get(to);
        if (earlier === undefined) before.set(to, [place]);
        else earlier.push(place);
      }
    }
    const ending = new Set([...places.keys()].filter((place) => place.isNullable));
    for (const place of ending) for (const earlier of before.get(place) ?? []) ending.add(earlier);
    for (const [place, moves] of places)
      this.#explored.set(
        place,
        moves.filter(({ to }) => ending.has(to)),
      );
    return [...ending];
  }

  #derived(expression: Expression): readonly Move[] {
    const known = this.#moves.get(expression);
    if (known !== undefined) return known;
    const moves = grouped(this.#derive(expression.form));
    this.#kept += 1 + moves.length;
    if (this.#kept >= KEPT) this.#forget();
    this.#moves.set(expression, moves);
    return moves;
  }

  #derive(form: Form): readonly Move[] {
    switch (form.kind) {
      case "none":
      case "empty":
        return [];
      case "everything":
        return [{ on: CodePoints.all, to: this.everything }];
      case "one":
        return [{ on: form.of, to: this.empty }];
      case "behind":
        return this.#deriveBehind(form.first, form.then);
      case "either":
        return this.#merged(form.items.flatMap((item) => this.#derived(item)));
      case "both":
        return form.items.map((item) => this.#derived(item)).reduce((one, other) => paired(one, other, (a, b) => this.both(a, b)));
      case "not": {
        const moves = this.#derived(form.item);
        const others = moves.reduce((left, { on }) => left.minus(on), CodePoints.all);
        return [...moves.map(({ on, to }) => ({ on, to: this.not(to) })), ...(others.isEmpty ? [] : [{ on: others, to: this.everything }])];
      }
      case "repeat": {
        const { item, least, most } = form;
        const again = this.repeat(item, Math.max(0, least - 1), most - 1);
        return this.#derived(item).map(({ on, to }) => ({ on, to: this.behind(to, again) }));
      }
      default:
        return form satisfies never;
    }
  }

  /** Long rows stand to the right: they are walked, so that their length is nobody's depth. */
  #deriveBehind(first: Expression, then: Expression): readonly Move[] {
    const moves: Move[] = [];
    let [item, rest] = [first, then];
    for (;;) {
      const behind = rest;
      moves.push(...this.#derived(item).map(({ on, to }) => ({ on, to: this.behind(to, behind) })));
      if (!item.isNullable) return this.#merged(moves);
      if (rest.form.kind !== "behind") return this.#merged([...moves, ...this.#derived(rest)]);
      ({ first: item, then: rest } = rest.form);
    }
  }

  /** All rests that the same characters lead to are one choice: it is made once, however many they are. */
  #merged(moves: readonly Move[]): readonly Move[] {
    const classes: { on: CodePoints; readonly to: Expression[] }[] = [{ on: CodePoints.all, to: [] }];
    for (const { on, to } of moves)
      for (const known of [...classes]) {
        const common = known.on === on ? on : known.on.and(on);
        if (common.isEmpty) continue;
        const rest = common === known.on ? undefined : known.on.minus(on);
        if (rest !== undefined) classes.push({ on: rest, to: [...known.to] });
        known.on = common;
        known.to.push(to);
      }
    return classes.map(({ on, to }) => ({ on, to: this.either(...to) }));
  }

  #made(key: string, parts: Omit<Expression, "id">): Expression {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = { id: this.#count++, ...parts };
    this.#kept += 1 + ("items" in parts.form ? parts.form.items.length : 0);
    this.#known.set(key, made);
    return made;
  }

  /** What is held elsewhere stays valid: only who meets again is no longer noticed. */
  #forget(): void {
    this.#known = new Map();
    this.#moves = new Map();
    this.#kept = 0;
  }
}

/** Each item once and in one order, those of nested ones among them, without the neutral one. */
function flattened(kind: "either" | "both", given: readonly Expression[], neutral: Expression): readonly Expression[] {
  const items = given.flatMap((item) => (item.form.kind === kind ? item.form.items : [item])).filter((item) => item !== neutral);
  return [...new Set(items)].sort((left, right) => left.id - right.id);
}

function keyOf(sign: string, items: readonly Expression[]): string {
  return sign + items.map(({ id }) => id).join(sign);
}

/** What becomes of two rests that the same characters lead to. */
function paired(one: readonly Move[], other: readonly Move[], rest: (one: Expression, other: Expression) => Expression): Move[] {
  return one.flatMap(({ on, to }) =>
    other.flatMap((their) => {
      const common = on.and(their.on);
      return common.isEmpty ? [] : [{ on: common, to: rest(to, their.to) }];
    }),
  );
}

/** Characters that lead to the same rest together. */
function grouped(moves: readonly Move[]): readonly Move[] {
  const sets = new Map<Expression, CodePoints>();
  for (const { on, to } of moves) if (to.form.kind !== "none") sets.set(to, sets.get(to)?.or(on) ?? on);
  return [...sets].map(([to, on]) => ({ on, to }));
}
