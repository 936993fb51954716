import type { JsonSchema } from "../../core/output-format.ts";
import { Cases } from "./cases.ts";
import { type Expressions, TooLargeError } from "./expressions.ts";
import { type ChoiceNode, canEnd, choice, type GrammarNode, isEndless, keepEndable, sequence, text } from "./grammar.ts";
import { refusal } from "./json-schema.ts";
import { listTexts } from "./lists.ts";
import { ANY_NUMBER, hasNumbers, numberText } from "./numbers.ts";
import { objectTexts } from "./objects.ts";
import { keyOf, type ObjectShape, type Parts, type Shape } from "./shapes.ts";
import { enclosed, listOf, member, valueText } from "./signs.ts";
import { ANY_STRING, stringText } from "./strings.ts";

/**
 * The texts of a schema, as a grammar: each of them parses as JSON and is valid, though not every valid text is among them.
 *
 * @throws {EngineError} `format-unsupported`, for a schema that cannot be a grammar, with its place and what to do
 */
export function compileSchema(schema: JsonSchema): GrammarNode {
  const compiler = new Compiler(schema);
  // Some vocabularies put a space in front of the first word.
  const whole = sequence(choice(sequence(), text(" ")), compiler.compile([{ schema, at: "#", isNegated: false }]));
  if (keepEndable(whole)) return whole;
  const at = compiler.contradiction();
  if (at === undefined) throw refusal("a schema that no finite value is of", "#", "give each recursion a way to end");
  throw refusal("a schema that no JSON value fulfils", at, "what it asks for contradicts itself");
}

class Compiler {
  readonly #cases: Cases;
  readonly #nodes = new Map<string, { readonly node: ChoiceNode; readonly at: string; readonly isBarred: boolean }>();
  readonly #anyValue: GrammarNode;

  constructor(root: JsonSchema) {
    this.#cases = new Cases(root);
    this.#anyValue = anyValue(this.#cases.expressions);
  }

  /** The innermost place of which no text ends, and not because it contains itself. */
  contradiction(): string | undefined {
    const places = [...this.#nodes.values()].toReversed();
    return places.find(({ node, isBarred }) => !isBarred && !canEnd(node) && !isEndless(node))?.at;
  }

  /** What obeys all of these. The same places are the same node: so a schema contains itself. */
  compile(parts: Parts): GrammarNode {
    const limiting = parts.filter(({ schema, isNegated }) => isNegated || (schema !== true && !isBare(schema)));
    const [first] = limiting;
    if (first === undefined) return this.#anyValue;
    const key = limiting.map(keyOf).join(" ");
    const known = this.#nodes.get(key);
    if (known !== undefined) return known.node;
    const node: ChoiceNode = { kind: "choice", items: [] };
    this.#nodes.set(key, { node, at: first.at, isBarred: first.schema === false });
    const cases = meantOf(this.#cases.of(limiting));
    if (cases === "any") return this.#anyValue;
    try {
      node.items = cases.map((shape) => this.#texts(shape, first.at));
    } catch (error) {
      if (error instanceof TooLargeError) throw refusal("a `pattern` or bounds that are too large together", first.at, "make them simpler");
      throw error;
    }
    return node;
  }

  #texts(shape: Shape, at: string): GrammarNode {
    const { expressions } = this.#cases;
    switch (shape.kind) {
      case "listed":
        return choice(...shape.values.map(valueText));
      case "string":
        return stringText(shape.rule, expressions);
      case "number":
        return hasNumbers(shape.rule) ? numberText(shape.rule) : choice();
      case "object":
        return objectTexts(shape, { at, expressions, compile: (parts) => this.compile(parts) });
      case "array":
        return listTexts(shape, { at, compile: (parts) => this.compile(parts) });
      default:
        return shape satisfies never;
    }
  }
}

/** Whether a schema says nothing at all. */
function isBare(schema: unknown): boolean {
  return typeof schema === "object" && schema !== null && Object.keys(schema).length === 0;
}

/** Cases of the types that the schema speaks of. Where a case needs a name that only a `not` speaks of, the others are preferred. */
function meantOf(cases: readonly Shape[]): readonly Shape[] | "any" {
  const meant = cases.filter(({ isMeant }) => isMeant);
  if (meant.length === 0 && cases.length > 0) return "any";
  const asked = meant.filter((shape) => shape.kind !== "object" || !needsUnasked(shape));
  return asked.length === 0 ? meant : asked;
}

function needsUnasked({ required, declared }: ObjectShape): boolean {
  return [...required].some((name) => declared.get(name)?.isAsked === false);
}

/** Any value at all. */
function anyValue(expressions: Expressions): GrammarNode {
  const any: ChoiceNode = { kind: "choice", items: [] };
  const anyText = stringText(ANY_STRING, expressions);
  any.items = [
    enclosed("{}", listOf(member(anyText, any))),
    enclosed("[]", listOf(any)),
    anyText,
    numberText(ANY_NUMBER),
    ...["true", "false", "null"].map(text),
  ];
  return any;
}
