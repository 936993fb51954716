import { z } from "zod";
import { HARMLESS, PRESETS, PRINCIPLES, type Principle, principle, UNFIT_BELOW } from "../../core/index.ts";
import { ACTIONS } from "./actions.ts";
import { choice, decimal, hundredths, id, idOf, ids, line, NAME, newName, onOrOff, text, typed, whole } from "./fields.ts";
import { FILTER_ACTIONS, filters } from "./filters/filter-settings.ts";
import { ENGLISH } from "./languages/en.ts";
import { say } from "./languages/say.ts";
import { own } from "./own.ts";

/** How far a message may go before a principle speaks against it. */
export const STRICTNESS = ["off", "lenient", "medium", "strict"] as const;

/** Where a conversation is read from: the messages replied to, the thread, or the last messages of the channel. */
const CONTEXTS = ["replies", "thread", "recent"] as const;

/**
 * Counts up when a change of the schema gives old settings another meaning, or makes settings that older versions of the bot would read
 * without understanding them. A new setting with a default needs no new format: older versions refuse the unknown name.
 */
export const SETTINGS_FORMAT = 1;

const LONGEST_LIST = 200;
const MOST_PRINCIPLES = 20;

const knownName = typed(z.string().regex(NAME), (name) => name.toLowerCase()).meta({
  expected: say(undefined, "expected.principle"),
  isPrinciple: true,
});

// The descriptions are read by moderators, in the settings command and in exported files.
const talk = z.strictObject({
  enabled: onOrOff().default(true).describe("Whether the bot answers at all"),
  mentions: onOrOff().default(true).describe("Whether it answers when somebody mentions it"),
  replies: onOrOff().default(true).describe("Whether it answers when somebody replies to it"),
  context: choice(CONTEXTS)
    .default("replies")
    .describe("Where a conversation is read from; `recent` needs the Message Content intent to see more than messages to the bot"),
  contextMessages: whole(1, 50).default(12).describe("Messages of a conversation that are read at most"),
  instructions: text(0, 1000).default("").describe("What the model is told before each conversation"),
  principle: knownName.default(HARMLESS.name).describe("The principle by which answers are judged while they are written"),
  preset: choice(Object.keys(PRESETS) as (keyof typeof PRESETS)[])
    .default("balanced")
    .describe("How thoroughly answers are judged: `strict` is the slowest"),
  maxTokens: whole(16, 1024).default(256).describe("Upper bound of an answer, in tokens"),
  temperature: decimal(0, 2).default(0.7).describe("How freely answers are worded: 0 is always the same"),
  edits: onOrOff().default(false).describe("Shows judged text while the rest is written, by edits of one message"),
  buttons: onOrOff()
    .default(false)
    .describe("Buttons below answers: another answer, for who asked, and how an answer came about, in numbers, for everybody who reads it"),
  judgeQuestions: onOrOff().default(false).describe("Whether questions are judged as well, before anything is written"),
  refusal: text(1, 300).default(ENGLISH.refusal).describe("Said where there is no answer that may be given"),
  failure: text(1, 300).default(ENGLISH.failed).describe("Said when the model or the judge failed"),
  cooldownSeconds: whole(0, 3600).default(5).describe("Seconds between two questions of one person"),
  questionsAtOnce: whole(0, 100).default(2).describe("Questions of one person that wait or are answered at once; 0: no limit"),
  userDailyCap: whole(0, 100_000).default(100).describe("Answers for one person on one day (UTC); 0: no limit"),
  guildDailyCap: whole(0, 1_000_000).default(2000).describe("Answers for everybody on one day (UTC); 0: no limit"),
  channels: ids(LONGEST_LIST, "channels").default([]).describe("Channels in which it talks; none: all that it may write in"),
});

const rule = z.strictObject({
  strictness: choice(STRICTNESS).default("medium").describe("How far a message may go before the principle speaks against it"),
  limit: hundredths(-1, 1)
    .optional()
    .describe("The value below which the principle speaks against a message, in place of the one that its strictness has"),
  action: choice(ACTIONS).default("log").describe("What is done about it; each does what those before it do, too"),
  actsFrom: decimal(0, 1)
    .default(UNFIT_BELOW)
    .describe("Lower end of the 95 % interval of its judge's AUROC, from which on it acts; 0: also where the judge was never measured"),
});

const moderation = z.strictObject({
  automatic: onOrOff().default(false).describe("Judges new and edited messages; needs the Message Content intent"),
  shadow: onOrOff().default(true).describe("Only says in the log channel what would have been done"),
  rules: z
    .record(newName, rule)
    .prefault({ [HARMLESS.name]: {} })
    .describe("By which principles messages are judged"),
  filters: filters.prefault({}).describe("What is looked for in messages before they are judged, without a model"),
  logChannel: id("postable channels").optional().describe("Where findings and the review queue are posted"),
  ignore: z
    .strictObject({
      administrators: onOrOff().default(true).describe("Whether what the server's owner and its administrators write is not judged"),
      roles: ids(LONGEST_LIST, "roles").default([]).describe("Roles whose messages are not judged"),
      channels: ids(LONGEST_LIST, "channels").default([]).describe("Channels whose messages are not judged"),
      categories: ids(LONGEST_LIST, "categories").default([]).describe("Categories whose messages are not judged"),
      users: ids(LONGEST_LIST, "people").default([]).describe("People whose messages are not judged"),
    })
    .prefault({})
    .describe("Whose messages are not judged"),
  // Discord's limit is 28 days.
  timeoutMinutes: whole(1, 40_320).default(10).describe("Minutes for which `timeout` silences a person"),
  strikes: z
    .strictObject({
      days: whole(1, 365)
        .default(30)
        .describe("Days for which a rejected message is a strike; none is one for longer than `retentionDays`"),
      warnFrom: whole(0, 100).default(1).describe("Strikes from which on moderators are advised to warn; 0: never"),
      timeoutFrom: whole(0, 100).default(3).describe("Strikes from which on they are advised to time out; 0: never"),
      banFrom: whole(0, 100).default(5).describe("Strikes from which on they are advised to ban; 0: never"),
      timeoutMinutes: whole(1, 40_320)
        .default(60)
        .describe("Minutes of a time-out that a moderator gives by a card, or that strikes ask for"),
      automatic: onOrOff()
        .default(false)
        .describe("Times out by itself from `timeoutFrom` on, with the message at hand, where a rule takes that away; only moderators ban"),
    })
    .prefault({})
    .describe("What follows from messages that moderators rejected"),
  appeals: onOrOff().default(true).describe("Whether a person whose message was taken away may ask the moderators to look at it again"),
});

/** What an exception says of something that is as everywhere. */
export const USUAL = "usual";

const MOST_EXCEPTIONS = 100;

const ruleThere = z.strictObject({
  strictness: choice([USUAL, ...STRICTNESS])
    .default(USUAL)
    .describe("How far a message may go there, or theirs, by this rule, also where it is off elsewhere"),
  action: choice([USUAL, ...ACTIONS])
    .default(USUAL)
    .describe("What is done about a message there, or theirs, by this rule"),
});

const filterThere = (kind: string) =>
  choice([USUAL, ...FILTER_ACTIONS])
    .default(USUAL)
    .describe(`What is done about a message there, or theirs, by \`moderation.filters.${kind}\`, also where it is off elsewhere`);

type FiltersThere = Record<keyof typeof filters.shape, ReturnType<typeof filterThere>>;

const exception = z.strictObject({
  talk: choice([USUAL, "on", "off"]).default(USUAL).describe("Whether the bot answers there, or them"),
  cooldownSeconds: whole(0, 3600).optional().describe("Seconds between two questions of one person there, or of them"),
  moderation: choice([USUAL, "off"]).default(USUAL).describe("`off`: what is written there, or what they write, is not judged by itself"),
  strictness: choice([USUAL, "lenient", "medium", "strict"])
    .default(USUAL)
    .describe("How far a message may go there, or theirs, by all rules"),
  action: choice([USUAL, ...ACTIONS])
    .default(USUAL)
    .describe("What is done about a message there, or theirs, by all rules and filters"),
  rules: z.record(newName, ruleThere).default({}).describe("What is different of single rules, before what is said of all"),
  filters: z
    .strictObject(Object.fromEntries(Object.keys(filters.shape).map((kind) => [kind, filterThere(kind)])) as FiltersThere)
    .prefault({})
    .describe("What is different of single filters, before what is said of all"),
});

/** A principle in plain words, as moderators write it. */
const plainPrinciple = z
  .strictObject({
    question: line(200).describe('Asked of a message, such as "Is the message polite?"'),
    good: line(60).describe('The option that speaks for it, such as "polite"'),
    bad: line(60).describe('The option that speaks against it, such as "rude"'),
  })
  .refine(({ good, bad }) => good !== bad, "Expected `good` and `bad` to be different words");

/** What must be readable before names can be compared, however wrong the rest is: all problems are told at once. */
const naming = z.object({
  talk: z.object({ principle: z.string() }),
  moderation: z.object({ rules: z.record(z.string(), z.unknown()) }),
  principles: z.record(z.string(), z.unknown()),
  exceptions: z.record(z.string(), z.object({ rules: z.record(z.string(), z.unknown()) })),
});

/** All that a guild decides. Everything has a default: what is left out of a file or of an older version is as if it was never there. */
export const SETTINGS = z
  .strictObject({
    talk: talk.prefault({}).describe("How the bot answers"),
    moderation: moderation.prefault({}).describe("What is done about what people write"),
    principles: z
      .record(newName, plainPrinciple)
      .default({})
      .refine((principles) => Object.keys(principles).length <= MOST_PRINCIPLES, `Expected at most ${MOST_PRINCIPLES} principles`)
      .describe("The guild's own principles by name, beside `harmless`, `truthful` and `sentiment`"),
    exceptions: z
      .record(typed(z.string().regex(/^\d{17,20}$/, "Expected the id of a channel, a category or a role"), idOf), exception)
      .default({})
      .refine((exceptions) => Object.keys(exceptions).length <= MOST_EXCEPTIONS, `Expected at most ${MOST_EXCEPTIONS} exceptions`)
      .describe(
        "What is different in some channels and categories and for some roles, by their ids; a role counts before a channel, a channel before its category",
      ),
    explain: z
      .strictObject({ showDiscarded: onOrOff().default(false).describe("Lets moderators see what was discarded") })
      .prefault({})
      .describe("What moderators are told of an answer"),
    retentionDays: whole(1, 365).default(30).describe("Days after which what is kept about messages and answers is deleted"),
  })
  .superRefine(checkNames, { when: ({ value }) => naming.safeParse(value).success });

export type GuildSettings = z.infer<typeof SETTINGS>;

/** What a guild has that never decided anything. */
export const DEFAULT_SETTINGS: GuildSettings = SETTINGS.parse({});

/** All principles that a guild may name: the built-in ones and its own. */
export function principleNames({ principles }: { readonly principles: object }): readonly string[] {
  return [...new Set([...Object.keys(PRINCIPLES), ...Object.keys(principles)])];
}

/** A principle that a guild names: a built-in one or its own. The schema lets no other name pass. */
export function guildPrinciple({ principles }: Pick<GuildSettings, "principles">, name: string): Principle {
  const builtIn = own(PRINCIPLES, name);
  if (builtIn !== undefined) return builtIn;
  const words = own(principles, name);
  if (words === undefined) throw new RangeError(`Expected the name of a principle, got "${name}"`);
  return principle({ name, ...words });
}

function checkNames({ talk, moderation, principles, exceptions }: z.output<typeof naming>, context: z.RefinementCtx): void {
  const known = principleNames({ principles });
  const places = Object.keys(moderation.rules).map((name) => ({ path: ["moderation", "rules", name], name }));
  for (const { path, name } of [{ path: ["talk", "principle"], name: talk.principle }, ...places]) {
    if (!known.includes(name))
      context.addIssue({ code: "custom", path, message: `Expected the name of a principle (one of ${known.join(", ")}), got "${name}"` });
  }
  const rules = Object.keys(moderation.rules);
  for (const [id, exception] of Object.entries(exceptions))
    for (const name of Object.keys(exception.rules).filter((one) => !rules.includes(one)))
      context.addIssue({
        code: "custom",
        path: ["exceptions", id, "rules", name],
        message: `Expected the name of a rule of \`moderation.rules\` (${rules.length === 0 ? "there is none" : `one of ${rules.join(", ")}`}), got "${name}"`,
      });
  for (const name of Object.keys(principles)) {
    if (Object.hasOwn(PRINCIPLES, name))
      context.addIssue({ code: "custom", path: ["principles", name], message: "Expected a name that no built-in principle has" });
  }
}
