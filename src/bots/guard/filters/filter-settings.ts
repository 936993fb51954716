/** What a guild decides about filters: what they look for, and what is done about it. */
import { z } from "zod";
import { ACTIONS } from "../actions.ts";
import { choice, list, newName, text, whole } from "../fields.ts";
import { say } from "../languages/say.ts";
import { fitTogether, patternProblem } from "./patterns.ts";

/** What a filter asks for: nothing, that a message is judged before others, or an action. */
export const FILTER_ACTIONS = ["off", "look", ...ACTIONS] as const;

const MOST_WORDS = 200;
const LONGEST_WORD = 60;
const MOST_PATTERNS = 20;
const LONGEST_PATTERN = 200;
const MOST_DOMAINS = 100;

const action = () =>
  choice(FILTER_ACTIONS)
    .default("off")
    .describe(
      "What is done about it; `look`: it is judged before others, and nothing else; what takes the message away does so before it is judged",
    );

const pattern = text(0, LONGEST_PATTERN)
  .superRefine((written, { addIssue }) => {
    const problem = patternProblem(written);
    if (problem !== undefined)
      addIssue({ code: "custom", message: `Expected a regular expression as RE2 reads it, got one of which it says: ${problem},` });
  })
  .default("")
  .describe("A regular expression as RE2 reads it, which capitals are all the same to");

export const filters = z.strictObject({
  words: z
    .strictObject({
      list: list(
        MOST_WORDS,
        z
          .string()
          .max(LONGEST_WORD)
          .regex(/[^\s*]/),
        /,/,
      )
        .meta({
          expected: say(undefined, "expected.words", { most: MOST_WORDS, longest: LONGEST_WORD }),
        })
        .default([])
        .describe("Words and phrases, with commas between them; `*` at an end of one stands for any letters"),
      action: action(),
    })
    .prefault({})
    .describe("Words and phrases"),
  patterns: z
    .record(newName, z.strictObject({ pattern, action: action() }))
    .default({})
    .refine((patterns) => Object.keys(patterns).length <= MOST_PATTERNS, `Expected at most ${MOST_PATTERNS} patterns`)
    .refine(
      (patterns) => fitTogether(Object.values(patterns).map((one) => one.pattern)),
      "Expected patterns that are not so large together",
    )
    .describe("Regular expressions by names of your own"),
  invitations: z.strictObject({ action: action() }).prefault({}).describe("Invitations to servers"),
  links: z
    .strictObject({
      allowed: list(MOST_DOMAINS, z.hostname(), /[\s,]/)
        .meta({ expected: say(undefined, "expected.domains", { most: MOST_DOMAINS }) })
        .default([])
        .describe("Domains to which links may lead, and to what is below them"),
      action: action(),
    })
    .prefault({})
    .describe("Links that lead elsewhere"),
  mentions: z
    .strictObject({
      most: whole(0, 100).default(5).describe("People and roles that a message may mention; `@everyone` is more than any number"),
      action: action(),
    })
    .prefault({})
    .describe("More mentions than this in one message"),
  repeats: z
    .strictObject({
      most: whole(1, 20).default(3).describe("How often one person may write the same"),
      seconds: whole(5, 600).default(60).describe("... within so many seconds, in all channels together"),
      action: action(),
    })
    .prefault({})
    .describe("The same text again and again"),
  newcomers: z
    .strictObject({
      accountDays: whole(0, 365).default(7).describe("Days for which an account is new"),
      memberHours: whole(0, 720).default(24).describe("Hours for which a member is new"),
      action: action(),
    })
    .prefault({})
    .describe("What is written from a new account, or by a new member"),
  raids: z
    .strictObject({
      people: whole(2, 100).default(5).describe("Newcomers, as `newcomers` has them, whose messages are found, for it to be a raid"),
      withinMinutes: whole(1, 60).default(10).describe("... within so many minutes"),
      lastsMinutes: whole(5, 1440).default(30).describe("Minutes for which it then lasts"),
      action: action(),
    })
    .prefault({})
    .describe("Whatever newcomers write during a raid"),
});

export type Filters = z.infer<typeof filters>;
export type FilterAction = (typeof FILTER_ACTIONS)[number];
