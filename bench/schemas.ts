/**
 * How many kinds of zod schemas come back as values from `ChatRain.withStructuredOutput`, with defaults (judged), beside plain decoding (unjudged).
 *
 *   npm run bench:schemas -- --model FILE [--from N] [--n N] [--json]
 *
 * `--from` and `--n` ask some of them alone: the first is 1. Parsed: zod takes the value. All are asked the same, with a prompt of their own, seed 1.
 */
import { parseArgs } from "node:util";
import { ChatRain, StructuredOutputError } from "rain-align/langchain";
import { SCHEMA_CASES } from "./schema-cases.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    from: { type: "string", default: "1" },
    n: { type: "string", default: `${SCHEMA_CASES.length}` },
    json: { type: "boolean", default: false },
  },
});
if (values.model === undefined) throw new RangeError("Expected `--model` to be a GGUF file, got none");

await using judged = await ChatRain.load({ model: values.model, seed: 1, onNotice: () => undefined, contextSize: 2048 });
const plain = new ChatRain({ model: values.model, seed: 1, mode: "vanilla", onNotice: () => undefined, contextSize: 2048 });
const rows: Row[] = [];
const from = Number(values.from) - 1;
for (const { kind, ask, schema } of SCHEMA_CASES.slice(from, from + Number(values.n))) {
  const outcomes: Outcome[] = [];
  for (const model of [judged, plain]) outcomes.push(await outcomeOf(() => model.withStructuredOutput(schema).invoke(ask)));
  const [withJudge = "failed", without = "failed"] = outcomes;
  rows.push({ kind, judged: withJudge, plain: without });
  if (!values.json) console.log(`${kind.padEnd(28)}${withJudge.padEnd(14)}${without}`);
}
const parsed = (by: "judged" | "plain") => rows.filter((row) => row[by] === "parsed").length;
const refused = rows.filter((row) => row.judged === "refused" && row.plain === "parsed").map(({ kind }) => kind);
const report = { model: judged.model, n: rows.length, judged: parsed("judged"), plain: parsed("plain"), refused };
console.log(values.json ? JSON.stringify({ ...report, rows }, undefined, 2) : JSON.stringify(report));
await plain.dispose();

type Outcome = "parsed" | "cut" | "refused" | "unsupported" | "failed";

interface Row {
  readonly kind: string;
  readonly judged: Outcome;
  readonly plain: Outcome;
}

async function outcomeOf(ask: () => Promise<unknown>): Promise<Outcome> {
  try {
    await ask();
    return "parsed";
  } catch (error) {
    const reason = StructuredOutputError.findIn(error)?.finishReason;
    if (reason !== undefined) return reason === "length" ? "cut" : "refused";
    return String(error).includes("can be a format") ? "unsupported" : "failed";
  }
}
