import { z } from "zod";
import { HARMLESS, PRESETS, PRINCIPLES } from "../../core/index.ts";
import { STRICTNESS } from "./strictness.ts";

/** What is done about a message that a principle speaks against. Each one does what those before it do, too. */
export const ACTIONS = ["log", "hide", "delete", "timeout"] as const;
export type Action = (typeof ACTIONS)[number];

/** Where a conversation is read from: the messages replied to, the thread, or the last messages of the channel. */
export const CONTEXTS = ["replies", "thread", "recent"] as const;

const snowflake = z.string().regex(/^\d{17,20}$/, "Expected an id of 17 to 20 digits");
const snowflakes = z.array(snowflake).max(200).default([]);
const line = (longest: number) => z.string().trim().min(1).max(longest);
const words = line(60).regex(/^[^\r\n]*$/, "Expected one line");

/** The name of a principle: lower case, as it is typed in a command. */
const principleName = z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, "Expected up to 32 of a-z, 0-9 and -, beginning with a letter");

const talk = z.strictObject({
  /** Whether the bot answers at all. */
  enabled: z.boolean().default(true),
  mentions: z.boolean().default(true),
  replies: z.boolean().default(true),
  /** `recent` needs the Message Content intent to see more than messages to the bot. */
  context: z.enum(CONTEXTS).default("replies"),
  /** Messages of a conversation that are read at most. */
  contextMessages: z.int().min(1).max(50).default(12),
  /** What the model is told before each conversation. */
  instructions: z.string().trim().max(1000).default(""),
  /** The principle by which answers are judged while they are written. */
  principle: principleName.default(HARMLESS.name),
  preset: z.enum(Object.keys(PRESETS) as [keyof typeof PRESETS]).default("balanced"),
  /** Upper bound of an answer, in tokens. */
  maxTokens: z.int().min(16).max(1024).default(256),
  temperature: z.number().min(0).max(2).default(0.7),
  /** Shows vetted text while the rest is written, by edits of one message. */
  edits: z.boolean().default(false),
  /** Whether questions are judged as well, before anything is written. */
  judgeQuestions: z.boolean().default(false),
  refusal: line(300).default("I am sorry, but I cannot help with that."),
  failure: line(300).default("Something went wrong on my side. Please try again in a moment."),
  /** Between two questions of one person. */
  cooldownSeconds: z.int().min(0).max(3600).default(5),
  /** Answers a day (UTC) for one person, and for the guild. 0: no limit. */
  userDailyCap: z.int().min(0).max(100_000).default(100),
  guildDailyCap: z.int().min(0).max(1_000_000).default(2000),
  /** Channels in which it talks; empty: all that it may write in. */
  channels: snowflakes,
});

const rule = z.strictObject({
  /** How far a message may go before the principle speaks against it. */
  strictness: z.enum(STRICTNESS).default("medium"),
  action: z.enum(ACTIONS).default("log"),
});

const moderation = z.strictObject({
  /** Judges new and edited messages; needs the Message Content intent. */
  automatic: z.boolean().default(false),
  /** Only says in the log channel what would have been done. */
  shadow: z.boolean().default(true),
  /** By which principles messages are judged. */
  rules: z.record(principleName, rule).default({ [HARMLESS.name]: { strictness: "medium", action: "log" } }),
  /** Where findings and the review queue are posted. */
  logChannel: snowflake.optional(),
  ignore: z.strictObject({ roles: snowflakes, channels: snowflakes, categories: snowflakes, users: snowflakes }).prefault({}),
  /** How long `timeout` silences a person. Discord's limit is 28 days. */
  timeoutMinutes: z.int().min(1).max(40_320).default(10),
  /** Whether a person whose message was taken away may ask the moderators to look at it again. */
  appeals: z.boolean().default(true),
});

/** A principle in plain words, as moderators write it. */
const plainPrinciple = z
  .strictObject({
    /** Asked of a message, e.g. "Is the message polite?". */
    question: line(200).regex(/^[^\r\n]*$/, "Expected one line"),
    /** The option that speaks for it, and the one against, e.g. "polite" and "rude". */
    good: words,
    bad: words,
  })
  .refine(({ good, bad }) => good !== bad, "Expected `good` and `bad` to be different words");

/** All that a guild decides. Everything has a default: what is left out of a file or of an older version is as if it was never there. */
export const SETTINGS = z
  .strictObject({
    talk: talk.prefault({}),
    moderation: moderation.prefault({}),
    /** The guild's own principles, by name; `harmless`, `truthful` and `sentiment` are there without. */
    principles: z
      .record(principleName, plainPrinciple)
      .default({})
      .refine((own) => Object.keys(own).length <= 20, "Expected at most 20 principles"),
    explain: z.strictObject({ /** Lets moderators see what was discarded. */ showDiscarded: z.boolean().default(false) }).prefault({}),
    /** Days after which what is kept about messages and answers is deleted. */
    retentionDays: z.int().min(1).max(365).default(30),
  })
  .superRefine((settings, context) => {
    for (const { path, name } of principlesNamed(settings)) {
      if (isKnown(name, settings.principles)) continue;
      const known = [...Object.keys(PRINCIPLES), ...Object.keys(settings.principles)].join(", ");
      context.addIssue({ code: "custom", path, message: `Expected the name of a principle (one of ${known}), got "${name}"` });
    }
    for (const name of Object.keys(settings.principles)) {
      if (Object.hasOwn(PRINCIPLES, name))
        context.addIssue({ code: "custom", path: ["principles", name], message: "Expected a name that no built-in principle has" });
    }
  });

export type GuildSettings = z.infer<typeof SETTINGS>;
export type PlainPrinciple = z.infer<typeof plainPrinciple>;
export type Rule = z.infer<typeof rule>;

/** What a guild has that never decided anything. */
export const DEFAULT_SETTINGS: GuildSettings = SETTINGS.parse({});

function* principlesNamed({ talk: { principle }, moderation: { rules } }: { talk: { principle: string }; moderation: { rules: object } }) {
  yield { path: ["talk", "principle"], name: principle };
  for (const name of Object.keys(rules)) yield { path: ["moderation", "rules", name], name };
}

function isKnown(name: string, own: Readonly<Record<string, unknown>>): boolean {
  return Object.hasOwn(PRINCIPLES, name) || Object.hasOwn(own, name);
}
