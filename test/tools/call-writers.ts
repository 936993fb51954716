import { ASSISTANT, OVER } from "../support/template-engine.ts";

/** How one kind of model writes calls: its template, and what it writes itself. */
export interface CallWriter {
  readonly title: string;
  readonly family: string;
  readonly template: string;
  readonly specials: readonly string[];
  /** Calls as this model writes them, behind whatever was said before. */
  readonly write: (calls: readonly Written[]) => string;
  /** Whether the template has no place for a text in front of calls. */
  readonly isCallOnly?: boolean;
  /** Whether a turn has one call at most. */
  readonly isSingle?: boolean;
}

export interface Written {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

interface Calls {
  readonly before?: string;
  /** Of `call`, the function. */
  readonly each: string;
  readonly between?: string;
  readonly after?: string;
}

/** A template with a place for calls behind the text of a turn. */
function chat({ before = "", each, between = "", after = "" }: Calls): string {
  const calls = `{%- set call = one.function -%}${each}{%- if not loop.last -%}${expression(between)}{%- endif -%}`;
  return `{%- if tools -%}{{ "[tools]" + (tools | tojson) }}{%- endif -%}
{%- for m in messages -%}{{ "<|" + m.role + "|>" + (m.content or "") }}
{%- if m.tool_calls -%}${expression(before)}{%- for one in m.tool_calls -%}${calls}{%- endfor -%}${expression(after)}{%- endif -%}${expression(OVER)}{%- endfor -%}
{%- if add_generation_prompt -%}${expression(ASSISTANT)}{%- endif -%}`;
}

function expression(text: string): string {
  return `{{- ${JSON.stringify(text)} -}}`;
}

/** Of a template: texts as they are, all else as JSON. */
const VALUE = "(value if value is string else value | tojson)";

function each(parts: { open: string; middle: string; close: string }): string {
  const [open, middle, close] = [parts.open, parts.middle, parts.close].map((part) => JSON.stringify(part));
  return `{%- for key, value in call.arguments | items -%}{{- ${open} + key + ${middle} + ${VALUE} + ${close} -}}{%- endfor -%}`;
}

function around(before: string, inner: string, after: string): string {
  return `{{- ${before} -}}${inner}{{- ${after} -}}`;
}

function said(value: unknown): string {
  return typeof value === "string" ? value : spaced(value);
}

/** JSON with a space behind each comma and colon. */
function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${JSON.stringify(key)}: ${spaced(part)}`)
    .join(", ")}}`;
}

function tags(call: Written, { open, middle, close }: { open: string; middle: string; close: string }): string {
  return Object.entries(call.arguments)
    .map(([key, value]) => `${open}${key}${middle}${said(value)}${close}`)
    .join("");
}

function json(names: { name: string; arguments: string }, { name, arguments: values }: Written): string {
  return `{"${names.name}": "${name}", "${names.arguments}": ${spaced(values)}}`;
}

const USUAL = { name: "name", arguments: "arguments" };
const JSON_CALL = `{{- '{"name": "' + call.name + '", "arguments": ' + (call.arguments | tojson) + '}' -}}`;
const NAMED = { open: '\n<parameter name="', middle: '">', close: "</parameter>" };
const OWN_LINES = { open: "\n<parameter=", middle: ">\n", close: "\n</parameter>" };
const KEYS = { open: "\n<arg_key>", middle: "</arg_key>\n<arg_value>", close: "</arg_value>" };
const DSML = { open: '\n<｜DSML｜parameter name="', close: "</｜DSML｜parameter>" };

export const CALL_WRITERS: readonly CallWriter[] = [
  {
    title: "Hermes, Qwen: JSON between tags",
    family: "json object",
    template: chat({ each: `{{- "\\n<tool_call>\\n" -}}${JSON_CALL}{{- "\\n</tool_call>" -}}` }),
    specials: [],
    write: (calls) => calls.map((call) => `\n<tool_call>\n${json(USUAL, call)}\n</tool_call>`).join(""),
  },
  {
    title: "Llama 3: JSON alone",
    family: "json object",
    template: chat({ each: `{{- '{"name": "' + call.name + '", "parameters": ' + (call.arguments | tojson) + '}' -}}` }),
    specials: ["<|python_tag|>"],
    write: (calls) => calls.map((call) => json({ name: "name", arguments: "parameters" }, call)).join(""),
    isSingle: true,
  },
  {
    title: "Mistral Nemo: a list of JSON behind a mark",
    family: "json object",
    template: chat({
      before: "[TOOL_CALLS][",
      each: `{{- '{"name": "' + call.name + '", "arguments": ' + (call.arguments | tojson) + ', "id": "' + one.id + '"}' -}}`,
      between: ", ",
      after: "]",
    }),
    specials: ["[TOOL_CALLS]"],
    write: (calls) => {
      const written = calls.map((call, index) => `${json(USUAL, call).slice(0, -1)}, "id": "${String(index).padStart(9, "0")}"}`);
      return `[TOOL_CALLS][${written.join(", ")}]`;
    },
  },
  {
    title: "Command R: JSON with a number",
    family: "json object",
    template: chat({
      before: "<|START_ACTION|>[",
      each: `{{- '\\n    {"tool_call_id": "' + (loop.index0 | string) + '", "tool_name": "' + call.name + '", "parameters": ' + (call.arguments | tojson) + '}' -}}`,
      between: ",",
      after: "\n]<|END_ACTION|>",
    }),
    specials: ["<|START_ACTION|>", "<|END_ACTION|>"],
    write: (calls) => {
      const written = calls.map(
        (call, index) => `\n    {"tool_call_id": "${index}", ${json({ name: "tool_name", arguments: "parameters" }, call).slice(1)}`,
      );
      return `<|START_ACTION|>[${written.join(",")}\n]<|END_ACTION|>`;
    },
  },
  {
    title: "firefunction: a list behind a word",
    family: "json object",
    template: chat({ before: " functools[", each: JSON_CALL, between: ", ", after: "]" }),
    specials: [],
    write: (calls) => ` functools[${calls.map((call) => json(USUAL, call)).join(", ")}]`,
  },
  {
    title: "Granite 3: a template that leaves calls to the text",
    family: "json object",
    template: `{%- if tools -%}{{ "Use tools: respond only with <|tool_call|> followed by a JSON list." + (tools | tojson) }}{%- endif -%}
{%- for m in messages -%}{{ "<|" + m.role + "|>" + m.content + "${OVER}" }}{%- endfor -%}
{%- if add_generation_prompt -%}${expression(ASSISTANT)}{%- endif -%}`,
    specials: ["<|tool_call|>"],
    write: (calls) =>
      `<|tool_call|>[${calls.map(({ name, arguments: values }) => `{"name": "${name}", "arguments": ${JSON.stringify(values)}}`).join(", ")}]`,
  },
  {
    title: "Apertus: objects by the tool's name",
    family: "json object by name",
    template: chat({
      before: "<|tools_prefix|>[",
      each: `{{- '{"' + call.name + '": ' + (call.arguments | tojson) + '}' -}}`,
      between: ", ",
      after: "]<|tools_suffix|>",
    }),
    specials: ["<|tools_prefix|>", "<|tools_suffix|>"],
    write: (calls) =>
      `<|tools_prefix|>[${calls.map(({ name, arguments: values }) => `{"${name}": ${spaced(values)}}`).join(", ")}]<|tools_suffix|>`,
  },
  {
    title: "Mistral from 2025 on: a name and JSON, between marks",
    family: "json behind the name",
    template: chat({ each: `{{- "[TOOL_CALLS]" + call.name + "[ARGS]" + (call.arguments | tojson) -}}` }),
    specials: ["[TOOL_CALLS]", "[ARGS]"],
    write: (calls) => calls.map(({ name, arguments: values }) => `[TOOL_CALLS]${name}[ARGS]${spaced(values)}`).join(""),
  },
  {
    title: "Mistral Small 3.2: with an id between name and JSON",
    family: "json behind the name",
    template: chat({ each: `{{- "[TOOL_CALLS]" + call.name + "[CALL_ID]" + one.id + "[ARGS]" + (call.arguments | tojson) -}}` }),
    specials: ["[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"],
    write: (calls) =>
      calls
        .map(({ name, arguments: values }, index) => `[TOOL_CALLS]${name}[CALL_ID]${String(index).padStart(9, "0")}[ARGS]${spaced(values)}`)
        .join(""),
  },
  {
    title: "DeepSeek R1: a fence of JSON",
    family: "json behind the name",
    template: chat({
      before: "<｜tool▁calls▁begin｜>",
      each: `{{- "<｜tool▁call▁begin｜>function<｜tool▁sep｜>" + call.name + "\\n\`\`\`json\\n" + (call.arguments | tojson) + "\\n\`\`\`<｜tool▁call▁end｜>" -}}`,
      between: "\n",
      after: "<｜tool▁calls▁end｜>",
    }),
    specials: ["<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"],
    write: (calls) => {
      const written = calls.map(
        ({ name, arguments: values }) =>
          `<｜tool▁call▁begin｜>function<｜tool▁sep｜>${name}\n\`\`\`json\n${spaced(values)}\n\`\`\`<｜tool▁call▁end｜>`,
      );
      return `<｜tool▁calls▁begin｜>${written.join("\n")}<｜tool▁calls▁end｜>`;
    },
  },
  {
    title: "Kimi K2: a name with a number",
    family: "json behind the name",
    template: chat({
      before: "<|tool_calls_section_begin|>",
      each: `{{- "<|tool_call_begin|>functions." + call.name + ":" + (loop.index0 | string) + "<|tool_call_argument_begin|>" + (call.arguments | tojson) + "<|tool_call_end|>" -}}`,
      after: "<|tool_calls_section_end|>",
    }),
    specials: [
      "<|tool_calls_section_begin|>",
      "<|tool_call_begin|>",
      "<|tool_call_argument_begin|>",
      "<|tool_call_end|>",
      "<|tool_calls_section_end|>",
    ],
    write: (calls) => {
      const written = calls.map(
        ({ name, arguments: values }, index) =>
          `<|tool_call_begin|>functions.${name}:${index}<|tool_call_argument_begin|>${spaced(values)}<|tool_call_end|>`,
      );
      return `<|tool_calls_section_begin|>${written.join("")}<|tool_calls_section_end|>`;
    },
  },
  {
    title: "gpt-oss: who is spoken to, and a channel",
    family: "json behind the name",
    template: chat({ each: `{{- " to=functions." + call.name + "<|channel|>commentary json<|message|>" + (call.arguments | tojson) -}}` }),
    specials: ["<|channel|>", "<|message|>"],
    write: (calls) =>
      calls.map(({ name, arguments: values }) => ` to=functions.${name}<|channel|>commentary json<|message|>${spaced(values)}`).join(""),
    isSingle: true,
  },
  {
    title: "functionary: JSON between tags with the name",
    family: "json behind the name",
    template: chat({ each: `{{- "<function=" + call.name + ">" + (call.arguments | tojson) + "</function>" -}}` }),
    specials: [],
    write: (calls) => calls.map(({ name, arguments: values }) => `<function=${name}>${spaced(values)}</function>`).join(""),
  },
  {
    title: "Qwen3-Coder, Nemotron 3: each argument on lines of its own",
    family: "tagged arguments",
    template: chat({
      each: around('"\\n<tool_call>\\n<function=" + call.name + ">"', each(OWN_LINES), '"\\n</function>\\n</tool_call>"'),
    }),
    specials: [],
    write: (calls) =>
      calls.map((call) => `\n<tool_call>\n<function=${call.name}>${tags(call, OWN_LINES)}\n</function>\n</tool_call>`).join(""),
  },
  {
    title: "GLM, Ling: a key and a value for each argument",
    family: "tagged arguments",
    template: chat({ each: around('"\\n<tool_call>" + call.name', each(KEYS), '"\\n</tool_call>"') }),
    specials: ["<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>"],
    write: (calls) => calls.map((call) => `\n<tool_call>${call.name}${tags(call, KEYS)}\n</tool_call>`).join(""),
  },
  {
    title: "MiniMax M2: what is invoked",
    family: "tagged arguments",
    template: chat({
      before: "\n<minimax:tool_call>",
      each: around(`'\\n<invoke name="' + call.name + '">'`, each(NAMED), '"\\n</invoke>"'),
      after: "\n</minimax:tool_call>",
    }),
    specials: ["<minimax:tool_call>", "</minimax:tool_call>"],
    write: (calls) => {
      const written = calls.map((call) => `\n<invoke name="${call.name}">${tags(call, NAMED)}\n</invoke>`);
      return `\n<minimax:tool_call>${written.join("")}\n</minimax:tool_call>`;
    },
  },
  {
    title: "DeepSeek V3.2: arguments that say whether they are texts",
    family: "tagged arguments",
    template: chat({
      before: "\n\n<｜DSML｜function_calls>",
      each: around(
        `'\\n<｜DSML｜invoke name="' + call.name + '">'`,
        `{%- for key, value in call.arguments | items -%}{{- '${DSML.open.replace("\n", "\\n")}' + key + '" string="' + ("true" if value is string else "false") + '">' + ${VALUE} + '${DSML.close}' -}}{%- endfor -%}`,
        '"\\n</｜DSML｜invoke>"',
      ),
      after: "\n</｜DSML｜function_calls>",
    }),
    specials: [],
    write: (calls) => {
      const written = calls.map(({ name, arguments: values }) => {
        const inside = Object.entries(values).map(
          ([key, value]) => `${DSML.open}${key}" string="${typeof value === "string"}">${said(value)}${DSML.close}`,
        );
        return `\n<｜DSML｜invoke name="${name}">${inside.join("")}\n</｜DSML｜invoke>`;
      });
      return `\n\n<｜DSML｜function_calls>${written.join("")}\n</｜DSML｜function_calls>`;
    },
  },
  {
    title: "LFM2: a list of Python calls",
    family: "python call",
    template: chat({
      before: "<|tool_call_start|>[",
      each: `{{- call.name + "(" -}}{%- for key, value in call.arguments | items -%}{{- key + "=" + (value | tojson) -}}{%- if not loop.last -%}{{- ", " -}}{%- endif -%}{%- endfor -%}{{- ")" -}}`,
      between: ", ",
      after: "]<|tool_call_end|>",
    }),
    specials: ["<|tool_call_start|>", "<|tool_call_end|>"],
    write: (calls) => {
      const written = calls.map(({ name, arguments: values }) => {
        const inside = Object.entries(values).map(([key, value]) => `${key}=${spaced(value)}`);
        return `${name}(${inside.join(", ")})`;
      });
      return `<|tool_call_start|>[${written.join(", ")}]<|tool_call_end|>`;
    },
  },
  {
    title: "Gemma 4: JSON without quotes",
    family: "unquoted json",
    template: chat({
      each: `{%- macro bare(value) -%}{%- if value is string -%}{{- '<|"|>' + value + '<|"|>' -}}{%- elif value is mapping -%}{{- "{" -}}{%- for key, part in value | items -%}{{- key + ":" -}}{{- bare(part) -}}{{- "," if not loop.last else "" -}}{%- endfor -%}{{- "}" -}}{%- elif value is iterable -%}{{- "[" -}}{%- for part in value -%}{{- bare(part) -}}{{- "," if not loop.last else "" -}}{%- endfor -%}{{- "]" -}}{%- else -%}{{- value | tojson -}}{%- endif -%}{%- endmacro -%}{{- "<|tool_call>call:" + call.name -}}{{- bare(call.arguments) -}}{{- "<tool_call|>" -}}`,
    }),
    specials: ["<|tool_call>", "<tool_call|>", '<|"|>'],
    write: (calls) => calls.map(({ name, arguments: values }) => `<|tool_call>call:${name}${bare(values)}<tool_call|>`).join(""),
  },
];

function bare(value: unknown): string {
  if (typeof value === "string") return `<|"|>${value}<|"|>`;
  if (Array.isArray(value)) return `[${value.map(bare).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, part]) => `${key}:${bare(part)}`)
    .join(",")}}`;
}
