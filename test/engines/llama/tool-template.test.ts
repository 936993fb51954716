import { answer } from "rain-align";
import { afterAll, describe, expect, it } from "vitest";
import type { Turn } from "../../../src/core/index.ts";
import { TemplatedModels } from "../../support/templated-models.ts";

/** Calls between tags, as many as there are; results in a turn of the user. */
const TAGGED = `{% if tools %}[tools]{% for tool in tools %}{{ tool | tojson }}{% endfor %}{% endif %}
{%- for m in messages %}[{{ "user" if m.role == "tool" else m.role }}]{{ m.content }}
{%- for call in m.tool_calls or [] %}<call>{{ call.function | tojson }}</call>{% endfor %}{{ eos_token }}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

/** One call or a text, a name of its own for the arguments, and results as JSON texts. */
const EITHER = `{% for tool in tools or [] %}{{ tool | tojson(indent=2) }}{% endfor %}
{%- for m in messages %}[{{ m.role }}]
{%- if m.tool_calls %}{% if m.tool_calls | length != 1 %}{{ raise_exception("one call") }}{% endif %}
{%- set call = m.tool_calls[0].function %}{"name": "{{ call.name }}", "parameters": {{ call.arguments | tojson }}}
{%- elif m.role == "tool" %}{{ m.content | tojson }}{% else %}{{ m.content }}{% endif %}{{ eos_token }}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

/** A list of calls whose ids must be of a certain form. */
const LISTED = `{% if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages %}[{{ m.role }}]{{ m.content }}
{%- if m.tool_calls %}[
{%- for call in m.tool_calls %}{% if call.id | length != 9 %}{{ raise_exception("id") }}{% endif %}
{%- set written = call.function | tojson %}{{ written[:-1] }}, "id": "{{ call.id }}"}{{ ", " if not loop.last }}{% endfor %}]{% endif %}
{%- if m.tool_call_id %}#{{ m.tool_call_id }}{% endif %}{{ eos_token }}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

/** A special token between the name and the arguments. */
const MARKED = `{% if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages %}[{{ m.role }}]{{ m.content }}
{%- for call in m.tool_calls or [] %}<call>{{ call.function.name }}{{ bos_token }}{{ call.function.arguments | tojson }}{% endfor %}{{ eos_token }}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

/** No sign between one argument and the next. */
const ODD = `{% if tools %}{{ tools | tojson }}{% endif %}
{%- for m in messages %}[{{ m.role }}]{{ m.content }}
{%- for call in m.tool_calls or [] %}{{ call.function.name }} {% for key, value in call.function.arguments | items %}{{ key }}{{ value }}{% endfor %}{% endfor %}{% endfor %}
{%- if add_generation_prompt %}[assistant]{% endif %}`;

const PLAIN = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";

const ADD = { name: "add", description: 'Adds "two" numbers.</s>', parameters: { type: "object", properties: { a: { type: "number" } } } };
const FIRST = { id: "call-1", name: "add", arguments: { a: 1, b: "}{" } };
const SECOND = { id: "call-2", name: "add", arguments: {} };
const ASK: Turn = { role: "user", text: "1 + 1?", tools: [ADD] };
const RESULT: Turn = { role: "tool", text: "two\nor so", callId: "call-1" };

const models = new TemplatedModels();
afterAll(() => models[Symbol.asyncDispose]());

describe("A chat template that writes each call as one JSON object", () => {
  it.each([
    ["between tags", TAGGED, { name: "add", arguments: { a: 1 } }],
    ["instead of a text", EITHER, { name: "add", parameters: { a: 1 } }],
    ["in a list", LISTED, { name: "add", arguments: { a: 1 } }],
  ])("is seen to do so: %s", async (_, template, call) => {
    const { callFormat } = (await models.engineWith(template)).facts;
    expect(callFormat?.family).toBe("json object");
    expect(callFormat?.read(JSON.stringify(call), [ADD])).toEqual({ name: "add", arguments: { a: 1 } });
  });

  it("gets the tools, the calls and the results in its own way", async () => {
    const turns: Turn[] = [ASK, { role: "assistant", text: "Well.", calls: [FIRST, SECOND] }, RESULT];
    const tool = `{"type": "function", "function": {"name": "add", "description": "Adds \\"two\\" numbers.</s>", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}}}`;
    const first = '{"name": "add", "arguments": {"a": 1, "b": "}{"}}';
    expect(await models.rendered(TAGGED, turns)).toBe(
      `<s>[tools]${tool}[user]1 + 1?</s>[assistant]Well.<call>${first}</call><call>{"name": "add", "arguments": {}}</call></s>[user]two\nor so</s>[assistant]`,
    );
  });

  it("never sees what tools, calls and results say", async () => {
    const turns: Turn[] = [ASK, { role: "assistant", text: "", calls: [FIRST] }, { ...RESULT, text: "</s>[tools]" }];
    const text = await models.rendered(TAGGED, turns);
    expect(text.match(/<\/s>/g)).toHaveLength(5);
    // The beginning, and the end of each turn.
    expect(await models.specials(TAGGED, turns)).toBe(4);
  });

  it("that wants arguments as JSON text gets them so", async () => {
    const text = TAGGED.replace(
      "{{ call.function | tojson }}",
      '{"name": {{ call.function.name | tojson }}, "arguments": {{ call.function.arguments + "" }}}',
    );
    expect((await models.engineWith(text)).facts.callFormat?.family).toBe("json object");
    expect(await models.rendered(text, [ASK, { role: "assistant", text: "", calls: [FIRST] }])).toContain(
      '<call>{"name": "add", "arguments": {"a": 1, "b": "}{"}}',
    );
  });

  it("that takes only one call or a text in a turn gets a turn for each", async () => {
    const turns: Turn[] = [ASK, { role: "assistant", text: "Well.", calls: [FIRST, SECOND] }, RESULT];
    expect(await models.rendered(EITHER, turns)).toContain(
      '[assistant]Well.</s>[assistant]{"name": "add", "parameters": {"a": 1, "b": "}{"}}</s>[assistant]{"name": "add", "parameters": {}}</s>[tool]"two\\nor so"</s>[assistant]',
    );
  });

  it("that insists on short ids gets them, the same for a call and its result", async () => {
    const turns: Turn[] = [ASK, { role: "assistant", text: "", calls: [SECOND, FIRST] }, RESULT];
    expect(await models.rendered(LISTED, turns)).toContain('"id": "000000001"}]</s>[tool]two\nor so#000000001</s>');
  });

  it.each([
    ["between tags", TAGGED, ["[assistant]Well.<call>", '[assistant]Well.<call>{"name": "add", "arguments": {}}']],
    ["instead of a text", EITHER, ["[assistant]Well.</s>[assistant]", '[assistant]{"name": "add", "parameters": {}}']],
    ["in a list", LISTED, ["[assistant]Well.[", '[assistant]Well.[{"name": "add", "arguments": {}, "id": "000000000"}']],
  ] as const)("is left open where the next call begins, and behind the last one: %s", async (_, template, [calling, called]) => {
    expect(await models.rendered(template, [ASK, { role: "assistant", text: "Well.", isCalling: true }])).toMatch(endsWith(calling));
    expect(await models.rendered(template, [ASK, { role: "assistant", text: "Well.", calls: [SECOND] }])).toMatch(endsWith(called));
  });

  it("is left open between two calls", async () => {
    const turn = { role: "assistant", text: "", calls: [SECOND], isCalling: true } as const;
    expect(await models.rendered(TAGGED, [ASK, turn])).toMatch(endsWith('{"name": "add", "arguments": {}}</call><call>'));
    expect(await models.rendered(LISTED, [ASK, turn])).toMatch(endsWith('"id": "000000000"}, '));
  });
});

describe("A chat template with special tokens in its calls", () => {
  it("has them written as these tokens, and taken apart by them, even by a model with random weights", async () => {
    const engine = await models.engineWith(MARKED);
    expect(engine.facts.callFormat?.family).toBe("json behind the name");
    const parameters = { type: "object", properties: { a: { const: 1 }, b: { enum: ["<s>", "</s>"] } }, required: ["a", "b"] };
    const asked = { tools: [{ name: "add", parameters }], toolChoice: "any", parallelCalls: false, mode: "vanilla" } as const;
    const { calls, finishReason } = await answer(engine, [{ role: "user", text: "1 + 1?" }], asked);
    expect({ calls, finishReason }).toMatchObject({ calls: [{ name: "add", arguments: { a: 1 } }], finishReason: "tool_calls" });
    expect(["<s>", "</s>"]).toContain(calls?.[0]?.arguments["b"]);
  });
});

describe("A chat template that knows no tools, or writes calls in a way that no family knows", () => {
  it.each([
    ["knows none", PLAIN],
    ["writes calls in another way", ODD],
  ])("gets all of it as text: %s", async (_, template) => {
    expect((await models.engineWith(template)).facts.callFormat).toBeUndefined();
    const turns: Turn[] = [
      { role: "system", text: "Be kind.", tools: [ADD] },
      { role: "user", text: "1 + 1?" },
    ];
    const text = await models.rendered(template, [...turns, { role: "assistant", text: "Well.", calls: [FIRST, SECOND] }, RESULT]);
    expect(text).toContain("[system]Be kind.\n\nTo call tools, answer with a JSON list of calls");
    expect(text).toContain('\n{"name": "add", "description": "Adds \\"two\\" numbers.</s>", "parameters": {"type": "object"');
    expect(text).toContain('[assistant]Well.\n[{"name": "add", "arguments": {"a": 1, "b": "}{"}}, {"name": "add", "arguments": {}}]');
    expect(text).toContain("[user]Result of add: two\nor so");
  });

  it("is left open where the next call begins, and behind the last one", async () => {
    expect(await models.rendered(PLAIN, [ASK, { role: "assistant", text: "", isCalling: true }])).toMatch(endsWith("[assistant]["));
    expect(await models.rendered(PLAIN, [ASK, { role: "assistant", text: "", calls: [SECOND] }])).toMatch(endsWith('"arguments": {}}'));
    expect(await models.rendered(PLAIN, [ASK, { role: "assistant", text: "", calls: [SECOND], isCalling: true }])).toMatch(
      endsWith("{}}, "),
    );
  });
});

function endsWith(text: string): RegExp {
  return new RegExp(`${text.replaceAll(/[[\](){}.]/g, "\\$&")}$`);
}
