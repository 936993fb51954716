import { expect, it } from "vitest";
import type { AuditEntry, Store } from "../../src/bots/guard/index.ts";
import { AWKWARD_TEXTS } from "../support/awkward-texts.ts";
import {
  AUTHOR,
  CHANNEL,
  collect,
  DAY_MS,
  GUILD,
  MODERATOR,
  NOON,
  newAudit,
  newJudged,
  newReply,
  newReview,
  newSanction,
  OTHER_GUILD,
  replyEnd,
  settingsChange,
  settingsWith,
} from "../support/store-records.ts";
import type { StoresUnderTest } from "./store-contract.ts";

export function describePeople(under: () => StoresUnderTest): void {
  const use = { key: `user:${AUTHOR}`, day: "2026-11-21", cap: 3 };

  it("are counted up to the cap and no further, each key and day by itself", async () => {
    const { store } = under();
    const counted = async (changes: Partial<typeof use> = {}) => await store.countWithin({ ...use, ...changes });
    expect([await counted(), await counted(), await counted(), await counted()]).toEqual([true, true, true, false]);
    expect(await counted({ cap: 4 })).toBe(true);
    expect(await counted({ cap: Number.POSITIVE_INFINITY })).toBe(true);
    expect(await counted({ day: "2026-11-22" })).toBe(true);
    expect(await counted({ key: "user:other" })).toBe(true);
    expect(await counted({ key: "nobody", cap: 0 })).toBe(false);
  });

  it("never come past the cap together", async () => {
    const { store, other } = under();
    const attempts = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? store : other).countWithin({ ...use, cap: 7 }));
    expect((await Promise.all(attempts)).filter(Boolean)).toHaveLength(7);
  });

  it("may opt out, and in again", async () => {
    const { store, other } = under();
    expect(await store.isOptedOut(AUTHOR)).toBe(false);
    await store.setOptedOut(AUTHOR, true);
    await store.setOptedOut(AUTHOR, true);
    expect([await other.isOptedOut(AUTHOR), await other.isOptedOut(MODERATOR)]).toEqual([true, false]);
    await other.setOptedOut(AUTHOR, false);
    await other.setOptedOut(AUTHOR, false);
    expect(await store.isOptedOut(AUTHOR)).toBe(false);
  });

  it("get all that is kept about them, of every guild, and nothing of others", async () => {
    const { store } = under();
    await fill(store);
    await store.setOptedOut(AUTHOR, true);
    for (const key of [`user:${GUILD}:${AUTHOR}`, `user:${GUILD}:${AUTHOR}`, `user:${GUILD}:9${AUTHOR}`])
      await store.countWithin({ ...use, key });
    const { replies, reviews, sanctions, actions, uses, optedOut } = await store.personalData(AUTHOR);
    expect(sanctions).toEqual([newSanction(), newSanction({ guild: OTHER_GUILD })]);
    expect(replies.map(({ guild, author }) => [guild, author])).toEqual([
      [GUILD, AUTHOR],
      [OTHER_GUILD, AUTHOR],
    ]);
    expect(reviews.map(({ guild, author }) => [guild, author])).toEqual([
      [GUILD, AUTHOR],
      [OTHER_GUILD, AUTHOR],
    ]);
    expect(actions).toEqual([]);
    expect(uses).toEqual([{ key: `user:${GUILD}:${AUTHOR}`, day: use.day, uses: 2 }]);
    expect(optedOut).toBe(true);
    expect((await store.personalData(MODERATOR)).actions).toEqual([newAudit()]);
    expect(await store.personalData("nobody")).toEqual({
      replies: [],
      reviews: [],
      sanctions: [],
      lowMessages: [],
      actions: [],
      uses: [],
      optedOut: false,
    });
  });

  it("are forgotten when they ask for it, all but their opting out; others are not", async () => {
    const { store } = under();
    await fill(store);
    for (const { guild, id } of (await store.personalData(AUTHOR)).reviews)
      await store.decide({ guild, id, decision: "approved", by: MODERATOR, at: NOON });
    await store.setOptedOut(AUTHOR, true);
    const other = await store.personalData("stranger");
    expect(await store.forgetPerson(AUTHOR)).toBe(4);
    const nothing = { replies: [], reviews: [], lowMessages: [], actions: [], uses: [] };
    // What was done about them is the guild's.
    expect(await store.personalData(AUTHOR)).toEqual({ ...nothing, sanctions: expect.any(Array), optedOut: true });
    expect(await store.personalData("stranger")).toEqual(other);
    expect(await store.forgetPerson(AUTHOR)).toBe(0);
  });

  it("cannot take away what speaks against them: what is pending or rejected stays until the guild's retention ends", async () => {
    const { store } = under();
    await fill(store);
    const [first] = (await store.personalData(AUTHOR)).reviews;
    await store.decide({ guild: GUILD, id: first?.id ?? 0, decision: "rejected", by: MODERATOR, at: NOON });
    const { reviews } = await store.personalData(AUTHOR);
    expect(await store.forgetPerson(AUTHOR)).toBe(2);
    expect(await store.personalData(AUTHOR)).toMatchObject({ replies: [], reviews });
    expect(reviews.map(({ decision }) => decision)).toEqual(["rejected", "pending"]);
    await store.purgeExpired(NOON + 30 * DAY_MS + 1);
    expect(await store.personalData(AUTHOR)).toMatchObject({ reviews: [], sanctions: [] });
  });

  it("have what was done about them, newest first, in each guild by itself, and what Discord numbers once", async () => {
    const { store, other } = under();
    const done = [
      newSanction({ at: NOON + 1, kind: "banned", actor: undefined }),
      newSanction({ at: NOON + 2, review: 7, entry: undefined }),
    ];
    for (const one of done) expect(await store.addSanction({ ...one, entry: one.entry && `${one.at}` })).toBe(true);
    expect(await store.addSanction(newSanction())).toBe(true);
    expect(await other.addSanction(newSanction({ at: NOON + 9 }))).toBe(false);
    expect(await other.addSanction(newSanction({ guild: OTHER_GUILD }))).toBe(true);
    await store.addSanction(newSanction({ person: "stranger", entry: undefined }));
    const found = await other.sanctions(GUILD, AUTHOR, 9);
    expect(found.map(({ at, kind, actor, review }) => [at - NOON, kind, actor, review])).toEqual([
      [2, "timed-out", MODERATOR, 7],
      [1, "banned", undefined, undefined],
      [0, "timed-out", MODERATOR, undefined],
    ]);
    expect(await store.sanctions(GUILD, AUTHOR, 1)).toEqual([newSanction({ at: NOON + 2, review: 7, entry: undefined })]);
    expect(await store.sanctions(OTHER_GUILD, AUTHOR, 9)).toHaveLength(1);
    await store.purgeGuild(OTHER_GUILD);
    expect(await store.sanctions(OTHER_GUILD, AUTHOR, 9)).toEqual([]);
  });

  it("leave what they did as moderators in the guild's record", async () => {
    const { store } = under();
    await fill(store);
    await store.forgetPerson(MODERATOR);
    expect(await store.audit(GUILD, 10)).toMatchObject([newAudit()]);
  });

  it("do not lift their daily cap by being forgotten", async () => {
    const { store } = under();
    await store.countWithin({ ...use, cap: 1 });
    await store.forgetPerson(AUTHOR);
    expect(await store.countWithin({ ...use, cap: 1 })).toBe(false);
  });

  it("are not named where it is counted how many messages were judged, by guild and day, for a month", async () => {
    const { store, other } = under();
    const count = (guild: string, day: string, isAgainst: boolean) => store.countJudged(newJudged({ guild, day, isAgainst }));
    await Promise.all([count(GUILD, "2026-11-20", true), count(GUILD, "2026-11-20", false), count(GUILD, "2026-11-21", true)]);
    await count(OTHER_GUILD, "2026-11-20", true);
    expect(await other.judgedBetween(GUILD, "2026-11-20", "2026-11-21")).toEqual({ judged: 2, against: 1 });
    expect(await other.judgedBetween(GUILD, "2026-11-01", "2026-12-01")).toEqual({ judged: 3, against: 2 });
    await store.purgeGuild(OTHER_GUILD);
    expect(await store.judgedBetween(OTHER_GUILD, "2026-11-01", "2026-12-01")).toEqual({ judged: 0, against: 0 });
    expect(await store.purgeExpired(NOON + 30 * DAY_MS)).toBe(1);
    expect(await store.judgedBetween(GUILD, "2026-11-01", "2026-12-01")).toEqual({ judged: 1, against: 1 });
  });

  it("find what was done in the audit, newest first, and their own guild's alone", async () => {
    const { store } = under();
    for (const at of [NOON, NOON + 2, NOON + 1]) await store.addAudit(newAudit({ at, detail: `${at - NOON}` }));
    await store.addAudit(newAudit({ actor: undefined, at: NOON + 2, detail: "later" }));
    await store.addAudit(newAudit({ guild: OTHER_GUILD }));
    const details = async (limit: number) => (await store.audit(GUILD, limit)).map(({ detail }) => detail);
    expect(await details(10)).toEqual(["later", "2", "1", "0"]);
    expect(await details(2)).toEqual(["later", "2"]);
    expect((await store.audit(GUILD, 1))[0]?.actor).toBeUndefined();
  });

  it("find in the audit what is wanted, however much else was done since, and go on behind what was read", async () => {
    const { store } = under();
    const review = (await store.addReview(newReview())) as number;
    await store.addReview(newReview({ author: "300000000000000002", message: "400000000000000009" }));
    await store.addReview(newReview({ guild: OTHER_GUILD }));
    const events = ["review.approved", "settings.changed"];
    const actors = [MODERATOR, undefined];
    const entries = Array.from({ length: 12 }, (_, index) =>
      newAudit({
        at: NOON + (index % 5),
        event: events[index % 2] ?? "",
        actor: actors[index % 3] ?? MODERATOR,
        detail: `review ${(index % 4) + review - 1}`,
      }),
    );
    for (const entry of entries) await store.addAudit({ ...entry, actor: entry.at % 2 === 0 ? entry.actor : undefined });
    await store.addAudit(newAudit({ guild: OTHER_GUILD, detail: `review ${review}` }));
    const all = await store.audit(GUILD, 99);
    const numbers = (found: readonly { readonly number: number }[]) => found.map(({ number }) => number);
    expect([all.length, new Set(numbers(all)).size]).toEqual([12, 12]);
    const wants = [
      [{ actor: MODERATOR }, (entry: AuditEntry) => entry.actor === MODERATOR],
      [{ events: ["review.approved"] }, (entry: AuditEntry) => entry.event === "review.approved"],
      [{ events, person: AUTHOR }, (entry: AuditEntry) => entry.detail === `review ${review}`],
      [{ events: [] }, () => false],
      [{ detail: `review ${review + 1}` }, (entry: AuditEntry) => entry.detail === `review ${review + 1}`],
      [{ person: AUTHOR }, (entry: AuditEntry) => entry.detail === `review ${review}`],
      [{ person: AUTHOR, actor: MODERATOR }, (entry: AuditEntry) => entry.detail === `review ${review}` && entry.actor === MODERATOR],
      [{ person: "300000000000000007" }, () => false],
    ] as const;
    for (const [wanted, isMeant] of wants) {
      const expected = all.filter(isMeant);
      expect(numbers(await store.audit(GUILD, 99, wanted))).toEqual(numbers(expected));
      const read: AuditEntry[] = [];
      for (let before: AuditEntry | undefined; read.length <= 12; before = read.at(-1)) {
        const page = await store.audit(GUILD, 2, { ...wanted, before });
        read.push(...page);
        if (page.length < 2) break;
      }
      expect(numbers(read)).toEqual(numbers(expected));
    }
  });

  it.each(AWKWARD_TEXTS)("may be called %s", async (_what, text, kept) => {
    const { store } = under();
    await store.addAudit(newAudit({ actor: text, event: text, detail: text }));
    expect(await store.audit(GUILD, 1)).toMatchObject([newAudit({ actor: kept, event: kept, detail: kept })]);
    expect(await store.audit(GUILD, 9, { actor: text, events: [text], detail: text })).toHaveLength(1);
    await store.setOptedOut(text, true);
    expect([await store.isOptedOut(text), await store.isOptedOut(`${text}!`)]).toEqual([true, false]);
    expect([await store.countWithin({ ...use, key: text, cap: 1 }), await store.countWithin({ ...use, key: text, cap: 1 })]).toEqual([
      true,
      false,
    ]);
  });

  it("are forgotten after as many days as their guild decided", async () => {
    const { store } = under();
    await store.changeSettings(settingsChange({ settings: settingsWith(100, { retentionDays: 365 }) }));
    await store.changeSettings(settingsChange({ version: 1, settings: settingsWith(100, { retentionDays: 2 }) }));
    await fill(store);
    const kept = async () => [GUILD, OTHER_GUILD].map(async (guild) => (await store.lastReplies(guild, CHANNEL, 10)).length);
    expect(await store.purgeExpired(NOON + 2 * DAY_MS)).toBe(0);
    // Of the first guild two replies, two reviews, a sanction, an audit record, the settings before; of the second one nothing, as it has 30 days.
    expect(await store.purgeExpired(NOON + 2 * DAY_MS + 1)).toBe(7);
    expect(await Promise.all(await kept())).toEqual([0, 1]);
    expect(await store.audit(GUILD, 10)).toEqual([]);
    expect((await store.settings(GUILD)).settings.retentionDays).toBe(2);
    expect(await store.purgeExpired(NOON + 30 * DAY_MS + 1)).toBe(3);
  });

  it("are not named for ever by settings that others took the place of", async () => {
    const { store } = under();
    for (const version of [0, 1, 2]) await store.changeSettings(settingsChange({ version, at: NOON + version * DAY_MS }));
    expect(await store.purgeExpired(NOON + 31 * DAY_MS)).toBe(1);
    expect((await store.settingsHistory(GUILD, 10)).map(({ version }) => version)).toEqual([3, 2]);
    expect(await store.purgeExpired(NOON + 100 * DAY_MS)).toBe(1);
    expect((await store.settings(GUILD)).version).toBe(3);
  });

  it("are forgotten with a guild in which the bot was missed for a week, and not where it came back meanwhile", async () => {
    const { store } = under();
    const note = async (here: readonly string[], at: number) =>
      await store.noteGuilds({ isOurs: (guild) => guild !== "dm:1", isHere: (guild) => here.includes(guild), at });
    for (const guild of [GUILD, OTHER_GUILD, "dm:1"]) {
      await store.changeSettings(settingsChange({ guild, at: NOON + 100 * DAY_MS }));
      await store.beginReply(newReply({ guild, createdAt: NOON + 100 * DAY_MS }));
    }
    await note([OTHER_GUILD], NOON);
    await note([], NOON + DAY_MS);
    await note([OTHER_GUILD], NOON + 2 * DAY_MS);
    const settled = async () => await Promise.all([GUILD, OTHER_GUILD, "dm:1"].map(async (guild) => (await store.settings(guild)).version));
    await store.purgeExpired(NOON + 7 * DAY_MS);
    expect(await settled()).toEqual([1, 1, 1]);
    await store.purgeExpired(NOON + 9 * DAY_MS);
    expect(await settled()).toEqual([0, 1, 1]);
    expect([await store.lastReplies(GUILD, CHANNEL, 1), (await store.lastReplies(OTHER_GUILD, CHANNEL, 1)).length]).toEqual([[], 1]);
  });

  it("and guilds of whom anything is kept are known, until nothing is", async () => {
    const { store } = under();
    expect(await store.guilds()).toEqual([]);
    const id = (await store.addReview(newReview())) ?? 0;
    await store.decide({ guild: GUILD, id, decision: "approved", by: MODERATOR, at: NOON });
    await store.addAudit(newAudit({ guild: OTHER_GUILD }));
    await store.beginReply(newReply({ guild: "dm:1" }));
    expect((await store.guilds()).toSorted()).toEqual([GUILD, OTHER_GUILD, "dm:1"].toSorted());
    await store.purgeGuild(OTHER_GUILD);
    await store.forgetPerson(AUTHOR);
    expect(await store.guilds()).toEqual([]);
  });

  it("are counted anew when their day is past, but not while it may still be today elsewhere", async () => {
    const { store } = under();
    await store.countWithin({ ...use, cap: 1 });
    expect(await store.purgeExpired(NOON + DAY_MS)).toBe(0);
    expect(await store.purgeExpired(NOON + 2 * DAY_MS)).toBe(1);
    expect(await store.countWithin({ ...use, cap: 1 })).toBe(true);
  });
}

/** In both guilds a reply to, a review of and a sanction of the author, and in the first one those of a stranger, and a deed of the moderator's. */
async function fill(store: Store): Promise<void> {
  for (const guild of [GUILD, OTHER_GUILD]) {
    await store.beginReply(newReply({ guild }));
    await store.endReply(guild, newReply().source, replyEnd());
    await store.addReview(newReview({ guild }));
    await store.addSanction(newSanction({ guild }));
  }
  await store.beginReply(newReply({ source: "strange", author: "stranger" }));
  await store.addReview(newReview({ message: "strange", author: "stranger" }));
  await store.addAudit(newAudit());
  expect(await collect(store.decisions(GUILD))).toEqual([]);
}
