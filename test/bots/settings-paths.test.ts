import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, type GuildSettings, SETTINGS } from "../../src/bots/guard/settings.ts";
import { SETTING_KEYS, settingPaths } from "../../src/bots/guard/settings-keys.ts";
import { changedAt, completions, textAt, valueCompletions } from "../../src/bots/guard/settings-paths.ts";
import { SettingsError } from "../../src/bots/guard/settings-problems.ts";
import { anySettings } from "../support/random-settings.ts";

const ID = "123456789012345678";
const OTHER_ID = "12345678901234567890";

const OWN = SETTINGS.parse({ principles: { kind: { question: "Is it kind?", good: "kind", bad: "rude" } } });

describe("The keys of the settings", () => {
  it("are all there, each with what it is and may be", () => {
    expect(SETTING_KEYS.map(({ path, kind }) => `${path}: ${kind}`)).toMatchInlineSnapshot(`
      [
        "talk.enabled: switch",
        "talk.mentions: switch",
        "talk.replies: switch",
        "talk.context: choice",
        "talk.contextMessages: integer",
        "talk.instructions: text",
        "talk.principle: principle",
        "talk.preset: choice",
        "talk.maxTokens: integer",
        "talk.temperature: number",
        "talk.edits: switch",
        "talk.judgeQuestions: switch",
        "talk.refusal: text",
        "talk.failure: text",
        "talk.cooldownSeconds: integer",
        "talk.userDailyCap: integer",
        "talk.guildDailyCap: integer",
        "talk.channels: ids",
        "moderation.automatic: switch",
        "moderation.shadow: switch",
        "moderation.rules.*.strictness: choice",
        "moderation.rules.*.action: choice",
        "moderation.logChannel: id",
        "moderation.ignore.roles: ids",
        "moderation.ignore.channels: ids",
        "moderation.ignore.categories: ids",
        "moderation.ignore.users: ids",
        "moderation.timeoutMinutes: integer",
        "moderation.appeals: switch",
        "principles.*.question: text",
        "principles.*.good: text",
        "principles.*.bad: text",
        "explain.showDiscarded: switch",
        "retentionDays: integer",
      ]
    `);
    for (const { description, expected } of SETTING_KEYS) {
      expect(description).not.toBe("");
      expect(expected).not.toContain("undefined");
    }
  });

  it("name each principle that the guild knows", () => {
    const rules = settingPaths(OWN).filter((path) => path.startsWith("moderation.rules."));
    expect(rules).toEqual(
      ["strictness", "action"].flatMap((part) =>
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
    expect(SETTINGS.parse(changed)).toEqual(changed);
  });

  it("changes and leaves all others as they are, also the ones before", () => {
    const before = structuredClone(OWN);
    const changed = changedAt(OWN, "moderation.rules.kind.action", "hide");
    expect(changed).toEqual({
      ...OWN,
      moderation: { ...OWN.moderation, rules: { ...OWN.moderation.rules, kind: { strictness: "medium", action: "hide" } } },
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
    ["talk.channels", `${ID}, general`, "Expected `talk.channels` to be ids of 17 to 20 digits or mentions, got `general` (string)"],
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

describe("Completions", () => {
  it("begin with what begins so, and are no more than Discord shows", () => {
    expect(completions("talk.max")).toEqual(["talk.maxTokens"]);
    expect(completions("MAX")).toEqual(["talk.maxTokens"]);
    expect(completions("retention")[0]).toBe("retentionDays");
    expect(completions("")).toHaveLength(25);
    expect(completions("nothing like it")).toEqual([]);
    expect(completions("rules.kind", OWN)).toEqual(["moderation.rules.kind.strictness", "moderation.rules.kind.action"]);
  });

  it("of a value are what it may be", () => {
    expect(valueCompletions("talk.enabled", "")).toEqual(["true", "false"]);
    expect(valueCompletions("talk.preset", "s")).toEqual(["strict", "fast"]);
    expect(valueCompletions("talk.principle", "", OWN)).toEqual(["harmless", "truthful", "sentiment", "kind"]);
    expect(valueCompletions("moderation.rules.kind.action", "", OWN)).toEqual(["log", "hide", "delete", "timeout"]);
    expect(valueCompletions("talk.maxTokens", "")).toEqual(["256"]);
    expect(valueCompletions("moderation.logChannel", "")).toEqual(["none"]);
    expect(valueCompletions("talk.refusal", "")).toEqual([]);
    expect(valueCompletions("moderation.rules.unknown.action", "")).toEqual([]);
    expect(valueCompletions("__proto__", "")).toEqual([]);
  });

  it("are no longer than Discord takes, and never more, whatever the guild has", () => {
    fc.assert(
      fc.property(anySettings, fc.string(), (settings, typed) => {
        for (const found of [completions(typed, settings), valueCompletions("talk.principle", typed, settings)]) {
          expect(found.length).toBeLessThanOrEqual(25);
          for (const text of found) expect(text.length).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 50 },
    );
  });
});
