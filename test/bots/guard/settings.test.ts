import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  changedAt,
  checkSettings,
  DEFAULT_SETTINGS,
  exportSettings,
  type GuildSettings,
  importSettings,
  SettingsError,
  type SettingsPage,
  settingFacts,
  settingPaths,
  settingsPage,
  textAt,
} from "../../../src/bots/guard/index.ts";
import { anySettings } from "../../support/random-settings.ts";

const ID = "123456789012345678";
const OTHER_ID = "12345678901234567890";

const OWN = checkSettings({ principles: { kind: { question: "Is it kind?", good: "kind", bad: "rude" } } });

describe("The keys of the settings", () => {
  it("name each principle that the guild knows", () => {
    const rules = settingPaths(OWN).filter((path) => path.startsWith("moderation.rules."));
    expect(rules).toEqual(
      ["strictness", "limit", "action", "actsFrom"].flatMap((part) =>
        ["harmless", "truthful", "sentiment", "kind"].map((name) => `moderation.rules.${name}.${part}`),
      ),
    );
    expect(settingPaths(OWN).filter((path) => path.includes("*") || path.startsWith("principles"))).toEqual([]);
  });
});

describe("A setting", () => {
  it.each([
    ["talk.enabled", "off", "false"],
    ["talk.enabled", "YES", "true"],
    ["talk.maxTokens", " 99 ", "99"],
    ["talk.temperature", "0.25", "0.25"],
    ["talk.context", "Thread", "thread"],
    ["talk.principle", "truthful", "truthful"],
    ["talk.refusal", "No, thank you.", "No, thank you."],
    ["talk.instructions", "Be brief.", "Be brief."],
    ["talk.instructions", "none", "none"],
    ["talk.channels", `${ID}, <#${OTHER_ID}>`, `${ID}, ${OTHER_ID}`],
    ["talk.channels", `${ID} ${ID}`, ID],
    ["talk.channels", "none", "none"],
    ["moderation.ignore.roles", `<@&${ID}>,${OTHER_ID}`, `${ID}, ${OTHER_ID}`],
    ["moderation.ignore.users", `<@${ID}> <@!${OTHER_ID}>`, `${ID}, ${OTHER_ID}`],
    ["moderation.logChannel", `<#${ID}>`, ID],
    ["moderation.logChannel", "None", "none"],
    ["moderation.rules.harmless.action", "delete", "delete"],
    ["moderation.rules.truthful.strictness", "strict", "strict"],
    ["retentionDays", "7", "7"],
  ])("%s becomes what was typed: %s", (path, text, shown) => {
    const changed = changedAt(changedAt(DEFAULT_SETTINGS, "moderation.logChannel", ID), path, text);
    expect(textAt(changed, path)).toBe(shown);
    expect(checkSettings(changed)).toEqual(changed);
  });

  it("changes and leaves all others as they are, also the ones before", () => {
    const before = structuredClone(OWN);
    const changed = changedAt(OWN, "moderation.rules.kind.action", "hide");
    expect(changed).toEqual({
      ...OWN,
      moderation: { ...OWN.moderation, rules: { ...OWN.moderation.rules, kind: { strictness: "medium", action: "hide", actsFrom: 0.7 } } },
    });
    expect(OWN).toEqual(before);
  });

  it.each([
    ["talk.maxTokens", "5000", "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `5000` (number)"],
    ["talk.maxTokens", "1.5", "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `1.5` (number)"],
    ["talk.maxTokens", "many", "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `many` (string)"],
    ["talk.maxTokens", "", "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `` (string)"],
    ["talk.maxTokens", "0x20", "Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `0x20` (string)"],
    ["talk.enabled", "perhaps", "Expected `talk.enabled` to be true or false, got `perhaps` (string)"],
    ["talk.enabled", "constructor", "Expected `talk.enabled` to be true or false, got `constructor` (string)"],
    ["talk.context", "reply", "Expected `talk.context` to be one of replies, thread, recent, got `reply` (string)"],
    ["talk.refusal", "  ", "Expected `talk.refusal` to be a text of 1 to 300 characters, got `` (string)"],
    ["talk.principle", "polite", '(one of harmless, truthful, sentiment), got "polite" at `talk.principle`'],
    ["talk.channels", `${ID}, general`, "Expected `talk.channels.1` to be an id of 17 to 20 digits, got `general` (string)"],
    ["moderation.logChannel", "<#12>", "Expected `moderation.logChannel` to be an id of 17 to 20 digits, got `<#12>` (string)"],
    ["talk.maxtoken", "5", "Expected the name of a setting, got `talk.maxtoken` (did you mean `talk.maxTokens`?)"],
    ["talk", "5", "Expected the name of a setting, got `talk`"],
    ["moderation.rules.polite.action", "log", "Expected the name of a setting, got `moderation.rules.polite.action`"],
    ["moderation.rules.*.action", "log", "Expected the name of a setting"],
    ["moderation.rules.__proto__.action", "log", "Expected the name of a setting"],
    ["__proto__.isAdmin", "true", "Expected the name of a setting"],
    ["principles.kind.good", "nice", "Expected the name of a setting"],
  ])("%s does not become %s", (path, text, problem) => {
    expect(() => changedAt(DEFAULT_SETTINGS, path, text)).toThrow(SettingsError);
    expect(() => changedAt(DEFAULT_SETTINGS, path, text)).toThrow(problem);
  });

  it("becomes what it is when it is typed as it is shown", () => {
    fc.assert(
      fc.property(anySettings, (settings: GuildSettings) => {
        for (const path of settingPaths(settings)) {
          const text = textAt(settings, path);
          // A rule that is not there, and a text that means nothing, have no text of their own.
          if (text === "none") continue;
          expect(changedAt(settings, path, text)).toEqual(settings);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("The pages of the settings", () => {
  /** All pages that one comes to from the first one. */
  function allPages(settings: GuildSettings, path = ""): readonly SettingsPage[] {
    const page = settingsPage(settings, path);
    if (page === undefined) throw new Error(`Expected a page ${path}`);
    return [page, ...page.pages.flatMap((below) => allPages(settings, below))];
  }

  it("lead to every setting, each once, and to nothing else, whatever the guild has", () => {
    fc.assert(
      fc.property(anySettings, (settings) => {
        const pages = allPages(settings);
        const found = pages.flatMap((page) => page.settings).filter((path) => !path.startsWith("principles."));
        expect(found.toSorted()).toEqual([...settingPaths(settings)].toSorted());
        expect(pages.filter(({ path }) => /^principles\../.test(path)).map(({ path }) => path.slice("principles.".length))).toEqual(
          Object.keys(settings.principles),
        );
        // Discord shows no more in one menu.
        for (const page of pages) expect(page.settings.length).toBeLessThanOrEqual(25);
        for (const path of found) expect(settingFacts(settings, path)?.choices.length).toBeLessThanOrEqual(25);
      }),
      { numRuns: 50 },
    );
  });

  it("offer numbers that may be, round ones, with what is set at first", () => {
    const paths = settingPaths(DEFAULT_SETTINGS).filter((path) => settingFacts(DEFAULT_SETTINGS, path)?.control === "number");
    expect(paths.length).toBeGreaterThan(15);
    for (const path of paths) {
      const { choices = [] } = settingFacts(DEFAULT_SETTINGS, path) ?? {};
      // With another one that is set, and the way to any.
      expect([choices.length > 5, choices.length <= 23], path).toEqual([true, true]);
      expect(choices).toContain(textAt(DEFAULT_SETTINGS, path).replace("none", choices[0] ?? ""));
      for (const choice of [choices[0] ?? "", choices.at(-1) ?? ""])
        expect(() => changedAt(DEFAULT_SETTINGS, path, choice), `${path} ${choice}`).not.toThrow();
    }
  });

  it("say how each setting may be set", () => {
    const control = (path: string) => settingFacts(OWN, path)?.control;
    expect([control("talk.enabled"), control("talk.preset"), control("talk.maxTokens"), control("talk.refusal")]).toEqual([
      "switch",
      "choice",
      "number",
      "written",
    ]);
    expect(settingFacts(OWN, "talk.principle")?.choices).toEqual(["harmless", "truthful", "sentiment", "kind"]);
    expect(settingFacts(OWN, "moderation.ignore.categories")).toMatchObject({ control: "pick", picks: "categories", isList: true });
    expect(settingFacts(OWN, "moderation.logChannel")).toMatchObject({ picks: "postable channels", isList: false, mayBeNothing: true });
  });

  it.each([
    "__proto__",
    "constructor",
    "talk.constructor",
    "moderation.rules.unknown.action",
    "exceptions.general.talk",
    "talk.",
    ".",
    "principles.harmless",
  ])("know no %s", (path) => {
    expect(settingsPage(OWN, path)).toBeUndefined();
    expect(settingFacts(OWN, path)).toBeUndefined();
  });
});

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
    const own = Array.from({ length: 20 }, (_, index): [string, GuildSettings["principles"][string]] => [
      `a${"b".repeat(20)}${index}`,
      { question: "漢".repeat(200), good: "字".repeat(60), bad: "漢".repeat(60) },
    ]);
    const settings = checkSettings({
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

  it("take what a command takes: words for a switch, digits in quotation marks, mentions", () => {
    const { talk } = importSettings('talk: { enabled: no, maxTokens: "99", context: Thread, channels: "<#1234567890123456789>" }');
    expect(talk).toMatchObject({ enabled: false, maxTokens: 99, context: "thread", channels: ["1234567890123456789"] });
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
      "Line 5, column 3: Expected `talk.context` to be one of replies, thread, recent, got `reply` (string)",
      "Line 3, column 3: Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `5000` (number)",
      "Line 4, column 3: Expected `talk.temperature` to be a number from 0 to 2, got `warm` (string)",
      "Line 6, column 3: Expected a known name in `talk`, got `refusl` (did you mean `refusal`?)",
      "Line 12, column 5: Expected up to 32 of a-z, 0-9 and -, beginning with a letter, got `Rude` at `moderation.rules.Rude`",
      "Line 13, column 13: Expected `moderation.rules.rude.strictness` to be one of off, lenient, medium, strict, got `harsh` (string)",
      "Line 9, column 3: Expected `moderation.logChannel` to be an id of 17 to 20 digits, got `123` (number)",
      "Line 10, column 21: Expected `moderation.ignore.roles.0` to be an id of 17 to 20 digits, got `1` (number)",
      "Line 16, column 11: Expected `principles.kind.question` to be one line of 1 to 200 characters, got `Is it\nkind?` (string)",
      "Line 16, column 3: Expected `good` and `bad` to be different words at `principles.kind`",
      "Line 17, column 3: Expected `principles.short.good` to be one line of 1 to 60 characters, got `undefined` (undefined)",
      "Line 17, column 3: Expected `principles.short.bad` to be one line of 1 to 60 characters, got `undefined` (undefined)",
      "Line 18, column 1: Expected `explain` to be settings by their names, got `true` (boolean)",
      "Line 19, column 1: Expected a known name, got `retention` (did you mean `retentionDays`?)",
      'Line 7, column 3: Expected the name of a principle (one of harmless, truthful, sentiment, kind, short), got "polite" at `talk.principle`',
      'Line 13, column 5: Expected the name of a principle (one of harmless, truthful, sentiment, kind, short), got "rude" at `moderation.rules.rude`',
      "Line 15, column 3: Expected a name that no built-in principle has at `principles.harmless`",
    ]);
    for (const problem of problems) expect(message).toContain(`- ${problem}`);
  });

  it.each([
    ["that is longer than any settings", `# ${"x".repeat(65_536)}`, "at most 65536 bytes"],
    ["that is no YAML", "talk: [1", "Line 1, column 9: Expected YAML or JSON, got a mistake: Flow sequence"],
    ["of two documents", "talk: {}\n---\ntalk: {}", "Line 2, column 1: Expected YAML or JSON, got a mistake: a second document"],
    ["with a name that stands twice", "retentionDays: 3\nretentionDays: 4", "Map keys must be unique"],
    ["with an anchor and a reference to it", "talk: &a {}\nmoderation: *a", "`*a` (write out what it stands for)"],
    ["with an anchor that nobody refers to", "talk: &a {}", "`&a` (leave it out)"],
    ["with a reference as a name", "? *a\n: 1", "`*a`"],
    ["with a tag of its own", "talk: !!js/function 'function () {}'", "got `tag:yaml.org,2002:js/function`"],
    ["with another tag of its own", "talk: !danger {}", "got `!danger`"],
    ["with bytes", "talk: !!binary aGVsbG8=", "got `tag:yaml.org,2002:binary`"],
    ["with merged maps", "<<: { retentionDays: 3 }", "got `<<`"],
    ["of another version of YAML", "%YAML 1.1\n---\nretentionDays: 3", "no `%YAML` line"],
    ["with a list as a name", "? [a, b]\n: 1", "where a name must be"],
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

  it("that is wrong in very many places is told about the first ones, and how many more there are", () => {
    const { problems } = problemsOf(Array.from({ length: 5000 }, (_, index) => `a${index}: 1`).join("\n"));
    expect(problems).toHaveLength(21);
    expect(problems.slice(-2)).toEqual([expect.stringContaining("got `a19`"), "4980 more like these"]);
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
