/**
 * What texts are of a format, as a graph of nodes. Texts are read byte by byte, so that a token that ends in half a character is
 * nothing special.
 */
export type GrammarNode = PieceNode | SequenceNode | ChoiceNode | RepeatNode | ReferenceNode;

/** Recognises a piece of text byte by byte. Immutable: `after` gives another machine, one byte further on. */
export interface Machine {
  /** `undefined` where no text of this piece goes on with that byte. From every other machine some text leads to an end. */
  after(byte: number): Machine | undefined;
  /** Whether the piece may end here. Never at its very beginning. */
  readonly mayEnd: boolean;
  /** Machines with the same key recognise the same. */
  readonly key: string;
}

export interface PieceNode {
  readonly kind: "piece";
  readonly machine: Machine;
}

/** One behind the other; without items the empty text. */
export interface SequenceNode {
  readonly kind: "sequence";
  readonly items: readonly GrammarNode[];
}

export interface ChoiceNode {
  readonly kind: "choice";
  /** Those that lead to an end: `keepEndable` takes the others out. */
  options: readonly GrammarNode[];
}

/** The item `least` to `most` times. */
export interface RepeatNode {
  readonly kind: "repeat";
  readonly item: GrammarNode;
  readonly least: number;
  most: number;
  /** What is left to repeat behind one more item; made when it is first asked for. */
  rest: RepeatNode | undefined;
}

/** Another node, which may not be made yet: this is how a schema contains itself. */
export interface ReferenceNode {
  readonly kind: "reference";
  target: GrammarNode | undefined;
}

export function piece(machine: Machine): GrammarNode {
  return { kind: "piece", machine };
}

export function sequence(...items: readonly GrammarNode[]): GrammarNode {
  return { kind: "sequence", items };
}

export function choice(...options: readonly GrammarNode[]): GrammarNode {
  return options.length === 1 ? (options[0] as GrammarNode) : { kind: "choice", options };
}

export function repeat(item: GrammarNode, least: number, most: number): RepeatNode {
  return { kind: "repeat", item, least, most, rest: undefined };
}

/** What a repetition has still to go behind one item. The same node each time, by which places in a text are told apart. */
export function oneLess(node: RepeatNode): RepeatNode {
  node.rest ??= isSteady(node) ? node : repeat(node.item, Math.max(0, node.least - 1), node.most - 1);
  return node.rest;
}

function isSteady({ least, most }: RepeatNode): boolean {
  return least === 0 && most === Number.POSITIVE_INFINITY;
}

/** These very bytes. */
export function text(literal: string): GrammarNode {
  return literal === "" ? sequence() : piece(new Literal(bytesOf(literal)));
}

/** The UTF-8 bytes of a text, as a string with one character for each of them. */
export function bytesOf(literal: string): string {
  return String.fromCharCode(...new TextEncoder().encode(literal));
}

class Literal implements Machine {
  readonly #left: string;

  constructor(left: string) {
    this.#left = left;
  }

  after(byte: number): Machine | undefined {
    return this.#left.charCodeAt(0) === byte ? new Literal(this.#left.slice(1)) : undefined;
  }

  get mayEnd(): boolean {
    return this.#left === "";
  }

  get key(): string {
    return `=${this.#left}`;
  }
}
