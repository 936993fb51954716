import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { DEFAULT_SETTINGS, type PlainPrinciple, SETTINGS } from "../../src/bots/guard/settings.ts";
import { SettingsError } from "../../src/bots/guard/settings-problems.ts";
import { exportSettings, importSettings } from "../../src/bots/guard/settings-yaml.ts";
import { anySettings } from "../support/random-settings.ts";

describe("Settings in a file", () => {
  it("come back as they were written, whatever they are", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        expect(importSettings(exportSettings(settings))).toEqual(settings);
      }),
      { numRuns: 300 },
    );
  });

  it("come back when they are as long as they may be", () => {
    const ids = Array.from({ length: 200 }, (_, index) => `${10n ** 19n + BigInt(index)}`);
    const own = Array.from({ length: 20 }, (_, index): [string, PlainPrinciple] => [
      `a${"b".repeat(20)}${index}`,
      { question: "漢".repeat(200), good: "字".repeat(60), bad: "漢".repeat(60) },
    ]);
    const settings = SETTINGS.parse({
      talk: { instructions: "漢".repeat(1000), refusal: "漢".repeat(300), failure: "字".repeat(300), channels: ids },
      moderation: {
        rules: Object.fromEntries(own.map(([name]) => [name, { strictness: "strict", action: "timeout" }])),
        ignore: { roles: ids, channels: ids, categories: ids, users: ids },
      },
      principles: Object.fromEntries(own),
    });
    expect(importSettings(exportSettings(settings))).toEqual(settings);
  });

  it("say what each one means and may be", () => {
    const text = exportSettings(DEFAULT_SETTINGS);
    expect(text).toContain("  # Upper bound of an answer, in tokens\n  maxTokens: 256\n");
    expect(text).toContain("(replies, thread, recent)\n  context: replies\n");
    expect(text).toContain(
      "      # What is done about it; each does what those before it do, too (log, hide, delete, timeout)\n      action: log\n",
    );
    expect(text.startsWith("# How the bot answers\ntalk:\n")).toBe(true);
  });

  it("may leave out what has a default, or everything", () => {
    expect(importSettings("talk: { maxTokens: 99 }").talk).toEqual({ ...DEFAULT_SETTINGS.talk, maxTokens: 99 });
    expect(importSettings("")).toEqual(DEFAULT_SETTINGS);
    expect(importSettings("# Nothing\n")).toEqual(DEFAULT_SETTINGS);
    expect(importSettings('{"retentionDays": 7}').retentionDays).toBe(7);
  });

  it("keep all digits of an id that has no quotation marks", () => {
    expect(importSettings("moderation: { logChannel: 1234567890123456789 }").moderation.logChannel).toBe("1234567890123456789");
    expect(importSettings("talk: { channels: [1234567890123456789, 0012345678901234567] }")).toBeDefined();
  });
});

describe("A file of settings", () => {
  it("is told every problem at once, each with its place", () => {
    const text = `
talk:
  maxTokens: 5000
  temperature: warm
  context: reply
  refusl: No.
  principle: polite
moderation:
  logChannel: 123
  ignore: { roles: [1, "12345678901234567"] }
  rules:
    Rude: {}
    rude: { strictness: harsh }
principles:
  harmless: { question: "Is it?", good: a, bad: b }
  kind: { question: "Is it\\nkind?", good: kind, bad: kind }
  short: { question: "Is it short?" }
explain: true
retention: 5
`;
    const { problems, message } = problemsOf(text);
    expect(problems).toEqual([
      "Expected `talk.context` to be one of replies, thread, recent, got `reply` (string)",
      "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `5000` (number)",
      "Expected `talk.temperature` to be a number from 0 to 2, got `warm` (string)",
      "Expected a known name in `talk`, got `refusl` (did you mean `refusal`?)",
      "Expected up to 32 of a-z, 0-9 and -, beginning with a letter, got `Rude` at `moderation.rules.Rude`",
      "Expected `moderation.rules.rude.strictness` to be one of off, lenient, medium, strict, got `harsh` (string)",
      "Expected `moderation.logChannel` to be an id of 17 to 20 digits, got `123` (number)",
      "Expected `moderation.ignore.roles.0` to be an id of 17 to 20 digits, got `1` (number)",
      "Expected `principles.kind.question` to be one line of 1 to 200 characters, got `Is it\nkind?` (string)",
      "Expected `good` and `bad` to be different words at `principles.kind`",
      "Expected `principles.short.good` to be one line of 1 to 60 characters, got `undefined` (undefined)",
      "Expected `principles.short.bad` to be one line of 1 to 60 characters, got `undefined` (undefined)",
      "Expected `explain` to be settings by their names, got `true` (boolean)",
      "Expected a known name, got `retention` (did you mean `retentionDays`?)",
      'Expected the name of a principle (one of harmless, truthful, sentiment, kind, short), got "polite" at `talk.principle`',
      'Expected the name of a principle (one of harmless, truthful, sentiment, kind, short), got "rude" at `moderation.rules.rude`',
      "Expected a name that no built-in principle has at `principles.harmless`",
    ]);
    for (const problem of problems) expect(message).toContain(`- ${problem}`);
  });

  it.each([
    ["that is longer than any settings", `# ${"x".repeat(65_536)}`, "at most 65536 bytes"],
    ["that is no YAML", "talk: [1", "a mistake: Flow sequence"],
    ["of two documents", "talk: {}\n---\ntalk: {}", "multiple documents"],
    ["with a name that stands twice", "retentionDays: 3\nretentionDays: 4", "Map keys must be unique"],
    ["with an anchor and a reference to it", "talk: &a {}\nmoderation: *a", "`*a` (write out what it stands for)"],
    ["with an anchor that nobody refers to", "talk: &a {}", "`&a` (leave it out)"],
    ["with a reference as a name", "? *a\n: 1", "`*a`"],
    ["with a tag of its own", "talk: !!js/function 'function () {}'", "got `tag:yaml.org,2002:js/function`"],
    ["with another tag of its own", "talk: !danger {}", "got `!danger`"],
    ["with bytes", "talk: !!binary aGVsbG8=", "got `tag:yaml.org,2002:binary`"],
    ["with merged maps", "<<: { retentionDays: 3 }", "got `<<`"],
    ["of another version of YAML", "%YAML 1.1\n---\nretentionDays: 3", "no `%YAML` line"],
    ["with a list as a name", "? [a, b]\n: 1", "a name before each colon"],
    ["that is a list", "- a", "`settings` to be settings by their names"],
    ["that is a text", "hello", "`settings` to be settings by their names"],
    ["with an endless number", "talk: { temperature: .inf }", "`talk.temperature`"],
    ["with no number", "talk: { maxTokens: .nan }", "`talk.maxTokens`"],
    ["with nothing where something must be", "talk:", "`talk` to be settings by their names, got `null`"],
  ])("%s is refused", (_what, text, problem) => {
    expect(problemsOf(text).message).toContain(problem);
  });

  it.each([
    ["lists in lists", "[".repeat(60_000)],
    ["maps in maps", "{a: ".repeat(15_000)],
    ["lists in blocks", "- ".repeat(30_000)],
    ["maps as names", "? ".repeat(30_000)],
    ["references to references", laughs(9)],
    ["very many names", Array.from({ length: 5000 }, (_, index) => `a${index}: 1`).join("\n")],
    ["very many ids", `talk: { channels: [${"1,".repeat(30_000)}] }`],
  ])("of %s is refused without much ado", (_what, text) => {
    expect(problemsOf(text).problems.length).toBeGreaterThan(0);
  });

  it.each(["__proto__", "constructor", "prototype", "toString"])("cannot reach behind objects by the name %s", (name) => {
    for (const text of [
      `${name}: { isAdmin: true }`,
      `talk: { ${name}: { isAdmin: true } }`,
      `principles: { ${name}: { question: a, good: b, bad: c, ${name}: { isAdmin: true } } }`,
    ])
      expect(problemsOf(text).problems.length).toBeGreaterThan(0);
    expect(Reflect.get({}, "isAdmin")).toBeUndefined();
  });

  it("may name a principle like a part of every object, which is then a principle like others", () => {
    const settings = importSettings("principles: { constructor: { question: a, good: b, bad: c } }\ntalk: { principle: constructor }");
    expect(Object.keys(settings.principles)).toEqual(["constructor"]);
    expect(parse(exportSettings(settings))).toEqual(settings);
  });
});

function problemsOf(text: string): SettingsError {
  try {
    importSettings(text);
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
  return expect.fail("it was accepted");
}

/** A billion laughs: each list is ten of the one before. */
function laughs(levels: number): string {
  const lists = Array.from({ length: levels }, (_, level) => `l${level + 1}: &l${level + 1} [${Array(10).fill(`*l${level}`).join(", ")}]`);
  return `l0: &l0 ha\n${lists.join("\n")}`;
}
