import fc from "fast-check";
import { checkSettings, DEFAULT_SETTINGS, type GuildSettings, settingFacts } from "../../src/bots/guard/index.ts";
import { AWKWARD_TEXTS } from "./awkward-texts.ts";

/** Texts that look like something else to YAML. */
const YAML_WORDS = [
  "yes",
  "null",
  "~",
  "1e3",
  "0x10",
  "- a",
  "# a",
  "'",
  '"',
  "a: b",
  "<<",
  "&a",
  "*a",
  "!!str",
  "|",
  ">",
  "---",
  "%YAML",
  "[",
  "{a",
  "? a",
  "\\u0000",
];

const text = (longest: number) =>
  fc
    .oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ unit: "grapheme", maxLength: 40 }),
      fc.constantFrom(...YAML_WORDS),
      fc.constantFrom(...AWKWARD_TEXTS.map(([, awkward]) => awkward)),
    )
    .map((one) => one.slice(0, longest).trim());
const oneLine = (longest: number) =>
  text(longest)
    .map((one) => one.replace(/[\r\n]/g, " ").trim())
    .filter((one) => one !== "");
const name = fc.oneof(fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/), fc.constantFrom("constructor", "null", "yes", "to-string", "n"));
const id = fc.stringMatching(/^\d{17,20}$/);
const ids = fc.uniqueArray(id, { maxLength: 4 });

const ownPrinciples = fc.dictionary(
  name.filter((one) => !["harmless", "truthful", "sentiment"].includes(one)),
  fc.record({ question: oneLine(200), good: oneLine(60), bad: oneLine(60) }).filter(({ good, bad }) => good !== bad),
  { maxKeys: 4, noNullPrototype: true },
);

/** Whatever can be chosen for this setting. */
const oneOf = (path: string) => fc.constantFrom(...(settingFacts(DEFAULT_SETTINGS, path)?.choices ?? []));

const EXCEPTION = "exceptions.100000000000000001";

const filterAction = oneOf("moderation.filters.words.action");

const anyFilters = fc.record({
  words: fc.record({
    list: fc.uniqueArray(
      oneLine(60).filter((one) => !/[,]/.test(one) && /[^\s*]/.test(one)),
      { maxLength: 4 },
    ),
    action: filterAction,
  }),
  patterns: fc.dictionary(
    fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/),
    fc.record({ pattern: fc.constantFrom("free\\s+nitro", "[a-z]{3,9}: #", "a|b, c", "\\d+"), action: filterAction }),
    { maxKeys: 3, noNullPrototype: true },
  ),
  links: fc.record({ allowed: fc.uniqueArray(fc.constantFrom("example.org", "a.b.example"), { maxLength: 2 }), action: filterAction }),
  mentions: fc.record({ most: fc.integer({ min: 0, max: 100 }), action: filterAction }),
  raids: fc.record({ people: fc.integer({ min: 2, max: 100 }), action: filterAction }),
  repeats: fc.record({ most: fc.integer({ min: 1, max: 20 }), seconds: fc.integer({ min: 5, max: 600 }), action: filterAction }),
});

/** What an exception says of single rules: of those that there are. */
const rulesThere = (names: readonly string[]) => {
  const said = fc
    .record({ strictness: oneOf(`${EXCEPTION}.rules.harmless.strictness`), action: oneOf(`${EXCEPTION}.rules.harmless.action`) })
    .filter(({ strictness, action }) => strictness !== "usual" || action !== "usual");
  return names.length === 0 ? fc.constant({}) : fc.dictionary(fc.constantFrom(...names), said, { noNullPrototype: true });
};

const filtersThere = fc.record(
  { words: oneOf(`${EXCEPTION}.filters.words`), links: oneOf(`${EXCEPTION}.filters.links`) },
  { requiredKeys: [] },
);

/** Settings as somebody could have decided them: everything that the schema allows. */
export const anySettings: fc.Arbitrary<GuildSettings> = ownPrinciples.chain((principles) => {
  const names = ["harmless", "truthful", "sentiment", ...Object.keys(principles)];
  const rule = fc.record({
    strictness: oneOf("moderation.rules.harmless.strictness"),
    limit: fc.option(
      fc.integer({ min: -100, max: 100 }).map((one) => one / 100),
      { nil: undefined },
    ),
    action: oneOf("moderation.rules.harmless.action"),
    actsFrom: fc.double({ min: 0, max: 1, noNaN: true }).map((one) => one + 0),
  });
  const rules = fc.dictionary(fc.constantFrom(...names), rule, { noNullPrototype: true });
  return rules.chain((known) =>
    fc
      .record({
        talk: fc.record({
          enabled: fc.boolean(),
          mentions: fc.boolean(),
          context: oneOf("talk.context"),
          contextMessages: fc.integer({ min: 1, max: 50 }),
          instructions: text(1000),
          principle: fc.constantFrom(...names),
          preset: oneOf("talk.preset"),
          maxTokens: fc.integer({ min: 16, max: 1024 }),
          temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((one) => one + 0),
          refusal: text(300).filter((one) => one !== ""),
          channels: ids,
        }),
        exceptions: fc.dictionary(
          id,
          fc.record(
            {
              talk: oneOf(`${EXCEPTION}.talk`),
              cooldownSeconds: fc.integer({ min: 0, max: 3600 }),
              moderation: oneOf(`${EXCEPTION}.moderation`),
              strictness: oneOf(`${EXCEPTION}.strictness`),
              action: oneOf(`${EXCEPTION}.action`),
              rules: rulesThere(Object.keys(known)),
              filters: filtersThere,
            },
            { requiredKeys: ["talk", "moderation", "strictness", "action"] },
          ),
          { maxKeys: 3, noNullPrototype: true },
        ),
        moderation: fc.record({
          shadow: fc.boolean(),
          rules: fc.constant(known),
          logChannel: fc.option(id, { nil: undefined }),
          ignore: fc.record({ roles: ids, channels: ids, categories: ids, users: ids }),
          filters: anyFilters,
          timeoutMinutes: fc.integer({ min: 1, max: 40_320 }),
        }),
        principles: fc.constant(principles),
        retentionDays: fc.integer({ min: 1, max: 365 }),
      })
      .map((settings) => checkSettings(settings)),
  );
});
