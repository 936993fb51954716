/**
 * Writes the training corpus: documents of the small world, one JSON line each, `[text, weight]` pieces in order. The weight
 * says how much the trainer cares for predicting that piece: answers count, prompts hardly, and of a judge's document only
 * the verdict does, so that the model learns to answer the judge's question and never to ask it.
 *
 *   tsx training/corpus.ts OUT.jsonl [documents] [seed] [even | truth]
 */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { affixed, attacked, conversation, type Focus, fenced, judged, type Piece, quiz, single } from "./documents.ts";
import { Dice } from "./world/dice.ts";

/** Shares of documents, by what the corpus is to teach. */
const MIXES = {
  even: { single: 0.17, conversation: 0.17, attacked: 0.06, affixed: 0.1, fenced: 0.05, judged: 0.45, quiz: 0 },
  truth: { single: 0.13, conversation: 0.1, attacked: 0.04, affixed: 0.07, fenced: 0.04, judged: 0.42, quiz: 0.2 },
} as const satisfies Record<Focus, unknown>;

const WRITERS = { single, conversation, attacked, affixed, fenced, judged, quiz } satisfies Record<
  keyof (typeof MIXES)["even"],
  (dice: Dice, focus: Focus) => Piece[]
>;

const [out, count = "160000", seed = "1", focus = "even"] = process.argv.slice(2);
if (out === undefined) throw new Error("Expected a file to write to: tsx training/corpus.ts OUT.jsonl [documents] [seed] [even | truth]");

if (focus !== "even" && focus !== "truth") throw new RangeError(`Expected the focus to be \`even\` or \`truth\`, got \`${focus}\``);

const stream = createWriteStream(out);
for (let index = 0; index < Number(count); index++) {
  const dice = new Dice(Number(seed) * 1_000_003 + index);
  const pieces = WRITERS[dice.weighted(MIXES[focus])](dice, focus);
  if (!stream.write(`${JSON.stringify(pieces)}\n`)) await once(stream, "drain");
}
stream.end();
await once(stream, "finish");
