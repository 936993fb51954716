import { z } from "zod";
import { HARMLESS, PRESETS, PRINCIPLES } from "../../core/index.ts";
import { STRICTNESS } from "./strictness.ts";

/** What is done about a message that a principle speaks against. Each one does what those before it do, too. */
export const ACTIONS = ["log", "hide", "delete", "timeout"] as const;
export type Action = (typeof ACTIONS)[number];

/** Where a conversation is read from: the messages replied to, the thread, or the last messages of the channel. */
export const CONTEXTS = ["replies", "thread", "recent"] as const;

/**
 * Counts up when a change of the schema gives old settings another meaning, or makes settings that older versions of the bot would read
 * without understanding them. A new setting with a default needs no new format: older versions refuse the unknown name.
 */
export const SETTINGS_FORMAT = 1;

const LONGEST_LIST = 200;
const MOST_PRINCIPLES = 20;

const snowflake = z.string().regex(/^\d{17,20}$/, "Expected an id of 17 to 20 digits");
const snowflakes = z.array(snowflake).max(LONGEST_LIST).default([]);
const line = (longest: number) => z.string().trim().min(1).max(longest);
const oneLine = (longest: number) => line(longest).regex(/^[^\r\n]*$/, "Expected one line");

/** The name of a principle: lower case, as it is typed in a command. */
const principleName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "Expected up to 32 of a-z, 0-9 and -, beginning with a letter");

// The descriptions are read by moderators, in the settings command and in exported files.
const talk = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the bot answers at all"),
  mentions: z.boolean().default(true).describe("Whether it answers when somebody mentions it"),
  replies: z.boolean().default(true).describe("Whether it answers when somebody replies to it"),
  context: z
    .enum(CONTEXTS)
    .default("replies")
    .describe("Where a conversation is read from; `recent` needs the Message Content intent to see more than messages to the bot"),
  contextMessages: z.int().min(1).max(50).default(12).describe("Messages of a conversation that are read at most"),
  instructions: z.string().trim().max(1000).default("").describe("What the model is told before each conversation"),
  principle: principleName
    .default(HARMLESS.name)
    .meta({ kind: "principle", description: "The principle by which answers are judged while they are written" }),
  preset: z
    .enum(Object.keys(PRESETS) as [keyof typeof PRESETS])
    .default("balanced")
    .describe("How thoroughly answers are judged: `strict` is the slowest"),
  maxTokens: z.int().min(16).max(1024).default(256).describe("Upper bound of an answer, in tokens"),
  temperature: z.number().min(0).max(2).default(0.7).describe("How freely answers are worded: 0 is always the same"),
  edits: z.boolean().default(false).describe("Shows judged text while the rest is written, by edits of one message"),
  judgeQuestions: z.boolean().default(false).describe("Whether questions are judged as well, before anything is written"),
  refusal: line(300).default("I am sorry, but I cannot help with that.").describe("Said where there is no answer that may be given"),
  failure: line(300)
    .default("Something went wrong on my side. Please try again in a moment.")
    .describe("Said when the model or the judge failed"),
  cooldownSeconds: z.int().min(0).max(3600).default(5).describe("Seconds between two questions of one person"),
  userDailyCap: z.int().min(0).max(100_000).default(100).describe("Answers for one person on one day (UTC); 0: no limit"),
  guildDailyCap: z.int().min(0).max(1_000_000).default(2000).describe("Answers for everybody on one day (UTC); 0: no limit"),
  channels: snowflakes.describe("Channels in which it talks; none: all that it may write in"),
});

const rule = z.strictObject({
  strictness: z.enum(STRICTNESS).default("medium").describe("How far a message may go before the principle speaks against it"),
  action: z.enum(ACTIONS).default("log").describe("What is done about it; each does what those before it do, too"),
});

const moderation = z.strictObject({
  automatic: z.boolean().default(false).describe("Judges new and edited messages; needs the Message Content intent"),
  shadow: z.boolean().default(true).describe("Only says in the log channel what would have been done"),
  rules: z
    .record(principleName, rule)
    .default({ [HARMLESS.name]: { strictness: "medium", action: "log" } })
    .describe("By which principles messages are judged"),
  logChannel: snowflake.optional().describe("Where findings and the review queue are posted"),
  ignore: z
    .strictObject({
      roles: snowflakes.describe("Roles whose messages are not judged"),
      channels: snowflakes.describe("Channels whose messages are not judged"),
      categories: snowflakes.describe("Categories whose messages are not judged"),
      users: snowflakes.describe("People whose messages are not judged"),
    })
    .prefault({})
    .describe("Whose messages are not judged"),
  // Discord's limit is 28 days.
  timeoutMinutes: z.int().min(1).max(40_320).default(10).describe("Minutes for which `timeout` silences a person"),
  appeals: z.boolean().default(true).describe("Whether a person whose message was taken away may ask the moderators to look at it again"),
});

/** A principle in plain words, as moderators write it. */
const plainPrinciple = z
  .strictObject({
    question: oneLine(200).describe('Asked of a message, such as "Is the message polite?"'),
    good: oneLine(60).describe('The option that speaks for it, such as "polite"'),
    bad: oneLine(60).describe('The option that speaks against it, such as "rude"'),
  })
  .refine(({ good, bad }) => good !== bad, "Expected `good` and `bad` to be different words");

const explain = z.strictObject({
  showDiscarded: z.boolean().default(false).describe("Lets moderators see what was discarded"),
});

/** What must be readable before names can be compared, however wrong the rest is: all problems are told at once. */
const naming = z.object({
  talk: z.object({ principle: z.string() }),
  moderation: z.object({ rules: z.record(z.string(), z.unknown()) }),
  principles: z.record(z.string(), z.unknown()),
});

/** All that a guild decides. Everything has a default: what is left out of a file or of an older version is as if it was never there. */
export const SETTINGS = z
  .strictObject({
    talk: talk.prefault({}).describe("How the bot answers"),
    moderation: moderation.prefault({}).describe("What is done about what people write"),
    principles: z
      .record(principleName, plainPrinciple)
      .default({})
      .refine((own) => Object.keys(own).length <= MOST_PRINCIPLES, `Expected at most ${MOST_PRINCIPLES} principles`)
      .describe("The guild's own principles by name, beside `harmless`, `truthful` and `sentiment`"),
    explain: explain.prefault({}).describe("What moderators are told of an answer"),
    retentionDays: z.int().min(1).max(365).default(30).describe("Days after which what is kept about messages and answers is deleted"),
  })
  .superRefine(checkNames, { when: ({ value }) => naming.safeParse(value).success });

export type GuildSettings = z.infer<typeof SETTINGS>;
export type PlainPrinciple = z.infer<typeof plainPrinciple>;

/** What a guild has that never decided anything. */
export const DEFAULT_SETTINGS: GuildSettings = SETTINGS.parse({});

/** All principles that a guild may name: the built-in ones and its own. */
export function principleNames({ principles }: { readonly principles: object }): readonly string[] {
  return [...new Set([...Object.keys(PRINCIPLES), ...Object.keys(principles)])];
}

function checkNames(settings: z.output<typeof naming>, context: z.RefinementCtx): void {
  const names = principleNames(settings);
  for (const { path, name } of principlesNamed(settings)) {
    if (names.includes(name)) continue;
    context.addIssue({ code: "custom", path, message: `Expected the name of a principle (one of ${names.join(", ")}), got "${name}"` });
  }
  for (const name of Object.keys(settings.principles)) {
    if (Object.hasOwn(PRINCIPLES, name))
      context.addIssue({ code: "custom", path: ["principles", name], message: "Expected a name that no built-in principle has" });
  }
}

function* principlesNamed({ talk, moderation }: z.output<typeof naming>) {
  yield { path: ["talk", "principle"], name: talk.principle };
  for (const name of Object.keys(moderation.rules)) yield { path: ["moderation", "rules", name], name };
}
