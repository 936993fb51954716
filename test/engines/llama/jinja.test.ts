import { Template } from "@huggingface/jinja";
import { describe, expect, it } from "vitest";
import { JinjaTemplate, MOST_STEPS_OF_PROBE } from "../../../src/jinja.ts";

describe("A template in Jinja", () => {
  it.each([
    ["numbers as keys", '{% for k, v in {10: "b", 9: "a"} | dictsort %}{{ k }}{{ v }}{{ k < 10 }} {% endfor %}', "9atrue 10bfalse "],
    ["tuples that are taken apart", '{% for a, b in [("x", 1), ("y", 2)] %}{{ a }}{{ b }}{% endfor %}', "x1y2"],
    ["a mapping as a text", '{{ {"a": [1, "b", true, none]} | string }}', "{'a': [1, 'b', True, None]}"],
    ["the least and the greatest of a list", "{{ [3, 1, 2] | min }}{{ [3, 1, 2] | max }}", "13"],
    ["`append` and `pop`", '{% set l = ["a", "b"] %}{% set _ = l.append("c") %}{{ l.pop(0) }}{{ l.pop() }}{{ l | length }}', "ac1"],
    ["`format`", '{{ "<{}|{}>".format("a", 1) }}', "<a|1>"],
    ["what is not defined, trimmed", "[{{ missing | trim }}]", "[]"],
    ["the first of an empty list", "[{{ [] | first }}]", "[]"],
  ])("knows %s, which the library does not", (_, source, expected) => {
    expect(new JinjaTemplate(source).render({})).toBe(expected);
    expect(() => expect(new Template(source).render({})).toBe(expected)).toThrow();
  });

  it("is told the day in English", () => {
    const months = "(?:January|February|March|April|May|June|July|August|September|October|November|December)";
    expect(new JinjaTemplate('{{ strftime_now("%d %B %Y, %A") }}').render({})).toMatch(
      new RegExp(`^\\d\\d ${months} \\d{4}, [A-Z][a-z]+day$`),
    );
  });

  it("takes another day from who fills it in", () => {
    expect(new JinjaTemplate('{{ strftime_now("%Y") }}').render({ strftime_now: () => "1999" })).toBe("1999");
  });

  it("says what it raises", () => {
    expect(() => new JinjaTemplate('{{ raise_exception("not today") }}').render({})).toThrow("not today");
  });

  it.each([
    ["counts far", "{% for i in range(10**9) %}{% endfor %}"],
    ["counts far in loops", "{% for i in range(9999) %}{% for j in range(9999) %}{{ i }}{% endfor %}{% endfor %}"],
    ["doubles a text", '{% set n = namespace(t="ab") %}{% for i in range(99) %}{% set n.t = n.t ~ n.t %}{% endfor %}{{ n.t }}'],
    ["doubles a list", "{% set n = namespace(l=[1, 2]) %}{% for i in range(99) %}{% set n.l = n.l + n.l %}{% endfor %}{{ n.l }}"],
    [
      "lengthens the list that it goes through",
      "{% set l = [1] %}{% for i in range(9999) %}{% for x in l %}{% set _ = l.append(x) %}{% endfor %}{% endfor %}",
    ],
    ["indents far", '{{ "a\\nb" | indent(10**10) }}'],
  ])("that %s is stopped", (_, source) => {
    const template = new JinjaTemplate(source);
    expect(() => template.render({}, MOST_STEPS_OF_PROBE)).toThrow(expect.objectContaining({ name: "TemplateLimitError" }));
  });

  it("that calls itself for ever is stopped", () => {
    expect(() => new JinjaTemplate("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}").render({})).toThrow();
  });

  it("of a megabyte is refused before it is read", () => {
    expect(() => new JinjaTemplate("{{ 'a' }}".repeat(120_000))).toThrow("it has 1080000 characters, of which a template may have 200000");
  });
});
