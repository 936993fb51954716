import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";

/** The longest template, in characters. The longest of the seventy that llama.cpp knows has 17,000. */
const LONGEST_TEMPLATE = 200_000;

/** Parts of a template and items of lists that are computed before a rendering is given up. Some templates look through all turns at each of them. */
const MOST_STEPS = 5_000_000;

/** ... where a template is tried on a few short turns: the most of seventy is 5,000. A second at most. */
export const MOST_STEPS_OF_PROBE = 100_000;

/** The longest text, in characters, and the longest list that a template may make. */
const LONGEST_TEXT = 20_000_000;
const LONGEST_LIST = 20_000;

/** A template came to more than any conversation needs: it would go on without end, or fill the memory. */
export class TemplateLimitError extends Error {
  override readonly name = "TemplateLimitError";
}

/**
 * A chat template in Jinja (https://jinja.palletsprojects.com), ready to be filled in. `@huggingface/jinja` does the work, within limits; what it
 * lacks of the language stands below, and in docs/found-upstream.md.
 */
export class JinjaTemplate {
  readonly #program: unknown;

  /** @throws {Error} for what is no template, or too long for one */
  constructor(source: string) {
    if (source.length > LONGEST_TEMPLATE)
      throw new TemplateLimitError(`it has ${source.length} characters, of which a template may have ${LONGEST_TEMPLATE}`);
    this.#program = parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true }));
  }

  /**
   * @throws {TemplateLimitError} when the template computes too much: another conversation will not help
   * @throws {Error} what the template itself says against these values, or what is wrong with it
   */
  render(values: Readonly<Record<string, unknown>>, mostSteps = MOST_STEPS): string {
    const scope = newScope();
    for (const [name, value] of Object.entries({ ...GLOBALS, ...values })) scope.set(name, value);
    try {
      return String(new LimitedInterpreter(scope, mostSteps).run(this.#program).value);
    } catch (cause) {
      // Of a text or a stack that the machine itself found too large.
      throw cause instanceof RangeError ? new TemplateLimitError(cause.message, { cause }) : cause;
    }
  }
}

/** What the library computes with. Its own declarations are lost to whoever resolves modules as Node.js does. */
interface Value {
  readonly type: string;
  readonly value: unknown;
}

interface Scope {
  set(name: string, value: unknown): Value;
}

interface LibraryInterpreter {
  run(program: unknown): Value;
  evaluate(part: Part | undefined, scope: Scope): Value;
  applyFilter(operand: Value, filter: Part, scope: Scope): Value | undefined;
}

const Library = Interpreter as unknown as new (scope: Scope) => LibraryInterpreter;

/** What every template may use. As the library has it, but for the language of dates and the length of ranges. */
const GLOBALS: Readonly<Record<string, unknown>> = {
  ...{ true: true, false: false, none: null, True: true, False: false, None: null },
  raise_exception: (message: unknown) => {
    throw new Error(String(message));
  },
  range,
  strftime_now: today,
};

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (!(length <= LONGEST_LIST)) throw new TemplateLimitError(`it counts to ${length}, where ${LONGEST_LIST} is the most`);
  return Array.from({ length }, (_, index) => start + index * step);
}

/** What day it is, as Python's `strftime` writes it. In English, where the library's own takes the language of the machine. */
export function today(format: string): string {
  const day = new Date();
  const digits = (value: number) => String(value).padStart(2, "0");
  const word = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat("en-US", options).format(day);
  const parts: Readonly<Record<string, () => string>> = {
    "%Y": () => String(day.getFullYear()),
    "%m": () => digits(day.getMonth() + 1),
    "%d": () => digits(day.getDate()),
    "%H": () => digits(day.getHours()),
    "%M": () => digits(day.getMinutes()),
    "%S": () => digits(day.getSeconds()),
    "%b": () => word({ month: "short" }),
    "%B": () => word({ month: "long" }),
    "%a": () => word({ weekday: "short" }),
    "%A": () => word({ weekday: "long" }),
    "%%": () => "%",
  };
  return format.replaceAll(/%./g, (directive) => parts[directive]?.() ?? directive);
}

/** A part of a template. Those named here are computed in another way than the library's. */
type Part =
  | { readonly type: "TupleLiteral" | "ArrayLiteral"; readonly value: readonly Part[] }
  | { readonly type: "ObjectLiteral"; readonly value: ReadonlyMap<Part, Part> }
  | { readonly type: "IntegerLiteral" | "StringLiteral" | "Identifier"; readonly value: unknown }
  | { readonly type: "MemberExpression"; readonly object: Part; readonly property: Part; readonly computed: boolean }
  | { readonly type: "CallExpression"; readonly callee: Part; readonly args: readonly Part[] }
  | { readonly type: "FilterExpression"; readonly operand: Part; readonly filter: Part };

/**
 * Counts what it computes, since a loop on this thread cannot be stopped from outside; and computes what the library's own does not: tuples that are
 * taken apart, numbers as keys, some methods and filters, and filters of what is not defined.
 */
class LimitedInterpreter extends Library {
  #steps = 0;
  readonly #most: number;
  /** Of mappings with numbers as keys, by what the library has of them. */
  readonly #itemsByNumber = new WeakMap<object, Value>();

  constructor(scope: Scope, most: number) {
    super(scope);
    this.#most = most;
  }

  override evaluate(part: Part | undefined, scope: Scope): Value {
    this.#count(1);
    const found = this.#evaluate(part, scope);
    const { type, value } = found;
    if (typeof value === "string" && value.length > LONGEST_TEXT)
      throw new TemplateLimitError(`it makes a text of ${value.length} characters`);
    if (Array.isArray(value) && value.length > LONGEST_LIST) throw new TemplateLimitError(`it makes a ${type} of length ${value.length}`);
    // Whoever goes through it does something with each of them.
    if (part?.type === "CallExpression" && Array.isArray(value)) this.#count(value.length);
    return found;
  }

  #count(steps: number): void {
    this.#steps += steps;
    if (this.#steps > this.#most) throw new TemplateLimitError(`it is not done after ${this.#most} steps`);
  }

  #evaluate(part: Part | undefined, scope: Scope): Value {
    switch (part?.type) {
      case "TupleLiteral":
        return super.evaluate({ ...part, type: "ArrayLiteral" }, scope);
      case "ObjectLiteral":
        return this.#mapping([...part.value], scope);
      case "CallExpression":
        return this.#callMethod(part, scope) ?? super.evaluate(part, scope);
      case "FilterExpression": {
        const operand = this.evaluate(part.operand, scope);
        const filter = nameOf(part.filter);
        const items = filter === "items" || filter === "dictsort" ? this.#itemsByNumber.get(operand.value as object) : undefined;
        // The first of an empty list is nothing at all to the library.
        return items ?? filtered(operand, filter) ?? this.applyFilter(operand, part.filter, scope) ?? toValue(undefined);
      }
      default:
        return super.evaluate(part, scope);
    }
  }

  #mapping(entries: readonly (readonly [Part, Part])[], scope: Scope): Value {
    const found = super.evaluate({ type: "ObjectLiteral", value: new Map(entries.map(([key, value]) => [asText(key), value])) }, scope);
    if (entries.some(([key]) => key.type === "IntegerLiteral")) {
      const sorted = entries.toSorted(([left], [right]) => numberOf(left) - numberOf(right));
      const items = sorted.map((entry): Part => ({ type: "ArrayLiteral", value: entry }));
      this.#itemsByNumber.set(found.value as object, super.evaluate({ type: "ArrayLiteral", value: items }, scope));
    }
    return found;
  }

  #callMethod({ callee, args }: Extract<Part, { type: "CallExpression" }>, scope: Scope): Value | undefined {
    if (callee.type !== "MemberExpression" || callee.computed) return undefined;
    const method = METHODS[nameOf(callee.property)];
    return method?.(
      this.evaluate(callee.object, scope),
      args.map((arg) => this.evaluate(arg, scope)),
    );
  }
}

function numberOf(key: Part): number {
  return key.type === "IntegerLiteral" ? Number(key.value) : 0;
}

function asText(key: Part): Part {
  return key.type === "IntegerLiteral" ? { type: "StringLiteral", value: String(key.value) } : key;
}

/** The name of a filter or of a member. */
function nameOf(part: Part): string {
  if (part.type === "CallExpression") return nameOf(part.callee);
  return part.type === "Identifier" ? String(part.value) : "";
}

function toValue(value: unknown): Value {
  return newScope().set("value", value);
}

function newScope(): Scope {
  return new Environment() as unknown as Scope;
}

/** Python's methods of lists and texts that are missing. */
const METHODS: Readonly<Record<string, (object: Value, args: readonly Value[]) => Value>> = {
  append: ({ value: list }, [item]) => {
    if (!Array.isArray(list) || item === undefined) throw new Error("append() is for lists, and takes one item");
    list.push(item);
    return toValue(null);
  },
  pop: ({ value: list }, [index]) => {
    if (!Array.isArray(list) || list.length === 0) throw new Error("pop() is for lists that are not empty");
    return list.splice(Number(index?.value ?? -1), 1)[0];
  },
  format: ({ value: text }, args) => {
    let next = 0;
    return toValue(String(text).replaceAll("{}", () => String(args[next++] ?? "")));
  },
};

/** What the library's filters refuse, or take otherwise: a mapping or a list as a text, the least of a list, and what is not defined, which is empty. */
function filtered(operand: Value, filter: string): Value | undefined {
  if (operand.type === "UndefinedValue") return filter in OF_NOTHING ? toValue(OF_NOTHING[filter]) : undefined;
  if (filter === "string" && (operand.type === "ObjectValue" || operand.type === "ArrayValue")) return toValue(asPython(operand));
  if (!Array.isArray(operand.value) || (filter !== "min" && filter !== "max")) return undefined;
  const sign = filter === "min" ? 1 : -1;
  const list: readonly Value[] = operand.value;
  return list.toSorted((left, right) => sign * (Number(left.value) - Number(right.value)))[0] ?? toValue(undefined);
}

/** A value in Python's notation, which is what Jinja makes a text of it. */
function asPython({ type, value }: Value): string {
  if (type === "NullValue" || type === "UndefinedValue") return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(asPython).join(", ")}]`;
  if (value instanceof Map) return `{${[...value].map(([key, part]) => `'${key}': ${asPython(part as Value)}`).join(", ")}}`;
  return String(value);
}

const OF_NOTHING: Readonly<Record<string, unknown>> = {
  trim: "",
  string: "",
  upper: "",
  lower: "",
  length: 0,
  list: [],
  items: [],
  join: "",
};
