import { expect, it } from "vitest";
import type { ReviewRecord } from "../../src/bots/guard/index.ts";
import { AWKWARD_TEXTS } from "../support/awkward-texts.ts";
import { AUTHOR, collect, GUILD, MODERATOR, NOON, newReview, OTHER_GUILD } from "../support/store-records.ts";
import type { StoresUnderTest } from "./store-contract.ts";

const PENDING = { decision: "pending", decidedBy: undefined, decidedAt: undefined, appeal: undefined } as const;

export function describeReviews(under: () => StoresUnderTest): void {
  async function add(changes: Parameters<typeof newReview>[0] = {}): Promise<number> {
    return (await under().store.addReview(newReview(changes))) as number;
  }

  function decide(id: number, changes: Partial<{ guild: string; decision: "approved" | "rejected"; by: string; at: number }> = {}) {
    return under().store.decide({ guild: GUILD, id, decision: "rejected", by: MODERATOR, at: NOON + 1, ...changes });
  }

  it("are pending at first, with all that they were given", async () => {
    const id = await add({ attachments: 2 });
    expect(await under().store.review(GUILD, id)).toEqual({ ...newReview(), attachments: 2, ...PENDING, id });
  });

  it("keep thresholds that nothing can pass", async () => {
    const findings = [{ principle: "harmless", value: -1, threshold: Number.NEGATIVE_INFINITY }];
    expect(await under().store.review(GUILD, await add({ findings }))).toMatchObject({ findings });
  });

  it("are one for each message and hash: an edited message has another", async () => {
    const id = await add();
    expect(await under().store.addReview(newReview({ action: "delete" }))).toBeUndefined();
    const edited = await add({ hash: "of the edited text" });
    const elsewhere = await add({ guild: OTHER_GUILD });
    expect(new Set([id, edited, elsewhere]).size).toBe(3);
    expect(edited).toBeGreaterThan(id);
  });

  it("are one when many add the same at once", async () => {
    const { store, other } = under();
    const ids = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).addReview(newReview())));
    expect(ids.filter((id) => id !== undefined)).toHaveLength(1);
  });

  it("of a person are found newest first, those of a message oldest first, and of their own guild alone", async () => {
    const { store, other } = under();
    const [first, edited] = [await add(), await add({ hash: "of the edited text" })];
    const another = await add({ message: "2" });
    await add({ message: "3", author: "stranger" });
    await add({ guild: OTHER_GUILD });
    const ids = async (found: Promise<readonly ReviewRecord[]>) => (await found).map(({ id }) => id);
    expect(await ids(other.reviewsOf(GUILD, AUTHOR, 9))).toEqual([another, edited, first]);
    expect(await ids(other.reviewsOf(GUILD, AUTHOR, 1))).toEqual([another]);
    expect(await ids(other.reviewsOfMessage(GUILD, newReview().message))).toEqual([first, edited]);
    expect(await store.reviewsOfMessage(GUILD, "9")).toEqual([]);
  });

  it("that were rejected are strikes, those of one incident together one, until they expire or are found fine after all", async () => {
    const { store, other } = under();
    const first = await add();
    const together = await add({ message: "2", incident: first });
    const alone = await add({ message: "3" });
    const fine = await add({ message: "4" });
    await add({ message: "5" });
    await add({ guild: OTHER_GUILD, message: "6" });
    const strangers = await add({ message: "7", author: "stranger" });
    for (const id of [first, together, strangers]) await decide(id);
    await decide(alone, { at: NOON + 5 });
    await decide(fine, { decision: "approved" });
    const strikes = (since: number) => other.strikes(GUILD, AUTHOR, since);
    expect([await strikes(NOON), await strikes(NOON + 2), await strikes(NOON + 6)]).toEqual([2, 1, 0]);
    expect([await store.strikes(OTHER_GUILD, AUTHOR, NOON), await store.strikes(GUILD, "nobody", NOON)]).toEqual([0, 0]);
    await store.appeal({ guild: GUILD, id: alone, author: AUTHOR, text: "It is from a play." });
    expect(await strikes(NOON)).toBe(1);
    await decide(alone, { at: NOON + 9 });
    expect(await strikes(NOON)).toBe(2);
  });

  it("of one incident are found together, and the first that is pending stands for all", async () => {
    const { store } = under();
    const first = await add();
    const second = await add({ message: "2", incident: first });
    const alone = await add({ message: "3" });
    const elsewhere = await add({ message: "4", incident: first, guild: OTHER_GUILD });
    const ids = async (found: Promise<readonly ReviewRecord[]>) => (await found).map(({ id }) => id);
    expect(await ids(store.incident(GUILD, first))).toEqual([first, second]);
    expect(await ids(store.incident(GUILD, alone))).toEqual([alone]);
    expect(await ids(store.pendingIncidents(GUILD, 9))).toEqual([first, alone]);
    expect(await ids(store.pendingIncidents(GUILD, 1))).toEqual([first]);
    expect(await ids(store.pendingIncidents(OTHER_GUILD, 9))).toEqual([elsewhere]);
    await decide(first);
    expect(await ids(store.pendingIncidents(GUILD, 9))).toEqual([second, alone]);
  });

  it("of one author in an incident are appealed together, and are one of their own from then on", async () => {
    const { store } = under();
    const first = await add();
    const second = await add({ message: "2", incident: first });
    const fine = await add({ message: "3", incident: first });
    const others = await add({ message: "4", incident: first, author: MODERATOR });
    await decide(fine, { decision: "approved" });
    await decide(first);
    const appeal = { guild: GUILD, author: AUTHOR, text: "We were joking." };
    expect(await store.appeal({ ...appeal, id: others })).toBeUndefined();
    const appealed = await store.appeal({ ...appeal, id: first });
    expect(appealed).toMatchObject({ id: first, decision: "pending", appeal: appeal.text });
    const incident = await store.incident(GUILD, appealed?.incident as number);
    expect(incident.map(({ id, decision, appeal: words }) => [id, decision, words])).toEqual([
      [first, "pending", appeal.text],
      [second, "pending", appeal.text],
    ]);
    expect((await store.incident(GUILD, first)).map(({ id }) => id)).toEqual([fine, others]);
    expect(await store.appeal({ ...appeal, id: second })).toBeUndefined();
  });

  it("that are pending come oldest first", async () => {
    const first = await add({ message: "1" });
    const second = await add({ message: "2" });
    const third = await add({ message: "3" });
    await add({ message: "4", guild: OTHER_GUILD });
    await decide(second);
    const ids = async (limit: number) => (await under().store.pendingReviews(GUILD, limit)).map(({ id }) => id);
    expect(await ids(10)).toEqual([first, third]);
    expect(await ids(1)).toEqual([first]);
  });

  it("forget the text when the decision is carried out, and no sooner; those of which that is not known are found", async () => {
    const { store } = under();
    const [id, later] = [await add(), await add({ message: "2", guild: OTHER_GUILD })];
    const decided = { ...newReview(), ...PENDING, id, decision: "rejected", decidedBy: MODERATOR, decidedAt: NOON + 1 };
    await store.carriedOut(GUILD, id);
    expect(await store.uncarriedDecisions()).toEqual([]);
    await decide(later, { guild: OTHER_GUILD, at: NOON + 2 });
    expect(await decide(id)).toEqual(decided);
    expect((await store.uncarriedDecisions()).map((review) => review.id)).toEqual([id, later]);
    await store.carriedOut(OTHER_GUILD, id);
    await store.carriedOut(GUILD, Number.NaN);
    expect(await store.review(GUILD, id)).toEqual(decided);
    await store.carriedOut(GUILD, id);
    expect(await store.review(GUILD, id)).toEqual({ ...decided, text: undefined });
    expect((await store.uncarriedDecisions()).map((review) => review.id)).toEqual([later]);
  });

  it("keep what the judge has read, with the decision, for the judge that learns of it, until its author or its guild is forgotten", async () => {
    const { store } = under();
    const judged = "You are a fool, and so is your cat.";
    const [first, second] = [await add({ judged }), await add({ judged, message: "2", author: MODERATOR })];
    for (const id of [first, second]) await decide(id);
    await store.appeal({ guild: GUILD, id: first, author: AUTHOR, text: "Why?" });
    await decide(first, { decision: "approved" });
    expect((await collect(store.decisions(GUILD))).map(({ id, judged: kept, decision }) => [id, kept, decision])).toEqual([
      [first, judged, "approved"],
      [second, judged, "rejected"],
    ]);
    await store.forgetPerson(AUTHOR);
    expect((await collect(store.decisions(GUILD))).map(({ id }) => id)).toEqual([second]);
    await store.purgeGuild(GUILD);
    expect(await collect(store.decisions(GUILD))).toEqual([]);
  });

  it("know where their cards stand, however many are added at once, until they are forgotten", async () => {
    const { store, other } = under();
    const [id, another] = [await add(), await add({ message: "2" })];
    const places = Array.from({ length: 10 }, (_, index) => ({ channel: "70", message: `${index}` }));
    await store.addCard({ guild: GUILD, id, channel: "60", message: "61" });
    await Promise.all(places.map((place, index) => (index % 2 === 0 ? store : other).addCard({ guild: GUILD, id, ...place })));
    await store.addCard({ guild: OTHER_GUILD, id, channel: "80", message: "81" });
    const [first, ...others] = await store.cards(GUILD, id);
    expect(first).toEqual({ channel: "60", message: "61" });
    expect(others.toSorted((a, b) => Number(a.message) - Number(b.message))).toEqual(places);
    expect([await store.cards(GUILD, another), await store.cards(OTHER_GUILD, id), await store.cards(GUILD, Number.NaN)]).toEqual([
      [],
      [],
      [],
    ]);
    await store.purgeGuild(GUILD);
    await store.addCard({ guild: GUILD, id, channel: "60", message: "61" });
    expect(await store.cards(GUILD, id)).toEqual([]);
  });

  it("are decided once, and never by another guild", async () => {
    const id = await add();
    expect(await decide(id, { guild: OTHER_GUILD })).toBeUndefined();
    expect(await decide(id, { decision: "approved" })).toMatchObject({ decision: "approved" });
    expect(await decide(id)).toBeUndefined();
    expect(await under().store.review(GUILD, id)).toMatchObject({ decision: "approved" });
  });

  it("are decided by exactly one of many at once", async () => {
    const { store, other } = under();
    const id = await add();
    const decisions = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? store : other).decide({ guild: GUILD, id, decision: "approved", by: `m${index}`, at: NOON }),
      ),
    );
    const [winner, ...more] = decisions.filter((decision) => decision !== undefined);
    expect(more).toEqual([]);
    expect(winner?.text).toBe(newReview().text);
    expect(await store.review(GUILD, id)).toMatchObject({ decidedBy: winner?.decidedBy });
  });

  it.each([-1, 0, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY])("that were never given out are not there: %d", async (id) => {
    const { store } = under();
    await add();
    expect(await store.review(GUILD, id)).toBeUndefined();
    expect(await decide(id)).toBeUndefined();
    expect(await store.appeal({ guild: GUILD, id, author: AUTHOR, text: "Why?" })).toBeUndefined();
  });

  it("are pending again after an appeal, of the author, once", async () => {
    const { store } = under();
    const id = await add();
    await decide(id);
    await store.carriedOut(GUILD, id);
    const appeal = { guild: GUILD, id, author: AUTHOR, text: "It was a joke." };
    expect(await store.appeal({ ...appeal, author: MODERATOR })).toBeUndefined();
    expect(await store.appeal({ ...appeal, guild: OTHER_GUILD })).toBeUndefined();
    const appealed = { ...newReview(), ...PENDING, id, text: undefined, appeal: appeal.text, incident: -id };
    expect(await store.appeal(appeal)).toEqual(appealed);
    expect(await store.pendingReviews(GUILD, 10)).toEqual([appealed]);
    expect(await store.appeal(appeal)).toBeUndefined();
    expect(await decide(id, { decision: "approved" })).toMatchObject({ appeal: appeal.text, text: undefined });
    expect(await store.appeal(appeal)).toBeUndefined();
  });

  it("take one appeal of many at once, and none when the message was found fine", async () => {
    const { store, other } = under();
    const [rejected, approved] = [await add({ message: "1" }), await add({ message: "2" })];
    await decide(rejected);
    await decide(approved, { decision: "approved" });
    const appeals = Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? store : other).appeal({ guild: GUILD, id: rejected, author: AUTHOR, text: `${index}` }),
    );
    expect((await Promise.all(appeals)).filter((one) => one !== undefined)).toHaveLength(1);
    expect(await store.appeal({ guild: GUILD, id: approved, author: AUTHOR, text: "Why?" })).toBeUndefined();
  });

  it("that were decided come in the order of the decisions, however many there are, and each once", async () => {
    const { store } = under();
    const ids = await Promise.all(Array.from({ length: 450 }, (_, index) => add({ message: `${index}` })));
    // Backwards, and always three of them in the same millisecond.
    const order = ids.toReversed();
    for (const [index, id] of order.entries()) await decide(id, { at: NOON + Math.floor(index / 3) });
    await add({ message: "pending" });
    const expected = order.map((id, index) => [NOON + Math.floor(index / 3), id] as const).toSorted((a, b) => a[0] - b[0] || a[1] - b[1]);
    const found = await collect(store.decisions(GUILD));
    expect(found.map(({ id }) => id)).toEqual(expected.map(([, id]) => id));
    expect(await collect(store.decisions(GUILD, { newestFirst: true }))).toEqual(found.toReversed());
    expect(await collect(store.decisions(OTHER_GUILD))).toEqual([]);
  });

  it("may be decided and forgotten while decisions are read", async () => {
    const { store } = under();
    for (let index = 0; index < 410; index++) await decide(await add({ message: `${index}` }), { at: NOON + index, decision: "approved" });
    const found: ReviewRecord[] = [];
    for await (const one of store.decisions(GUILD)) {
      found.push(one);
      if (found.length === 205) await store.forgetPerson(AUTHOR);
    }
    expect(found.length).toBe(400);
  });

  it.each(AWKWARD_TEXTS)("hold %s as it is", async (_what, text, kept) => {
    const { store } = under();
    const id = await add({ text, judged: text, excerpt: text, channel: text, findings: [{ principle: text, value: 0.5, threshold: 0 }] });
    const found = { text: kept, judged: kept, excerpt: kept, channel: kept, findings: [{ principle: text, value: 0.5, threshold: 0 }] };
    expect(await store.review(GUILD, id)).toMatchObject(found);
    expect(await store.appeal({ guild: GUILD, id, author: AUTHOR, text })).toMatchObject({ ...found, appeal: kept });
  });
}
