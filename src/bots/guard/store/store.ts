/**
 * What the bot remembers, types only. `test/contracts/store-contract.ts` says what a store must do; SQLite and PostgreSQL both pass it.
 *
 * Times are milliseconds since 1970 and are passed in. Ids of people, guilds, channels and messages are Discord's, as text.
 * A method that names a guild never reads or changes what belongs to another.
 */
import type { Action } from "../actions.ts";
import type { CoursePoint } from "../inference.ts";
import type { GuildSettings } from "../settings.ts";

/** A guild's settings, as they were decided. */
export interface SettingsVersion {
  /** 0: nothing was ever decided, and these are the defaults. Each change counts one up. */
  readonly version: number;
  readonly settings: GuildSettings;
  /** Who decided; `undefined` for version 0. */
  readonly changedBy: string | undefined;
  readonly changedAt: number;
}

/** What is known of one answer of the bot. The answer itself is a hash and a short excerpt. */
export interface ReplyRecord {
  readonly guild: string;
  readonly channel: string;
  /** The message or interaction that it answers; unique. */
  readonly source: string;
  readonly author: string;
  /** `drafting`: not finished, or the process died; the others end it. */
  readonly state: "drafting" | "posted" | "refused" | "failed" | "stopped";
  /** The messages it was posted as. */
  readonly messages: readonly string[];
  /** SHA-256 of the posted text, in hexadecimal. */
  readonly hash: string | undefined;
  readonly excerpt: string | undefined;
  readonly principle: string;
  readonly rewinds: number;
  /** The oldest turns of the conversation that were not read: the model's context has no room for them. */
  readonly droppedTurns: number;
  /** Value of the whole text as it was posted. */
  readonly value: number | undefined;
  readonly course: readonly CoursePoint[];
  /** Only where the guild lets moderators see it. */
  readonly discarded: readonly string[];
  readonly createdAt: number;
}

export type ReplyEnd = Pick<ReplyRecord, "state"> &
  Partial<Omit<ReplyRecord, "guild" | "channel" | "source" | "author" | "state" | "createdAt">>;

/** How a text fared by one principle, or by one filter. */
export interface Finding {
  /** Of a filter, `filters.` and its kind: no principle has such a name. */
  readonly principle: string;
  /** -1 (bad) to 1 (good). */
  readonly value: number;
  readonly threshold: number;
  /** What a filter has found, for moderators: never the message's own words, but those that the guild looks for. `undefined`: a judge says so. */
  readonly found?: string | undefined;
}

/** A message that a principle spoke against, and what became of it. */
export interface ReviewRecord {
  /** Counts up; unique in the store. */
  readonly id: number;
  readonly guild: string;
  readonly channel: string;
  readonly message: string;
  readonly author: string;
  readonly hash: string;
  readonly excerpt: string;
  /** The whole message: only while it waits for a decision, or for that to be carried out. */
  readonly text: string | undefined;
  /**
   * What the judge read of it, at most its beginning (`judgedText`): kept with the decision, of which the guild's own judge learns.
   * `undefined` where an older version of the bot kept none.
   */
  readonly judged: string | undefined;
  /** How many files were with it, which are not kept. 0 also where an older version of the bot did not count them. */
  readonly attachments: number;
  /** How many files with it, or with what it forwards, were not judged, or not to their end. 0 also where an older version of the bot did not count them. */
  readonly unread: number;
  readonly findings: readonly Finding[];
  /** What was done; in shadow mode, what would have been. */
  readonly action: Action;
  readonly shadow: boolean;
  /** `approved`: the message is fine. `rejected`: it is not. */
  readonly decision: "pending" | "approved" | "rejected";
  readonly decidedBy: string | undefined;
  readonly decidedAt: number | undefined;
  /** What the affected person said to it. */
  readonly appeal: string | undefined;
  /** What it belongs to, and is decided with: the first review of it, or a number of its own after an appeal. `undefined`: its own. */
  readonly incident: number | undefined;
  readonly createdAt: number;
}

export type NewReview = Omit<ReviewRecord, "id" | "decision" | "decidedBy" | "decidedAt" | "appeal" | "incident"> &
  Partial<Pick<ReviewRecord, "incident">>;

/** What can be done about a person. `deleted`: a message of theirs was taken away. */
export const SANCTIONS = ["warned", "deleted", "timed-out", "timeout-ended", "kicked", "banned", "unbanned"] as const;

/** Something that was done about a person of whom there is a review. */
export interface SanctionRecord {
  readonly guild: string;
  readonly person: string;
  readonly kind: (typeof SANCTIONS)[number];
  /** Who did it. `undefined`: it is not known. */
  readonly actor: string | undefined;
  /** The review for which the bot did it, at a moderator's wish. `undefined`: it was done by hand. */
  readonly review: number | undefined;
  /** Discord's own number for what was done by hand. */
  readonly entry: string | undefined;
  readonly at: number;
}

/** Where moderators see a review. */
export interface CardPlace {
  readonly channel: string;
  readonly message: string;
}

/** How many messages were judged, and how many of them a principle spoke against. */
export interface Judged {
  readonly judged: number;
  readonly against: number;
}

/** What happened in a guild on one day. */
export interface DayCounts extends Judged {
  /** In UTC, such as "2026-11-21". */
  readonly day: string;
  /** How often the audit tells of each event. */
  readonly events: Readonly<Record<string, number>>;
}

/** What a judge said of a message by one principle. */
export interface JudgedValue {
  readonly principle: string;
  /** Which judge it was (`KnownJudge.version`). */
  readonly judge: string;
  /** The value in hundredths, rounded down. Range [-100, 100], and -101 for what is no number. */
  readonly hundredths: number;
}

/** A message that was judged. Nothing of what it says. */
export interface JudgedMessage extends CardPlace {
  readonly guild: string;
  /** In UTC, such as "2026-11-21". */
  readonly day: string;
  readonly author: string;
  readonly at: number;
  readonly isAgainst: boolean;
  /** `isLow`: so low that it may come below a limit, and the message is to be found again. */
  readonly values: readonly (JudgedValue & { readonly isLow: boolean })[];
}

/** How many messages had a value. */
export interface ValueCount extends JudgedValue {
  readonly messages: number;
}

/** A message with a low value: where it stands, and nothing of what it says. */
export interface LowMessage extends JudgedValue, CardPlace {
  readonly guild: string;
  readonly author: string;
  readonly at: number;
}

/** Something that was done to the bot's memory or settings. Never holds the text of a message. */
export interface AuditRecord {
  readonly guild: string;
  /** Who did it; `undefined`: the bot itself. */
  readonly actor: string | undefined;
  /** Such as `settings.changed`, `review.approved`, `privacy.deleted`. */
  readonly event: string;
  /** Short, for people. */
  readonly detail: string;
  readonly at: number;
}

/** One that is kept. */
export interface AuditEntry extends AuditRecord {
  /** Counts up; unique in the store. */
  readonly number: number;
}

/** Which entries of an audit are meant: those of which all is true that is said here. */
export interface AuditWanted {
  readonly actor?: string | undefined;
  /** One of these. */
  readonly events?: readonly string[] | undefined;
  readonly detail?: string | undefined;
  /** Whose messages they are about: their `detail` is `review` and the id of one that is kept. */
  readonly person?: string | undefined;
  /** Behind which they come: the last one of those that were read before. */
  readonly before?: Pick<AuditEntry, "at" | "number"> | undefined;
}

/** All that is kept about one person. */
export interface PersonalData {
  readonly replies: readonly ReplyRecord[];
  readonly reviews: readonly ReviewRecord[];
  /** What was done about them. */
  readonly sanctions: readonly SanctionRecord[];
  /** Messages of theirs with low values. */
  readonly lowMessages: readonly LowMessage[];
  /** What they did as moderators. */
  readonly actions: readonly AuditRecord[];
  /** How often they asked, today and perhaps yesterday. */
  readonly uses: readonly { readonly key: string; readonly day: string; readonly uses: number }[];
  readonly optedOut: boolean;
}

/** Which answers are meant that were begun and not ended. */
export interface Unfinished {
  /** Only those that began before. @default all: clocks may have gone back since */
  readonly before?: number;
  /** Only these, by their guild, or private conversation, and what they answer. @default all */
  readonly isOurs?: (guild: string, source: string) => boolean;
}

/** Which messages with low values are meant. */
export interface LowMessagesWanted {
  readonly guild: string;
  /** The first day. */
  readonly from: string;
  /** In hundredths. */
  readonly below: number;
  readonly limit: number;
}

/** Which guilds a bot is in, as far as it knows. */
export interface Presence {
  /** Whether it would know. */
  readonly isOurs: (guild: string) => boolean;
  readonly isHere: (guild: string) => boolean;
  readonly at: number;
}

/** Every method throws `StoreError` when the database does not do its work; nothing is half done then. */
export interface Store extends AsyncDisposable {
  /** Whether it answers. @throws {StoreError} when it does not */
  ping(): Promise<void>;

  settings(guild: string): Promise<SettingsVersion>;
  /**
   * Takes the place of `version`.
   *
   * @throws {SettingsConflictError} when another version is there by now: nothing is changed
   */
  changeSettings(change: {
    readonly guild: string;
    /** The version that was read before. */
    readonly version: number;
    readonly settings: GuildSettings;
    readonly by: string;
    readonly at: number;
  }): Promise<SettingsVersion>;
  /** The last decisions, newest first. */
  settingsHistory(guild: string, limit: number): Promise<readonly SettingsVersion[]>;

  /**
   * Begins the record of an answer. `false`: there is one of the same source already, and nothing may be posted again. Where the source `isAnew`, one
   * that was stopped makes place.
   */
  beginReply(
    reply: Pick<ReplyRecord, "guild" | "channel" | "source" | "author" | "principle" | "createdAt"> & { readonly isAnew?: boolean },
  ): Promise<boolean>;
  endReply(guild: string, source: string, end: ReplyEnd): Promise<void>;
  /** The reply that was posted as this message. */
  reply(guild: string, message: string): Promise<ReplyRecord | undefined>;
  /** The last ones of a channel, newest first. */
  lastReplies(guild: string, channel: string, limit: number): Promise<readonly ReplyRecord[]>;
  /** Ends as `failed` what is still `drafting`: the process that wrote it died. Gives what was ended, the oldest first. */
  failUnfinished(which?: Unfinished): Promise<readonly ReplyRecord[]>;

  /** Counts one more for this key on this day (UTC, such as "2026-11-21"), unless that goes past the cap. Whether it was counted. */
  countWithin(use: { readonly key: string; readonly day: string; readonly cap: number }): Promise<boolean>;

  /** `undefined`: this message with this hash has a review already. */
  addReview(review: NewReview): Promise<number | undefined>;
  review(guild: string, id: number): Promise<ReviewRecord | undefined>;
  /** Those of a person, newest first. */
  reviewsOf(guild: string, author: string, limit: number): Promise<readonly ReviewRecord[]>;
  /** Those of a message, the oldest first: it may have been edited since the first one. */
  reviewsOfMessage(guild: string, message: string): Promise<readonly ReviewRecord[]>;
  /** How many of a person's were rejected from then on: those of one incident count once. */
  strikes(guild: string, person: string, since: number): Promise<number>;
  /** All of one incident, the oldest first. */
  incident(guild: string, incident: number): Promise<readonly ReviewRecord[]>;
  /** The first one that is pending of each incident, the oldest first. */
  pendingIncidents(guild: string, limit: number): Promise<readonly ReviewRecord[]>;
  /** The oldest first. */
  pendingReviews(guild: string, limit: number): Promise<readonly ReviewRecord[]>;
  /** `undefined`: it was decided before, or is not this guild's. Its `text` is kept until the decision is carried out. */
  decide(decision: {
    readonly guild: string;
    readonly id: number;
    readonly decision: "approved" | "rejected";
    readonly by: string;
    readonly at: number;
  }): Promise<ReviewRecord | undefined>;
  /** Forgets the `text` of a review: what follows from the decision is done. One that is pending again keeps it. */
  carriedOut(guild: string, id: number): Promise<void>;
  /** Those whose decision was never carried out, in the order of the decisions: the process that was to do it died. */
  uncarriedDecisions(): Promise<readonly ReviewRecord[]>;
  /**
   * Keeps what the affected person says, and makes the review pending again, with all others of its author in its incident: they are one of their
   * own from then on. Once for each review, and only by its author.
   * `undefined`: it cannot be appealed, or not any more, or was found fine anyway.
   */
  appeal(appeal: {
    readonly guild: string;
    readonly id: number;
    readonly author: string;
    readonly text: string;
  }): Promise<ReviewRecord | undefined>;
  /** Notes where a card shows a review, to change it later. Of a review that is forgotten nothing is noted. */
  addCard(card: { readonly guild: string; readonly id: number } & CardPlace): Promise<void>;
  /** The oldest first. */
  cards(guild: string, id: number): Promise<readonly CardPlace[]>;
  /**
   * All that were decided, in the order of the decisions. Read in pages: it may take its time, and is read no further than somebody asks for.
   *
   * @param order @default the oldest first
   */
  decisions(guild: string, order?: { readonly newestFirst: boolean }): AsyncIterable<ReviewRecord>;

  /** `false`: there is one of this number of Discord's already. */
  addSanction(sanction: SanctionRecord): Promise<boolean>;
  /** Newest first. */
  sanctions(guild: string, person: string, limit: number): Promise<readonly SanctionRecord[]>;

  /**
   * Counts a message that was judged, and its values. Where it stands and who wrote it is kept of some with low values alone: three of a day for each
   * principle and hundredth, and none of people who opted out.
   */
  countJudged(message: JudgedMessage): Promise<void>;
  /** How many there were from one day on and before another. */
  judgedBetween(guild: string, from: string, before: string): Promise<Judged>;
  /** Each day from one on, the oldest first, but those on which nothing was judged and of which the audit tells nothing. */
  dayCounts(guild: string, from: string): Promise<readonly DayCounts[]>;
  /** How many messages had which value from one day on: known of the last seven days, with the present one. */
  valuesSince(guild: string, from: string): Promise<readonly ValueCount[]>;
  /** Some of those below a value of the same days, the highest first. */
  lowMessages(wanted: Omit<JudgedValue, "hundredths"> & LowMessagesWanted): Promise<readonly LowMessage[]>;

  addAudit(record: AuditRecord): Promise<void>;
  /** Newest first. @param wanted which of them. @default all */
  audit(guild: string, limit: number, wanted?: AuditWanted): Promise<readonly AuditEntry[]>;

  /** A person who opted out is neither read nor answered. */
  setOptedOut(user: string, isOut: boolean): Promise<void>;
  isOptedOut(user: string): Promise<boolean>;
  personalData(user: string): Promise<PersonalData>;
  /**
   * Forgets all replies to a person, reviews of messages that were found fine, and where messages with low values stand. How many there were. What stays: whether they opted out, how much they
   * asked today (or a daily cap would be none), and until the guild's retention ends it what they did as moderators, what was done about them,
   * and reviews that are pending or rejected: nobody takes away what speaks against them.
   */
  forgetPerson(user: string): Promise<number>;

  /** All guilds, and private conversations, of which anything is kept. */
  guilds(): Promise<readonly string[]>;
  /** Forgets a guild, its settings too. */
  purgeGuild(guild: string): Promise<void>;
  /**
   * Notes which guilds with records the bot is not in any more: Discord could not tell it while it was not running. They are forgotten with
   * what is expired once they were missed for a week, and not at once: it may have been started as another bot by mistake.
   */
  noteGuilds(presence: Presence): Promise<void>;
  /**
   * Forgets what is older than each guild's settings allow: replies, reviews, sanctions, audit, settings that others took the place of; what was
   * counted before yesterday; values of more than seven days; and guilds that were missed for a week. How many records there were.
   */
  purgeExpired(now: number): Promise<number>;
}
