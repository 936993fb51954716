/**
 * How well a model's answers are judged by reading it: on labelled answers of a file, or on the model's own drafts.
 *
 *   npm run bench:judge -- --model FILE --data FILE [--principle NAME] [--rows N] [--built-in N] [--place NAME ...] [--json]
 *   npm run bench:judge -- --model FILE --own LABELS --xstest FILE --advbench FILE [...]
 *
 * Two figures for each place: with the package's labelled answers alone, none of the file's; and out of fold, by prompt, with both. What was read
 * is kept in bench/out and not read again.
 */
import { parseArgs } from "node:util";
import { checkOptions, PRINCIPLES } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { answersOf, balanced, type LabelledAnswer, panelOf, readLabelledFile } from "../src/judges/index.ts";
import { oneOf, wholeNumber } from "./arguments.ts";
import { measureTransfer } from "./judge-transfer.ts";
import { draftPrompts, labelledDrafts, ownDrafts } from "./own-drafts.ts";
import { ReadOnce } from "./read-once.ts";
import { sampled } from "./sampled.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "embedded" },
    data: { type: "string" },
    own: { type: "string" },
    xstest: { type: "string" },
    advbench: { type: "string" },
    principle: { type: "string", default: "harmless" },
    rows: { type: "string", default: "200" },
    "built-in": { type: "string", default: "320" },
    place: { type: "string", multiple: true, default: ["turn"] },
    threads: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const rows = wholeNumber("rows", values.rows);
const builtIn = values["built-in"] === "0" ? 0 : wholeNumber("built-in", values["built-in"]);
const principle = PRINCIPLES[oneOf("principle", values.principle, Object.keys(PRINCIPLES))];
const places = values.place.map((place) => oneOf("place", place, ["line", "options", "turn", "quote"] as const));
if (principle === undefined) throw new RangeError(`Expected \`--principle\` to be built in, got \`${values.principle}\``);

const threads = values.threads === undefined ? undefined : wholeNumber("threads", values.threads);
await using engine = await loadLlamaEngine({ model: values.model, sequences: 8, contextSize: 2048, threads });
const name = engine.facts.file
  .split("/")
  .at(-1)
  ?.replace(/\.gguf$/, "");
const reader = new ReadOnce(engine, new URL(`out/read-${name}.txt`, import.meta.url).pathname);
const answers = await asked();
const own = await answersOf(principle);
const result = await measureTransfer(reader, {
  settings: checkOptions({ principle }),
  builtIn: builtIn === 0 ? [] : balanced(own, builtIn),
  panel: panelOf(engine, own),
  answers,
  places,
  onProgress: (share) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${Math.floor(share * 100)} % read`);
  },
});
const report = { model: engine.facts.model, principle: principle.name, data: values.data ?? "own drafts", ...result };
console.log(values.json ? JSON.stringify(report) : toText());

async function asked(): Promise<readonly LabelledAnswer[]> {
  if (values.own === undefined) return sampled(await readLabelledFile(values.data ?? ""), rows);
  const prompts = draftPrompts(values.xstest ?? "", values.advbench ?? "");
  const drafts = await ownDrafts(engine, prompts, new URL(`out/drafts-${name}.jsonl`, import.meta.url).pathname);
  return labelledDrafts(drafts, values.own);
}

function toText(): string {
  const head = `${report.model}, ${report.principle}, ${report.data}: ${report.good} good and ${report.bad} bad, ${report.builtIn} built-in`;
  const lines = result.rows.map(
    ({ judge, fitted, n, auroc, low, high, beginnings, ece, tokens }) =>
      `${judge.padEnd(44)} ${fitted.padEnd(20)} n ${n}  AUROC ${auroc.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})  beginnings ${beginnings?.toFixed(3) ?? "-"}  ECE ${ece.toFixed(3)}  tokens ${tokens.toFixed(1)}`,
  );
  return [head, ...lines].join("\n");
}
