/** The signs of JSON between values, and the blanks around them. */
import { choice, type GrammarNode, repeat, sequence, text } from "./grammar.ts";

/** Deeper lines are written without indentation. Without a bound, a model can go on with blanks for ever. */
const DEEPEST_INDENTATION = 24;

/** Between the signs of an object or a list: nothing, one space, or a new line and its indentation. */
export const BLANK: GrammarNode = choice(
  sequence(),
  text(" "),
  sequence(text("\n"), repeat(choice(text(" "), text("\t")), 0, DEEPEST_INDENTATION)),
);

const COLON: GrammarNode = choice(text(":"), text(": "));

/** One value as JSON writes it. */
export function valueText(value: unknown): GrammarNode {
  return text(JSON.stringify(value));
}

/** A name of an object, as text, and its value. */
export function member(name: GrammarNode, value: GrammarNode): GrammarNode {
  return sequence(name, COLON, value);
}

/** What stands between braces or brackets: first and further items, each already with its comma. */
export function enclosed(signs: "{}" | "[]", content: GrammarNode): GrammarNode {
  return sequence(text(signs.charAt(0)), BLANK, content, text(signs.charAt(1)));
}

/** Behind an item: the next one, its comma in front. */
export function further(item: GrammarNode): GrammarNode {
  return sequence(text(","), BLANK, item);
}

/** So many items with commas between them, and a blank behind the last one. */
export function listOf(item: GrammarNode, least = 0, most = Number.POSITIVE_INFINITY): GrammarNode {
  if (most <= 0) return sequence();
  const some = sequence(item, repeat(further(item), Math.max(0, least - 1), most - 1), BLANK);
  return least > 0 ? some : choice(sequence(), some);
}
