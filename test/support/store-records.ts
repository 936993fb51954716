import {
  type AuditRecord,
  DEFAULT_SETTINGS,
  excerptOf,
  type GuildSettings,
  hashOf,
  type JudgedMessage,
  judgedText,
  type NewReview,
  type ReplyEnd,
  type SanctionRecord,
  type Store,
} from "../../src/bots/guard/index.ts";

export const GUILD = "100000000000000001";
export const OTHER_GUILD = "100000000000000002";
export const CHANNEL = "200000000000000001";
export const AUTHOR = "300000000000000001";
export const MODERATOR = "300000000000000009";
/** 2026-11-21, noon. */
export const NOON = Date.UTC(2026, 10, 21, 12);
export const DAY_MS = 86_400_000;

type NewReply = Parameters<Store["beginReply"]>[0];
type SettingsChange = Parameters<Store["changeSettings"]>[0];

export function newReply(changes: Partial<NewReply> = {}): NewReply {
  return {
    guild: GUILD,
    channel: CHANNEL,
    source: "400000000000000001",
    author: AUTHOR,
    principle: "harmless",
    createdAt: NOON,
    ...changes,
  };
}

export function replyEnd(changes: Partial<ReplyEnd> = {}): ReplyEnd {
  const text = "The cow can fly, said the bank.";
  return {
    state: "posted",
    messages: ["500000000000000001"],
    hash: hashOf(text),
    excerpt: excerptOf(text),
    rewinds: 2,
    droppedTurns: 4,
    value: 0.75,
    course: [
      { tokens: 4, value: -0.5, kind: "rewind" },
      { tokens: 12, value: 0.75, kind: "commit" },
    ],
    ...changes,
  };
}

/** @param values in hundredths, of which those below 30 are low; all by one judge */
export function newJudged({
  values = [],
  ...changes
}: Partial<Omit<JudgedMessage, "values">> & { readonly values?: readonly number[] } = {}): JudgedMessage {
  return {
    guild: GUILD,
    day: "2026-11-21",
    channel: CHANNEL,
    message: "600000000000000001",
    author: AUTHOR,
    at: NOON,
    isAgainst: false,
    values: values.map((hundredths) => ({ principle: "harmless", judge: "one", hundredths, isLow: hundredths < 30 })),
    ...changes,
  };
}

export function newReview(changes: Partial<NewReview> = {}): NewReview {
  const text = "You are a fool.";
  return {
    guild: GUILD,
    channel: CHANNEL,
    message: "600000000000000001",
    author: AUTHOR,
    hash: hashOf(text),
    excerpt: excerptOf(text),
    text,
    judged: judgedText(text),
    attachments: 0,
    unread: 0,
    findings: [{ principle: "harmless", value: -0.9, threshold: -0.1 }],
    action: "hide",
    shadow: false,
    createdAt: NOON,
    ...changes,
  };
}

export function newAudit(changes: Partial<AuditRecord> = {}): AuditRecord {
  return { guild: GUILD, actor: MODERATOR, event: "settings.changed", detail: "talk.maxTokens: 256 to 128", at: NOON, ...changes };
}

export function newSanction(changes: Partial<SanctionRecord> = {}): SanctionRecord {
  const facts = { kind: "timed-out", actor: MODERATOR, review: undefined, entry: "700000000000000001" } as const;
  return { guild: GUILD, person: AUTHOR, ...facts, at: NOON, ...changes };
}

export function settingsChange(changes: Partial<SettingsChange> = {}): SettingsChange {
  return { guild: GUILD, version: 0, settings: DEFAULT_SETTINGS, by: MODERATOR, at: NOON, ...changes };
}

/** The defaults with another limit: settings that can be told from others. */
export function settingsWith(maxTokens: number, changes: Partial<GuildSettings> = {}): GuildSettings {
  return { ...DEFAULT_SETTINGS, talk: { ...DEFAULT_SETTINGS.talk, maxTokens }, ...changes };
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
