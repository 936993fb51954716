/**
 * Databases of older versions, to the letter: what version 0.1.0 sent to an empty database, and what it then wrote. None of this is
 * ever adapted to newer code, which has to read it.
 */
import { expect, it } from "vitest";
import type { ReplyRecord, Store } from "../../src/bots/guard/index.ts";
import {
  AUTHOR,
  CHANNEL,
  collect,
  DAY_MS,
  GUILD,
  MODERATOR,
  NOON,
  newAudit,
  newReply,
  newReview,
  replyEnd,
  settingsChange,
  settingsWith,
} from "../support/store-records.ts";
import type { StorePlace } from "./store-contract.ts";

/** @param counter all in which the tables of the two databases differ */
const TABLES = (counter: string): readonly (readonly string[])[] => [
  [
    "CREATE TABLE IF NOT EXISTS guard_migrations (number INTEGER PRIMARY KEY)",
    "INSERT INTO guard_migrations (number) VALUES (1)",
    `CREATE TABLE guard_settings (
      guild TEXT NOT NULL, version INTEGER NOT NULL, format INTEGER NOT NULL, settings TEXT NOT NULL,
      retention_days INTEGER NOT NULL, changed_by TEXT NOT NULL, changed_at BIGINT NOT NULL,
      PRIMARY KEY (guild, version))`,
    `CREATE TABLE guard_replies (
      number ${counter}, guild TEXT NOT NULL, source TEXT NOT NULL, channel TEXT NOT NULL, author TEXT NOT NULL,
      state TEXT NOT NULL, messages TEXT NOT NULL, hash TEXT, excerpt TEXT, principle TEXT NOT NULL, rewinds INTEGER NOT NULL,
      value DOUBLE PRECISION, course TEXT NOT NULL, discarded TEXT NOT NULL, created_at BIGINT NOT NULL,
      UNIQUE (guild, source))`,
    "CREATE INDEX guard_replies_of_channel ON guard_replies (guild, channel, created_at)",
    "CREATE INDEX guard_replies_of_author ON guard_replies (author)",
    "CREATE INDEX guard_replies_unfinished ON guard_replies (created_at) WHERE state = 'drafting'",
    `CREATE TABLE guard_reply_messages (
      guild TEXT NOT NULL, message TEXT NOT NULL, source TEXT NOT NULL,
      PRIMARY KEY (guild, message),
      FOREIGN KEY (guild, source) REFERENCES guard_replies (guild, source) ON DELETE CASCADE)`,
    "CREATE INDEX guard_reply_messages_of_source ON guard_reply_messages (guild, source)",
    `CREATE TABLE guard_reviews (
      number ${counter}, guild TEXT NOT NULL, channel TEXT NOT NULL, message TEXT NOT NULL, author TEXT NOT NULL,
      hash TEXT NOT NULL, excerpt TEXT NOT NULL, text TEXT, findings TEXT NOT NULL, action TEXT NOT NULL, shadow BOOLEAN NOT NULL,
      decision TEXT NOT NULL, decided_by TEXT, decided_at BIGINT, appeal TEXT, created_at BIGINT NOT NULL,
      UNIQUE (guild, message, hash))`,
    "CREATE INDEX guard_reviews_by_decision ON guard_reviews (guild, decision, decided_at, number)",
    "CREATE INDEX guard_reviews_of_author ON guard_reviews (author)",
    `CREATE TABLE guard_audits (
      number ${counter}, guild TEXT NOT NULL, actor TEXT, event TEXT NOT NULL, detail TEXT NOT NULL, happened_at BIGINT NOT NULL)`,
    "CREATE INDEX guard_audits_of_guild ON guard_audits (guild, happened_at, number)",
    "CREATE INDEX guard_audits_of_actor ON guard_audits (actor)",
    "CREATE TABLE guard_opt_outs (person TEXT PRIMARY KEY)",
    "CREATE TABLE guard_uses (name TEXT NOT NULL, day TEXT NOT NULL, uses BIGINT NOT NULL, PRIMARY KEY (name, day))",
  ],
  ["INSERT INTO guard_migrations (number) VALUES (2)", "CREATE TABLE guard_absences (guild TEXT PRIMARY KEY, missed_at BIGINT NOT NULL)"],
  ["INSERT INTO guard_migrations (number) VALUES (3)", "ALTER TABLE guard_reviews ADD COLUMN judged TEXT"],
  ["INSERT INTO guard_migrations (number) VALUES (4)", "ALTER TABLE guard_replies ADD COLUMN dropped_turns INTEGER NOT NULL DEFAULT 0"],
];

/** What each version wrote that the one before it could not; `number` is left to the database. */
const RECORDS: readonly (readonly string[])[] = [
  [
    `INSERT INTO guard_settings (guild, version, format, settings, retention_days, changed_by, changed_at) VALUES
      ('100000000000000001', 1, 1, '{"talk":{"enabled":true,"mentions":true,"replies":true,"context":"replies","contextMessages":12,"instructions":"","principle":"harmless","preset":"balanced","maxTokens":99,"temperature":0.7,"edits":false,"judgeQuestions":false,"refusal":"I am sorry, but I cannot help with that.","failure":"Something went wrong on my side. Please try again in a moment.","cooldownSeconds":5,"userDailyCap":100,"guildDailyCap":2000,"channels":[]},"moderation":{"automatic":false,"shadow":true,"rules":{"kind":{"strictness":"strict","action":"delete"}},"ignore":{"roles":[],"channels":[],"categories":[],"users":[]},"timeoutMinutes":10,"appeals":true},"principles":{"kind":{"question":"Is the message kind?","good":"kind","bad":"rude"}},"explain":{"showDiscarded":false},"retentionDays":7}', 7, '300000000000000009', 1795262400000)`,
    `INSERT INTO guard_replies (guild, source, channel, author, state, messages, hash, excerpt, principle, rewinds, value, course, discarded, created_at) VALUES
      ('100000000000000001', '400000000000000001', '200000000000000001', '300000000000000001', 'posted', '["500000000000000001","500000000000000002"]', '827b8cd68e1f90b57d1755de595fceea4be495d8bede4b4116561247338383d5', 'The cow can fly, said the bank.', 'harmless', 2, 0.75, '[{"tokens":4,"value":-0.5,"kind":"rewind"},{"tokens":12,"value":0.75,"kind":"commit"}]', '["The cow is a fool."]', 1795262400000),
      ('100000000000000001', '400000000000000002', '200000000000000001', '300000000000000001', 'drafting', '[]', NULL, NULL, 'harmless', 0, NULL, '[]', '[]', 1795262400001)`,
    `INSERT INTO guard_reply_messages (guild, message, source) VALUES
      ('100000000000000001', '500000000000000001', '400000000000000001'),
      ('100000000000000001', '500000000000000002', '400000000000000001')`,
    `INSERT INTO guard_reviews (guild, channel, message, author, hash, excerpt, text, findings, action, shadow, decision, decided_by, decided_at, appeal, created_at) VALUES
      ('100000000000000001', '200000000000000001', '600000000000000001', '300000000000000001', 'df56864ea78d63313171421b63a36ce5a3489f3214d9f3fd3412c255493b2daf', 'You are a fool.', NULL, '[{"principle":"harmless","value":-0.9,"threshold":-0.1}]', 'hide', FALSE, 'rejected', '300000000000000009', 1795262400001, NULL, 1795262400000),
      ('100000000000000001', '200000000000000001', '600000000000000002', '300000000000000001', 'df56864ea78d63313171421b63a36ce5a3489f3214d9f3fd3412c255493b2daf', 'You are a fool.', 'You are a fool.', '[{"principle":"harmless","value":-1,"threshold":"-Infinity"}]', 'hide', TRUE, 'pending', NULL, NULL, NULL, 1795262400002)`,
    `INSERT INTO guard_audits (guild, actor, event, detail, happened_at) VALUES
      ('100000000000000001', '300000000000000009', 'settings.changed', 'talk.maxTokens: 256 to 128', 1795262400000)`,
    "INSERT INTO guard_opt_outs (person) VALUES ('300000000000000001')",
    "INSERT INTO guard_uses (name, day, uses) VALUES ('user:100000000000000001:300000000000000001', '2026-11-21', 1)",
  ],
  ["INSERT INTO guard_absences (guild, missed_at) VALUES ('200000000000000002', 1795262400000)"],
  ["UPDATE guard_reviews SET judged = 'You are a fool.'"],
  ["UPDATE guard_replies SET dropped_turns = 4 WHERE source = '400000000000000001'"],
];

export function describeVersions(makePlace: () => Promise<StorePlace>): void {
  it.each([1, 2, 3, 4])("finds all that was kept in tables of version %i, and goes on with them", async (version) => {
    await using place = await makePlace();
    await place.run([...TABLES(place.counter).slice(0, version), ...RECORDS.slice(0, version)].flat().join(";\n"));
    const added = { judged: version < 3 ? undefined : "You are a fool.", droppedTurns: version < 4 ? 0 : 4 };
    await using store = await place.open();
    await expectKept(store, added);
    await using other = await place.open();
    await expectKept(other, added);
    await expectGoesOn(other, version);
  });
}

/** What no version has known from the first. */
interface Added extends Pick<ReplyRecord, "droppedTurns"> {
  readonly judged: string | undefined;
}

async function expectKept(store: Store, { judged, droppedTurns }: Added): Promise<void> {
  const { version, settings, changedBy, changedAt } = await store.settings(GUILD);
  expect({ version, changedBy, changedAt }).toEqual({ version: 1, changedBy: MODERATOR, changedAt: NOON });
  expect(settings.talk.maxTokens).toBe(99);
  expect(settings.retentionDays).toBe(7);
  expect(settings.moderation.rules).toEqual({ kind: { strictness: "strict", action: "delete", actsFrom: 0.7 } });
  expect(settings.principles).toEqual({ kind: { question: "Is the message kind?", good: "kind", bad: "rude" } });
  const ended = replyEnd({ droppedTurns, messages: ["500000000000000001", "500000000000000002"], discarded: ["The cow is a fool."] });
  expect(await store.reply(GUILD, "500000000000000002")).toEqual({ ...newReply(), ...ended });
  expect((await store.lastReplies(GUILD, CHANNEL, 9)).map(({ state }) => state)).toEqual(["drafting", "posted"]);
  const decision = { decision: "rejected", decidedBy: MODERATOR, decidedAt: NOON + 1, appeal: undefined };
  expect(await collect(store.decisions(GUILD))).toEqual([{ ...newReview(), id: 1, judged, text: undefined, ...decision }]);
  const findings = [{ principle: "harmless", value: -1, threshold: Number.NEGATIVE_INFINITY }];
  expect(await store.pendingReviews(GUILD, 9)).toMatchObject([
    { ...newReview(), id: 2, message: "600000000000000002", judged, findings, shadow: true, createdAt: NOON + 2 },
  ]);
  expect(await store.audit(GUILD, 9)).toMatchObject([newAudit()]);
  expect(await store.isOptedOut(AUTHOR)).toBe(true);
  expect((await store.personalData(AUTHOR)).uses).toEqual([{ key: `user:${GUILD}:${AUTHOR}`, day: "2026-11-21", uses: 1 }]);
}

async function expectGoesOn(store: Store, version: number): Promise<void> {
  await store.changeSettings(settingsChange({ version: 1, settings: settingsWith(100, { retentionDays: 7 }) }));
  expect(await store.failUnfinished()).toHaveLength(1);
  expect(await store.beginReply(newReply())).toBe(false);
  expect(await store.addReview(newReview())).toBeUndefined();
  // A number is given out once, also when its row is gone.
  await store.decide({ guild: GUILD, id: 2, decision: "approved", by: MODERATOR, at: NOON });
  expect(await store.forgetPerson(AUTHOR)).toBe(3);
  expect(await store.addReview(newReview({ message: "new" }))).toBeGreaterThan(2);
  expect((await store.pendingReviews(GUILD, 9)).map(({ judged }) => judged)).toEqual([newReview().judged]);
  // The new review and the rejected one, the audit, the settings before, what was counted, and the guild that was missed.
  expect(await store.purgeExpired(NOON + 8 * DAY_MS)).toBe(version < 2 ? 5 : 6);
  expect(await store.guilds()).toEqual([GUILD]);
}
