import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changedAt,
  checkSettings,
  DEFAULT_SETTINGS,
  decidedByFilters,
  exportSettings,
  filterHits,
  type GuildSettings,
  type Heard,
  importSettings,
  settingPaths,
  settingsFor,
  textAt,
} from "../../../src/bots/guard/index.ts";

const HOUR_MS = 3_600_000;

function settingsWith(filters: object): GuildSettings {
  return checkSettings({ moderation: { filters } });
}

function heard(text: string, more: Partial<Heard> = {}): Heard {
  return {
    text,
    hasInvitation: (one) => one.includes("discord.gg/"),
    mentions: 0,
    saidWithin: () => 1,
    accountAge: undefined,
    memberAge: undefined,
    isInRaid: false,
    ...more,
  };
}

function found(message: Heard, filters: object): readonly (string | undefined)[] {
  return filterHits(message, settingsWith(filters)).map(({ finding }) => finding.found);
}

describe("Words", () => {
  const filters = { words: { list: ["free nitro", "badger*", "*weasel*", "ÉTÉ", "c++"], action: "delete" } };

  it.each([
    ["FREE   Nitro for all", ['"free nitro"']],
    ["fr\u200bee n\u0456tro", ['"free nitro"']],
    ["two badgers", ['"badger*"']],
    ["a honeybadger", []],
    ["weaselwords and overweasel", ['"*weasel*"']],
    ["un été", ['"ÉTÉ"']],
    ["étés", []],
    ["I like c++.", ['"c++"']],
    ["freedom, nitrogen", []],
  ])("are found by themselves in %j, however they are disguised", (text, expected) => {
    expect(found(heard(text), filters)).toEqual(expected);
  });

  it("are nothing that a pattern says, and what says nothing is not taken", () => {
    expect(found(heard("aaa"), { words: { list: ["a.a"], action: "delete" } })).toEqual([]);
    expect(() => settingsWith({ words: { list: ["**"] } })).toThrow("Expected `moderation.filters.words.list.0`");
    expect(
      textAt(changedAt(DEFAULT_SETTINGS, "moderation.filters.words.list", "free nitro, steam gift , "), "moderation.filters.words.list"),
    ).toBe("free nitro, steam gift");
  });
});

describe("Patterns", () => {
  const PATH = "moderation.filters.patterns.nitro";

  it("have names of the server's own, in commands, and are on the card by them", () => {
    const named = changedAt(changedAt(DEFAULT_SETTINGS, `${PATH}.pattern`, "fr[e3]{2}, *n[i1]tro"), `${PATH}.action`, "delete");
    expect(filterHits(heard("get Fr33, N1TRO here"), named)).toMatchObject([
      { action: "delete", finding: { principle: "filters.patterns", found: "nitro" } },
    ]);
    expect(settingPaths(named)).toContain(`${PATH}.pattern`);
    expect(importSettings(exportSettings(named))).toEqual(named);
    const emptied = changedAt(changedAt(named, `${PATH}.action`, "off"), `${PATH}.pattern`, "none");
    expect(emptied.moderation.filters.patterns).toEqual({});
  });

  it.each([
    ["(a", "missing closing ): `(a`"],
    ["(?=x)", "invalid or unsupported Perl syntax"],
    ["(a)\\1", "invalid escape sequence"],
    ["(\\pL{0,100}){10}x", "it is too large (2023 states, where 1000 are the most)"],
  ])("that RE2 does not take, such as %s, are refused with the reason", (pattern, reason) => {
    expect(() => changedAt(DEFAULT_SETTINGS, `${PATH}.pattern`, pattern)).toThrow(reason);
    expect(() => importSettings(`moderation: {filters: {patterns: {nitro: {pattern: ${JSON.stringify(pattern)}}}}}`)).toThrow(reason);
  });

  it("are refused where all together are too large", () => {
    const patterns = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`n${index}`, { pattern: `[a-z]{0,${90 + index}}b` }]));
    expect(() => settingsWith({ patterns })).toThrow("Expected patterns that are not so large together");
  });

  it("never take more steps than the text is long: what hangs others does not hang these", () => {
    const patterns = { evil: { pattern: "^(a+)+$", action: "delete" }, worse: { pattern: "(a|a)*(a|a)*c", action: "delete" } };
    expect(found(heard(`${"a".repeat(3999)}b`), { patterns })).toEqual([]);
  });
});

describe("Links", () => {
  const filters = { links: { allowed: ["example.org"], action: "delete" } };

  it.each([
    "https://example.org",
    "see (https://example.org/a_(b)), please",
    "HTTPS://www.EXAMPLE.org:443/?q=https",
    "example.com is no link, nor is https://",
    "**https://example.org**",
  ])("may lead where the server lets them: %s", (text) => {
    expect(found(heard(text), filters)).toEqual([]);
  });

  it.each([
    "https://example.com",
    "https://example.org.evil.example/",
    "https://notexample.org",
    "https://example.org@evil.example/",
    "https://example.org(@evil.example/",
    "https://ex\u0430mple.org",
    "https:/\u200b/evil.example",
    "https://example.org https://evil.example",
    "label (https://[::1]/)",
  ])("may lead nowhere else: %s", (text) => {
    expect(found(heard(text), filters)).toEqual(["a link that leads elsewhere"]);
  });
});

describe("Other filters", () => {
  it("see invitations, mentions, repetitions and newcomers, and hold nothing against what is not known", () => {
    const all = {
      invitations: { action: "delete" },
      mentions: { most: 2, action: "delete" },
      repeats: { most: 2, seconds: 30, action: "delete" },
      newcomers: { accountDays: 2, memberHours: 3, action: "delete" },
    };
    expect(found(heard("hello"), all)).toEqual([]);
    expect(found(heard("discord.gg/abc"), all)).toEqual(["an invitation to a server"]);
    expect(found(heard("hello", { mentions: 3 }), all)).toEqual(["3 people and roles are mentioned"]);
    expect(found(heard("hello", { mentions: Number.POSITIVE_INFINITY }), all)).toEqual(["everyone is mentioned"]);
    expect(found(heard("hello", { saidWithin: (seconds) => seconds / 10 }), all)).toEqual(["said 3 times within 30 seconds"]);
    expect(found(heard("hello", { accountAge: 47 * HOUR_MS, memberAge: HOUR_MS }), all)).toEqual(["the account is not 2 days old"]);
    expect(found(heard("hello", { accountAge: 48 * HOUR_MS, memberAge: 2 * HOUR_MS }), all)).toEqual([
      "its author joined less than 3 hours ago",
    ]);
    expect(found(heard("hello", { accountAge: 48 * HOUR_MS, memberAge: 3 * HOUR_MS }), all)).toEqual([]);
  });

  it("find during a raid whatever newcomers write, and nobody else, and without one nothing", () => {
    const raids = { raids: { action: "hide" } };
    const isInRaid = true;
    expect(found(heard("hello", { isInRaid, accountAge: 0 }), raids)).toEqual(["written during a raid: the account is not 7 days old"]);
    expect(found(heard("hello", { isInRaid, memberAge: 0 }), raids)).toEqual([
      "written during a raid: its author joined less than 24 hours ago",
    ]);
    expect(found(heard("hello", { isInRaid, accountAge: 999 * HOUR_MS, memberAge: 24 * HOUR_MS }), raids)).toEqual([]);
    expect(found(heard("hello", { accountAge: 0, memberAge: 0 }), raids)).toEqual([]);
  });

  it("are off at first, whatever is said", () => {
    const more = { mentions: 99, saidWithin: () => 99, accountAge: 0, memberAge: 0, isInRaid: true };
    const message = heard("discord.gg/x https://evil.example", more);
    expect(filterHits(message, DEFAULT_SETTINGS)).toEqual([]);
  });

  it("do what an exception asks for, where they do something", () => {
    const settings = checkSettings({
      moderation: { filters: { invitations: { action: "delete" }, mentions: { most: 0, action: "look" } } },
      exceptions: { "100000000000000001": { action: "log" } },
    });
    const there = settingsFor(settings, { channels: ["100000000000000001"], roles: [] });
    const hits = filterHits(heard("discord.gg/x", { mentions: 1 }), there);
    expect(hits.map(({ action }) => action)).toEqual(["log", "look"]);
    expect(decidedByFilters(hits)).toBeUndefined();
  });

  it("keep no word of a message that the server does not look for itself", () => {
    const filters = {
      words: { list: ["w*"], action: "log" },
      patterns: { one: { pattern: ".", action: "log" } },
      invitations: { action: "log" },
      links: { action: "log" },
      mentions: { most: 0, action: "log" },
      repeats: { most: 1, action: "log" },
      newcomers: { action: "log" },
    };
    const secret = fc.stringMatching(/^zq[0-9]{6,12}$/);
    const everything = { mentions: 1, saidWithin: () => 2, accountAge: 0, memberAge: 0 };
    fc.assert(
      fc.property(secret, (text) => {
        const hits = filterHits(heard(`w${text} https://${text}.example discord.gg/${text}`, everything), settingsWith(filters));
        expect(hits).toHaveLength(7);
        expect(JSON.stringify(hits)).not.toContain(text);
      }),
    );
  });
});
