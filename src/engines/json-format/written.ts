import { type GrammarNode, type Machine, oneLess, type PieceNode } from "./grammar.ts";

/** What has to follow behind a piece: a node, and what has to follow behind that. */
class Place {
  /** `undefined` at the very end of the text. */
  readonly node: GrammarNode | undefined;
  readonly next: Place | undefined;
  /** Tells places apart. */
  readonly number: number;
  readonly #counter: { count: number };
  /** One place for each node that is put in front of this one, so that two ways to the same place meet there. */
  readonly #before = new Map<GrammarNode, Place>();

  constructor(node: GrammarNode | undefined, next: Place | undefined, counter: { count: number }) {
    this.node = node;
    this.next = next;
    this.number = counter.count++;
    this.#counter = counter;
  }

  before(node: GrammarNode): Place {
    let place = this.#before.get(node);
    if (place === undefined) {
      place = new Place(node, this, this.#counter);
      this.#before.set(node, place);
    }
    return place;
  }
}

/** One way to read the text so far: the piece that is being written, and what follows it. */
interface Reading {
  readonly machine: Machine;
  readonly next: Place;
}

/**
 * A text so far, as the grammar sees it: all ways to read it that may still come to an end. Immutable. Every one of them has a
 * continuation, so that a text never runs into a place where nothing may follow.
 */
export class Written {
  /** Whether the text may end here. */
  readonly isComplete: boolean;
  readonly #readings: readonly Reading[];

  private constructor({ readings, isComplete }: Readings) {
    this.#readings = distinct(readings);
    this.isComplete = isComplete;
  }

  /** Nothing written yet. */
  static nothing(root: GrammarNode): Written {
    const found = new Readings();
    found.open(new Place(undefined, undefined, { count: 0 }).before(root));
    return new Written(found);
  }

  /** One byte more; `undefined` where no text of the format goes on with it. */
  after(byte: number): Written | undefined {
    const found = new Readings();
    for (const { machine, next } of this.#readings) {
      const following = machine.after(byte);
      if (following === undefined) continue;
      found.add({ machine: following, next });
      if (following.mayEnd) found.open(next);
    }
    return found.readings.length === 0 ? undefined : new Written(found);
  }
}

/** Each way to read a text once: else they would double with every item of a list whose items can be read in two ways. */
function distinct(readings: readonly Reading[]): readonly Reading[] {
  if (readings.length < 2) return readings;
  return [...new Map(readings.map((reading) => [`${reading.next.number} ${reading.machine.key}`, reading])).values()];
}

/** Gathers ways to read a text. */
class Readings {
  readonly readings: Reading[] = [];
  isComplete = false;
  readonly #opened = new Set<Place>();

  add(reading: Reading): void {
    this.readings.push(reading);
  }

  /** Adds all pieces with which a place may begin. */
  open(place: Place): void {
    if (this.#opened.has(place)) return;
    this.#opened.add(place);
    const { node, next } = place;
    if (node === undefined || next === undefined) this.isComplete = true;
    else if (node.kind === "piece") this.add({ machine: node.machine, next });
    else for (const start of startsOf(node, next)) this.open(start);
  }
}

/** Where a text may go on that has come to a node. */
function startsOf(node: Exclude<GrammarNode, PieceNode>, next: Place): readonly Place[] {
  switch (node.kind) {
    case "sequence":
      return [node.items.reduceRight((behind, item) => behind.before(item), next)];
    case "choice":
      return node.options.map((option) => next.before(option));
    case "repeat":
      return [...(node.least === 0 ? [next] : []), ...(node.most > 0 ? [next.before(oneLess(node)).before(node.item)] : [])];
    case "reference":
      return node.target === undefined ? [] : [next.before(node.target)];
    default:
      return node satisfies never;
  }
}
