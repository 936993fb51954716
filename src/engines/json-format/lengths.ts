import { type Expression, type Expressions, TooLargeError } from "./expressions.ts";

/** So many answers are kept: places of an expression times lengths. */
const MOST_KEPT = 2_000_000;

/** How long the texts are that an expression can still have: asked where it stands beside bounds of a length. */
export class Lengths {
  readonly #expressions: Expressions;
  readonly #places: readonly Expression[];
  /** For each length the places from which a text of that length leads to an end. */
  readonly #ending: ReadonlySet<Expression>[];
  readonly #shortest: ReadonlyMap<Expression, number>;

  /**
   * @param most the longest that is asked about, from `least` on
   * @throws {TooLargeError}
   */
  constructor(expressions: Expressions, start: Expression, { least, most }: { readonly least: number; readonly most: number }) {
    this.#expressions = expressions;
    this.#places = expressions.explore(start);
    if (least > 0 && Math.min(most, least + this.#places.length) * this.#places.length > MOST_KEPT) throw new TooLargeError();
    this.#ending = [new Set(this.#places.filter(({ isNullable }) => isNullable))];
    this.#shortest = shortestFrom(this.#places, expressions);
  }

  /** Whether a text of `least` to `most` characters is left. */
  isWithin(place: Expression, least: number, most: number): boolean {
    if (least <= 0) return (this.#shortest.get(place) ?? Number.POSITIVE_INFINITY) <= most;
    // A longer text goes through some place twice, and could be shorter.
    const to = Math.min(most, least + this.#places.length);
    for (let length = least; length <= to; length++) if (this.#at(length).has(place)) return true;
    return false;
  }

  #at(length: number): ReadonlySet<Expression> {
    for (let known = this.#ending.length; known <= length; known++) {
      const shorter = this.#ending[known - 1] as ReadonlySet<Expression>;
      this.#ending.push(new Set(this.#places.filter((place) => this.#expressions.moves(place).some(({ to }) => shorter.has(to)))));
    }
    return this.#ending[length] as ReadonlySet<Expression>;
  }
}

/** How long the shortest text is from each place on. */
function shortestFrom(places: readonly Expression[], expressions: Expressions): ReadonlyMap<Expression, number> {
  const before = new Map<Expression, Expression[]>();
  for (const place of places)
    for (const { to } of expressions.moves(place)) {
      const earlier = before.get(to);
      if (earlier === undefined) before.set(to, [place]);
      else earlier.push(place);
    }
  const lengths = new Map(places.filter(({ isNullable }) => isNullable).map((place) => [place, 0]));
  for (const [place, length] of lengths)
    for (const earlier of before.get(place) ?? []) if (!lengths.has(earlier)) lengths.set(earlier, length + 1);
  return lengths;
}
