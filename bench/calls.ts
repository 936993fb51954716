/**
 * How well a model calls tools: 25 simple calls, one tool each, as likeliest (temperature 0) and unjudged.
 *
 *   npm run bench:calls -- --model FILE [--choice auto|any] [--from N] [--n N] [--json]
 *
 * `--from` and `--n` ask some of them alone: the first is 1.
 * Right: the tool is called, once, and each argument is one of the values that were meant. Parsed: what it calls, if it does, is the tool with arguments
 * that are valid under its schema.
 */
import { isDeepStrictEqual, parseArgs } from "node:util";
import { Ajv2020 } from "ajv/dist/2020.js";
import { answer, type RainAnswer } from "rain-align";
import { loadLlamaEngine } from "rain-align/llama";
import { oneOf } from "./arguments.ts";
import { CALL_CASES, type CallCase } from "./call-cases.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    choice: { type: "string", default: "auto" },
    from: { type: "string", default: "1" },
    n: { type: "string", default: `${CALL_CASES.length}` },
    json: { type: "boolean", default: false },
  },
});
if (values.model === undefined) throw new RangeError("Expected `--model` to be a GGUF file, got none");
const toolChoice = oneOf("choice", values.choice, ["auto", "any"] as const);

await using engine = await loadLlamaEngine({ model: values.model, gpu: false, contextSize: 2048 });
const ajv = new Ajv2020({ strict: false });
const results: Result[] = [];
const from = Number(values.from) - 1;
for (const one of CALL_CASES.slice(from, from + Number(values.n))) {
  const { ask, tool } = one;
  const asked = { tools: [tool], toolChoice, temperature: 0, mode: "vanilla", maxTokens: 200 } as const;
  const whole = await answer(engine, [{ role: "user", text: ask }], asked);
  const [call] = whole.calls ?? [];
  const isParsed = call === undefined || (call.name === tool.name && ajv.validate(tool.parameters, call.arguments));
  results.push({ ask, text: whole.text, call: call && { name: call.name, ...call.arguments }, isParsed, isRight: isRight(one, whole) });
}
const shareOf = (isMet: (result: Result) => boolean) => results.filter(isMet).length / results.length;
const report = {
  model: engine.facts.model,
  family: engine.facts.callFormat?.family ?? "plain JSON",
  toolChoice,
  n: results.length,
  called: shareOf(({ call }) => call !== undefined),
  parsed: shareOf(({ isParsed }) => isParsed),
  right: shareOf(({ isRight: right }) => right),
  wrong: results.filter(({ isRight: right }) => !right),
};
if (values.json) console.log(JSON.stringify(report, undefined, 2));
else {
  const { wrong, ...figures } = report;
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(12)}${value}`);
  for (const { ask, text, call } of wrong) console.log(`\n${ask}\n  ${call === undefined ? text : JSON.stringify(call)}`);
}

interface Result {
  readonly ask: string;
  readonly text: string;
  readonly call: Readonly<Record<string, unknown>> | undefined;
  readonly isParsed: boolean;
  readonly isRight: boolean;
}

function isRight({ right }: CallCase, { calls = [] }: RainAnswer): boolean {
  const [call] = calls;
  const isMeant = (name: string) => (right[name] ?? []).some((value) => isDeepStrictEqual(call?.arguments[name], value));
  const names = [...Object.keys(right), ...Object.keys(call?.arguments ?? {})];
  return calls.length === 1 && names.every(isMeant);
}
