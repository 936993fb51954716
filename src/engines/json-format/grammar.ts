/**
 * The texts of a format as a grammar, and how far a text has come in it. Texts are read byte by byte, so that a token that ends in half a
 * character is nothing special.
 */
export type GrammarNode = TerminalNode | SequenceNode | ChoiceNode | RepeatNode;

/** A piece of text without parts, as far as it is read. Immutable. */
export interface Terminal {
  /** One byte further; `undefined` where no text of this piece goes on with that byte. Every terminal can be completed. */
  after(byte: number): Terminal | undefined;
  /** Whether the piece may end here. Never at its very beginning. */
  readonly mayEnd: boolean;
  /** Terminals with the same key go on in the same ways. */
  readonly key: string;
}

interface TerminalNode {
  readonly kind: "terminal";
  readonly start: Terminal;
}

/** One behind the other; without items the empty text. */
interface SequenceNode {
  readonly kind: "sequence";
  readonly items: readonly GrammarNode[];
}

/** One of its items. They may be given later: this is how a schema contains itself. */
export interface ChoiceNode {
  readonly kind: "choice";
  items: readonly GrammarNode[];
}

/** Its one item, `least` to `most` times. */
interface RepeatNode {
  readonly kind: "repeat";
  readonly items: readonly [GrammarNode];
  readonly least: number;
  most: number;
  /** What is left to repeat behind one more item: the same node each time, by which two ways to the same rest are known. */
  oneLess: RepeatNode | undefined;
}

export function terminal(start: Terminal): GrammarNode {
  return { kind: "terminal", start };
}

export function sequence(...items: readonly GrammarNode[]): GrammarNode {
  return { kind: "sequence", items };
}

export function choice(...items: readonly GrammarNode[]): GrammarNode {
  return items.length === 1 ? (items[0] as GrammarNode) : { kind: "choice", items };
}

export function repeat(item: GrammarNode, least: number, most: number): RepeatNode {
  return { kind: "repeat", items: [item], least, most, oneLess: undefined };
}

/** The bytes of this very text. */
export function text(literal: string): GrammarNode {
  return codes(bytesOf(literal));
}

/** These very bytes, one character for each; what is above 255 stands for no byte. */
export function codes(literal: string): GrammarNode {
  return literal === "" ? sequence() : terminal(new Literal(literal));
}

/** The UTF-8 bytes of a text, as a string with one character for each of them. */
export function bytesOf(literal: string): string {
  return String.fromCharCode(...new TextEncoder().encode(literal));
}

class Literal implements Terminal {
  readonly #left: string;

  constructor(left: string) {
    this.#left = left;
  }

  after(byte: number): Terminal | undefined {
    return this.#left.charCodeAt(0) === byte ? new Literal(this.#left.slice(1)) : undefined;
  }

  get mayEnd(): boolean {
    return this.#left === "";
  }

  get key(): string {
    return `=${this.#left}`;
  }
}

/**
 * Takes out all choices that lead to no end, such as a node of a list that must contain a node: a text that took one could never
 * be completed. Gives `false`, and takes out nothing, if nothing would be left of the whole.
 */
export function keepEndable(root: GrammarNode): boolean {
  const nodes = nodesIn(root);
  const endable = endableOf(nodes);
  if (!endable.has(root)) return false;
  for (const node of nodes) {
    if (node.kind === "choice") node.items = node.items.filter((item) => endable.has(item));
    if (node.kind === "repeat" && !endable.has(node.items[0])) node.most = 0;
  }
  return true;
}

/** Whether a text of the node comes to an end. */
export function canEnd(root: GrammarNode): boolean {
  return endableOf(nodesIn(root)).has(root);
}

/** A node with all that stands below it. */
function nodesIn(root: GrammarNode): ReadonlySet<GrammarNode> {
  const nodes = new Set([root]);
  for (const node of nodes) if (node.kind !== "terminal") for (const item of node.items) nodes.add(item);
  return nodes;
}

function endableOf(nodes: ReadonlySet<GrammarNode>): ReadonlySet<GrammarNode> {
  const endable = new Set<GrammarNode>();
  for (let known = -1; known < endable.size; ) {
    known = endable.size;
    for (const node of nodes) if (!endable.has(node) && isEndable(node, endable)) endable.add(node);
  }
  return endable;
}

/** Whether a node without an end has one below it, or is one, that contains itself. */
export function isEndless(root: GrammarNode): boolean {
  const nodes = nodesIn(root);
  const endable = endableOf(nodes);
  return [...nodes].some((node) => !endable.has(node) && node.kind !== "terminal" && node.items.some((item) => nodesIn(item).has(node)));
}

function isEndable(node: GrammarNode, endable: ReadonlySet<GrammarNode>): boolean {
  switch (node.kind) {
    case "terminal":
      return true;
    case "sequence":
      return node.items.every((item) => endable.has(item));
    case "choice":
      return node.items.some((item) => endable.has(item));
    case "repeat":
      return node.least === 0 || endable.has(node.items[0]);
    default:
      return node satisfies never;
  }
}

/** What has to follow behind a terminal, from the top down. Stacks share what is below, and are the same where they say the same. */
class Stack {
  /** `undefined` at the very end of the text. */
  readonly top: GrammarNode | undefined;
  readonly below: Stack | undefined;
  readonly #pushed = new Map<GrammarNode, Stack>();

  constructor(top?: GrammarNode, below?: Stack) {
    this.top = top;
    this.below = below;
  }

  push(node: GrammarNode): Stack {
    const known = this.#pushed.get(node);
    const stack = known ?? new Stack(node, this);
    if (known === undefined) this.#pushed.set(node, stack);
    return stack;
  }
}

/** One way to read the text so far: the terminal that is being read, and what follows it. */
interface Parse {
  readonly terminal: Terminal;
  readonly rest: Stack;
}

/**
 * A text so far, as the grammar sees it: all ways to read it that may still come to an end. Immutable. Every one of them has a
 * continuation, so that a text never runs into a place where nothing may follow.
 */
export class GrammarState {
  /** Whether the text may end here. */
  readonly isComplete: boolean;
  readonly #parses: readonly Parse[];

  /** @param open what may begin behind the bytes that were read */
  private constructor(going: readonly Parse[], open: readonly Stack[]) {
    const begun: Parse[] = [];
    let isComplete = false;
    const stacks = new Set(open);
    for (const { top, below } of stacks) {
      if (top === undefined || below === undefined) isComplete = true;
      else if (top.kind === "terminal") begun.push({ terminal: top.start, rest: below });
      else for (const stack of opened(top, below)) stacks.add(stack);
    }
    this.#parses = distinct([...going, ...begun]);
    this.isComplete = isComplete;
  }

  /** Nothing written yet. */
  static nothing(root: GrammarNode): GrammarState {
    return new GrammarState([], [new Stack().push(root)]);
  }

  /** One byte more; `undefined` where no text of the format goes on with it. */
  after(byte: number): GrammarState | undefined {
    const going: Parse[] = [];
    const open: Stack[] = [];
    for (const { terminal, rest } of this.#parses) {
      const next = terminal.after(byte);
      if (next === undefined) continue;
      going.push({ terminal: next, rest });
      if (next.mayEnd) open.push(rest);
    }
    return going.length === 0 ? undefined : new GrammarState(going, open);
  }
}

/** The stacks that stand for a node on top of a stack, once its parts are told apart. */
function opened(node: Exclude<GrammarNode, TerminalNode>, below: Stack): readonly Stack[] {
  switch (node.kind) {
    case "sequence":
      return [node.items.reduceRight((behind, item) => behind.push(item), below)];
    case "choice":
      return node.items.map((item) => below.push(item));
    case "repeat":
      return [...(node.least === 0 ? [below] : []), ...(node.most > 0 ? [below.push(oneLess(node)).push(node.items[0])] : [])];
    default:
      return node satisfies never;
  }
}

function oneLess(node: RepeatNode): RepeatNode {
  const { items, least, most } = node;
  const isEndless = least === 0 && most === Number.POSITIVE_INFINITY;
  node.oneLess ??= isEndless ? node : repeat(items[0], Math.max(0, least - 1), most - 1);
  return node.oneLess;
}

/** Each way to read a text once: else they would double with every item of a list whose items can be read in two ways. */
function distinct(parses: readonly Parse[]): readonly Parse[] {
  if (parses.length < 2) return parses;
  const known = new Map<Stack, Set<string>>();
  return parses.filter(({ terminal: { key }, rest }) => {
    const keys = known.get(rest) ?? new Set();
    known.set(rest, keys);
    return !keys.has(key) && keys.add(key);
  });
}
