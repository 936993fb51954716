import type { WrittenCall } from "./family.ts";

/** How models write calls whose templates list tools, but leave it to the text of a turn to hold calls. */
export interface UnwrittenCalls {
  /** What only such a template says. */
  readonly saying: RegExp;
  /** Calls as a part of the turn's text, marks and all. */
  readonly text: (calls: readonly WrittenCall[]) => string;
}

const UNWRITTEN: readonly UnwrittenCalls[] = [
  // LFM2
  {
    saying: /List of tools: (?:<\|tool_list_start\|>)?\[/,
    text: (calls) => `<|tool_call_start|>[${calls.map(pythonText).join(", ")}]<|tool_call_end|>`,
  },
  // Granite 3
  {
    saying: /respond only with <\|tool_call\|> followed by a JSON list/,
    text: (calls) => `<|tool_call|>[${calls.map(jsonText).join(", ")}]`,
  },
];

/** How the calls are written of which a template leaves out how; `undefined` where nothing tells. */
export function unwrittenCalls(template: string): UnwrittenCalls | undefined {
  return UNWRITTEN.find(({ saying }) => saying.test(template));
}

function pythonText({ name, arguments: values }: WrittenCall): string {
  const entries = Object.entries(values).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return `${name}(${entries.join(", ")})`;
}

function jsonText({ name, arguments: values }: WrittenCall): string {
  return `{"name": "${name}", "arguments": ${JSON.stringify(values)}}`;
}
