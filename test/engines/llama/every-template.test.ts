import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bundledTemplates,
  CONVERSATIONS,
  fingerprint,
  formatOf,
  REFERENCES,
  type References,
  rendered,
  saidIn,
  templatesIn,
} from "../../../bench/template-conversations.ts";
import type { Turn } from "../../../src/core/index.ts";
import { jsonCalls } from "../../../src/tools/families/index.ts";

const references = JSON.parse(readFileSync(REFERENCES, "utf8")) as References;
const NAMES = Object.keys(CONVERSATIONS);

/** Where ours is another text, and why. Where theirs lacks something that was said, or a template refuses, ours has it in another arrangement. */
const OTHERWISE: Readonly<Record<keyof References, readonly { readonly why: string; readonly where: RegExp }[]>> = {
  jinja2: [
    {
      why: "it escapes JSON for HTML next to a text that is marked as safe",
      where: /^meetkai-functionary-medium-v3\.1: (a call|two calls)/,
    },
  ],
  "llama.cpp": [
    {
      why: "it puts an empty thought or a header in front of an answer that is continued, where the template has none",
      where: /: continued answer$/,
    },
    { why: "it tells templates that know no thoughts not to think", where: /^Apertus/ },
    { why: "it prepares the turns of these families itself", where: /^(deepseek-ai-DeepSeek-V4|google-gemma-4-31B-it-interleaved)/ },
    { why: "it gives no list of functions where there are no tools; ours is empty", where: /^fireworks-ai-llama-3-firefunction/ },
    { why: "it puts one line break behind what the system says in front of the user, ours two", where: /^google-gemma-2/ },
  ],
};

const UNKNOWN_CALLS = [
  "HuggingFaceTB-SmolLM3-3B",
  "MiniMax-M3",
  "google-gemma-2-2b-it",
  "llama-cpp-rwkv-world",
  "microsoft-Phi-3.5-mini-instruct",
];

const ANY_CALLS = { ...jsonCalls({ name: "name", arguments: "arguments" }), placeOf: () => expect.unreachable() };
const found = templatesIn(bundledTemplates()).map(({ name, source }) => {
  const format = formatOf(source);
  // Whether its calls can be written under a schema is another question than whether the template writes those that were made.
  const asIfCalling = { ...format, calls: format.calls ?? ANY_CALLS };
  return { name, format, asIfCalling };
});

/** What ours and another implementation make of the same: `undefined` where the other one refuses, or leaves out something. */
function* compared(other: keyof References): Generator<{ readonly place: string; readonly isSame: boolean | undefined }> {
  for (const { name, asIfCalling } of found) {
    for (const [index, conversation] of NAMES.entries()) {
      const reference = references[other][name]?.[index];
      const result = rendered(asIfCalling, CONVERSATIONS[conversation] ?? []);
      const isThere = reference !== "refuses" && reference !== "leaves out";
      yield {
        place: `${name}: ${conversation}`,
        isSame: isThere ? "text" in result && fingerprint(result.text) === reference : undefined,
      };
    }
  }
}

describe("Every chat template that llama.cpp brings", () => {
  it("is one of those that were looked at", () => {
    expect(found).toHaveLength(70);
    for (const reference of Object.values(references)) expect(Object.keys(reference)).toEqual(found.map(({ name }) => name));
  });

  it.each(NAMES)("writes all that is said: %s", (conversation) => {
    const turns = CONVERSATIONS[conversation] ?? [];
    for (const { name, format } of found) {
      const result = rendered(format, turns);
      const text = "text" in result ? result.text : "";
      expect({ name, ...result, lost: saidIn(turns).filter((said) => !text.includes(said)) }).toEqual({ name, text, lost: [] });
    }
  });

  it("writes calls in a way that is known, but for those that write none and one with tags within tags", () => {
    const unknown = found.filter(({ format }) => format.calls === undefined).map(({ name }) => name);
    expect(unknown).toEqual(UNKNOWN_CALLS);
  });

  it.each(["jinja2", "llama.cpp"] as const)(
    "writes it as %s does, but where a reason is known, and for each reason there is a place",
    (other) => {
      const all = [...compared(other)];
      const excuses = OTHERWISE[other];
      const differs = all.filter(({ isSame }) => isSame === false).map(({ place }) => place);
      expect(differs.filter((place) => !excuses.some(({ where }) => where.test(place)))).toEqual([]);
      expect(excuses.filter(({ where }) => !differs.some((place) => where.test(place)))).toEqual([]);
      expect(all.filter(({ isSame }) => isSame === true).length).toBeGreaterThan(other === "jinja2" ? 430 : 370);
    },
  );
});

const EVERY_ROLE =
  "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{{ eos_token }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

/** Calls between tags, as many as there are; results in a turn of the user. */
const TAGGED = `{% if tools %}[tools]{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}
{%- for m in messages %}[{{ "user" if m.role == "tool" else m.role }}]{{ m.content }}
{%- for call in m.tool_calls or [] %}<call>{{ call.function | tojson }}</call>{% endfor %}{{ eos_token }}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

const SYSTEM: Turn = { role: "system", text: "Be kind." };
const USER: Turn = { role: "user", text: "Hello" };
const ADD = { name: "add", description: "Adds.", parameters: { type: "object", properties: { a: { type: "number" } } } };
const FIRST = { id: "call-1", name: "add", arguments: { a: 1, b: "}{" } };
const ASK: Turn = { role: "user", text: "1 + 1?", tools: [ADD] };

describe("A chat template", () => {
  it("that trims what turns say gets them with their white space around the marks", () => {
    expect(
      written(EVERY_ROLE, [
        { role: "user", text: " Hello\n" },
        { role: "assistant", text: " Good " },
      ]),
    ).toBe("<s>[user]Hello</s>[assistant] Good ");
  });

  it.each([
    [
      "in the middle",
      [USER, { role: "assistant", text: "Good" }, SYSTEM, USER],
      "<s>[user]Hello</s>[assistant]Good</s>[user]Be kind.\n\nHello</s>[assistant]",
    ],
    [
      "at the end",
      [USER, { role: "assistant", text: "Good" }, SYSTEM],
      "<s>[user]Hello</s>[assistant]Good</s>[user]Be kind.</s>[assistant]",
    ],
    ["twice", [SYSTEM, SYSTEM, USER], "<s>[user]Be kind.\n\nBe kind.\n\nHello</s>[assistant]"],
  ] as [string, Turn[], string][])("without a system role says what the system's turn says in its place: %s", (_, turns, expected) => {
    const template = `{% for m in messages %}{% if m.role == "system" %}{{ raise_exception("no system role") }}{% endif %}{% endfor %}${EVERY_ROLE}`;
    expect(written(template, turns)).toBe(expected);
  });

  it("that takes a system's turn first only keeps that one there", () => {
    const first = `{% for m in messages[1:] %}{% if m.role == "system" %}{{ raise_exception("first only") }}{% endif %}{% endfor %}${EVERY_ROLE}`;
    expect(written(first, [SYSTEM, USER, { role: "assistant", text: "Good" }, SYSTEM, USER])).toBe(
      "<s>[system]Be kind.</s>[user]Hello</s>[assistant]Good</s>[user]Be kind.\n\nHello</s>[assistant]",
    );
  });

  it.each([
    ["goes through the tools", "{% for t in tools %}{{ t }}{% endfor %}"],
    ["is given functions as JSON, and the day", "{{ functions + datetime[0:0] }}"],
  ])("that %s is given what it wants where there are none", (_, source) => {
    expect(written(`${source}${EVERY_ROLE}`, [USER])).toMatch(/^(\[\])?<s>\[user\]Hello<\/s>\[assistant\]$/);
  });

  it("that goes on without end is refused before anything is asked", () => {
    const endless = `{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}${EVERY_ROLE}`;
    expect(() => formatOf(endless)).toThrow(
      "Expected the model's chat template to be filled in within its limits (choose a file with another one), got: it is not done after 100000 steps",
    );
  });

  it("reads the keywords and types of a tool's parameters, and nothing else of them", () => {
    const signature = `{% for t in tools or [] %}{{ t.function.name }}({% for name, p in t.function.parameters.properties | dictsort %}{{ name }}: {{ "num" if p.type == "number" else p.type }}{{ "" if name in t.function.parameters.required else "?" }}{{ "" if loop.last else ", " }}{% endfor %}) {{ t.function.description }}{% endfor %}`;
    const parameters = { type: "object", properties: { unit: { type: "string" }, Amount: { type: "number" } }, required: ["Amount"] };
    const text = written(`${signature}${TAGGED}`, [{ ...ASK, tools: [{ name: "add", description: "Adds.", parameters }] }]);
    expect(text).toContain("add(Amount: num, unit: string?) Adds.");
  });

  it("that wants arguments as JSON text gets them so", () => {
    const text = TAGGED.replace(
      "{{ call.function | tojson }}",
      '{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments + "" }}}',
    );
    const format = formatOf(text);
    expect(format).toMatchObject({ argumentsAs: "text", calls: { family: "json object" } });
    expect(written(text, [ASK, { role: "assistant", text: "", calls: [FIRST] }])).toContain(
      '<call>{"name": "add", "arguments": {"a": 1, "b": "}{"}}',
    );
  });
});

function written(template: string, turns: readonly Turn[]): string {
  const result = rendered(formatOf(template), turns);
  if ("why" in result) throw new Error(result.why);
  return result.text;
}
