/**
 * How many tasks an agent with two tools does: it decides by itself whether and what to call (`tool_choice` auto), reads the result, and answers.
 *
 *   npm run bench:agents -- --model FILE [--mode adaptive|vanilla] [--point-out repeated|always|never] [--from N] [--n N] [--json]
 *
 * `--from` and `--n` ask some of them alone: the first is 1. Done: the tool that was meant was called with what was meant, and the answer says what it gave.
 * Seed 1, temperature 0.
 */
import { parseArgs } from "node:util";
import type { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { createAgent } from "langchain";
import { ChatRain } from "rain-align/langchain";
import { z } from "zod";
import { oneOf } from "./arguments.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    mode: { type: "string", default: "adaptive" },
    "point-out": { type: "string", default: "repeated" },
    from: { type: "string", default: "1" },
    n: { type: "string", default: "20" },
    json: { type: "boolean", default: false },
  },
});
if (values.model === undefined) throw new RangeError("Expected `--model` to be a GGUF file, got none");

const CELSIUS: Readonly<Record<string, number>> = {
  Berlin: 14,
  Paris: 17,
  Rome: 23,
  Oslo: 5,
  Madrid: 27,
  Vienna: 16,
  Lisbon: 21,
  Athens: 29,
  Dublin: 11,
  Prague: 13,
};
const OPERATIONS = {
  add: (a: number, b: number) => a + b,
  subtract: (a: number, b: number) => a - b,
  multiply: (a: number, b: number) => a * b,
  divide: (a: number, b: number) => a / b,
} as const;

const weather = tool(({ city }) => (CELSIUS[city] === undefined ? "No such city." : `${CELSIUS[city]} degrees Celsius in ${city}.`), {
  name: "weather",
  description: "Says how warm it is in a city now.",
  schema: z.object({ city: z.string().describe("Name of the city.") }),
});
const calculate = tool(({ a, b, operation }) => `${OPERATIONS[operation](a, b)}`, {
  name: "calculate",
  description: "Computes with two numbers.",
  schema: z.object({ a: z.number(), operation: z.enum(["add", "subtract", "multiply", "divide"]), b: z.number() }),
});

interface Task {
  readonly ask: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly said: string;
}

const SUMS: readonly (readonly [string, number, keyof typeof OPERATIONS, number])[] = [
  ["What is 18364 plus 19973?", 18364, "add", 19973],
  ["Add 512 and 1388.", 512, "add", 1388],
  ["How much is 9000 minus 2345?", 9000, "subtract", 2345],
  ["What is 321 multiplied by 47?", 321, "multiply", 47],
  ["Multiply 125 by 88.", 125, "multiply", 88],
  ["Divide 5184 by 72.", 5184, "divide", 72],
  ["What is 7006 divided by 62?", 7006, "divide", 62],
  ["What is 777 times 13?", 777, "multiply", 13],
  ["Subtract 1999 from 4001.", 4001, "subtract", 1999],
  ["What do 64321 and 8765 add up to?", 64321, "add", 8765],
];

const TASKS: readonly Task[] = [
  ...Object.entries(CELSIUS).map(([city, degrees], index): Task => {
    const ways = [
      `How warm is it in ${city}?`,
      `What is the temperature in ${city} right now?`,
      `Do I need a coat in ${city} today? Tell me the temperature.`,
    ];
    return { ask: ways[index % ways.length] as string, tool: "weather", args: { city }, said: String(degrees) };
  }),
  ...SUMS.map(([ask, a, operation, b]): Task => {
    return { ask, tool: "calculate", args: { a, operation, b }, said: String(OPERATIONS[operation](a, b)) };
  }),
];

const mode = oneOf("mode", values.mode, ["adaptive", "vanilla"] as const);
const pointOutResults = oneOf("point-out", values["point-out"], ["repeated", "always", "never"] as const);
await using model = await ChatRain.load({
  model: values.model,
  mode,
  pointOutResults,
  seed: 1,
  temperature: 0,
  maxTokens: 200,
  contextSize: 2048,
  onNotice: () => undefined,
});
const agent = createAgent({
  model,
  tools: [weather, calculate],
  systemPrompt: "You are a helpful assistant. Use the tools where they help.",
});
const from = Number(values.from) - 1;
const rows: { readonly ask: string; readonly isDone: boolean; readonly called: unknown; readonly text: string }[] = [];
for (const task of TASKS.slice(from, from + Number(values.n))) {
  const { messages } = await agent
    .invoke({ messages: [{ role: "user", content: task.ask }] }, { recursionLimit: 10 })
    .catch((error: unknown) => {
      return { messages: [{ text: String(error) } as AIMessage] };
    });
  const called = (messages as AIMessage[]).flatMap(({ tool_calls = [] }) => tool_calls.map(({ name, args }) => ({ name, args })));
  const text = messages.at(-1)?.text ?? "";
  const isMeant = ({ name, args }: (typeof called)[number]) =>
    name === task.tool && Object.entries(task.args).every(([key, value]) => args[key] === value);
  const isDone = called.some(isMeant) && text.replaceAll(",", "").includes(task.said);
  rows.push({ ask: task.ask, isDone, called, text });
  if (!values.json)
    console.log(
      `${isDone ? "done  " : "missed"} ${task.ask}${isDone ? "" : `\n       ${JSON.stringify(called)} ${JSON.stringify(text.slice(0, 160))}`}`,
    );
}
const report = { model: model.model, mode, pointOutResults, n: rows.length, done: rows.filter(({ isDone }) => isDone).length };
console.log(values.json ? JSON.stringify({ ...report, rows }, undefined, 2) : JSON.stringify(report));
