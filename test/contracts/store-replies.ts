import { expect, it } from "vitest";
import type { Unfinished } from "../../src/bots/guard/index.ts";
import { AWKWARD_TEXTS } from "../support/awkward-texts.ts";
import { AUTHOR, CHANNEL, GUILD, NOON, newReply, OTHER_GUILD, replyEnd } from "../support/store-records.ts";
import type { StoresUnderTest } from "./store-contract.ts";

const { source: SOURCE } = newReply();

export function describeReplies(under: () => StoresUnderTest): void {
  it("begin once for each source", async () => {
    const { store } = under();
    expect(await store.beginReply(newReply())).toBe(true);
    expect(await store.beginReply(newReply({ channel: "other", author: "other" }))).toBe(false);
    expect(await store.lastReplies(GUILD, CHANNEL, 10)).toEqual([
      {
        ...newReply(),
        state: "drafting",
        messages: [],
        hash: undefined,
        excerpt: undefined,
        rewinds: 0,
        droppedTurns: 0,
        value: undefined,
        course: [],
        discarded: [],
      },
    ]);
  });

  it("begin anew in the place of one that was stopped, where their source is anew, and of no other", async () => {
    const { store } = under();
    const again = () => store.beginReply(newReply({ isAnew: true, principle: "truthful", createdAt: NOON + 1 }));
    await store.beginReply(newReply());
    for (const state of ["drafting", "posted", "refused", "failed", "stopped"] as const) {
      await store.endReply(GUILD, SOURCE, replyEnd({ state }));
      expect([await store.beginReply(newReply()), await again()]).toEqual([false, state === "stopped"]);
    }
    const { isAnew: _, ...record } = newReply({ principle: "truthful", createdAt: NOON + 1 });
    const [begun] = await store.lastReplies(GUILD, CHANNEL, 10);
    expect(begun).toMatchObject({ ...record, state: "drafting", messages: [], hash: undefined, value: undefined, rewinds: 0, course: [] });
    expect(await again()).toBe(false);
  });

  it("begin once even when many begin at the same time", async () => {
    const { store, other } = under();
    const begun = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? store : other).beginReply(newReply())));
    expect(begun.filter(Boolean)).toHaveLength(1);
  });

  it("are found by each message that they were posted as", async () => {
    const { store } = under();
    await store.beginReply(newReply());
    const end = replyEnd({ messages: ["1", "2"], discarded: ["The cow is a fool."] });
    await store.endReply(GUILD, SOURCE, end);
    const reply = { ...newReply(), ...end };
    expect(await store.reply(GUILD, "1")).toEqual(reply);
    expect(await store.reply(GUILD, "2")).toEqual(reply);
    expect(await store.reply(GUILD, "3")).toBeUndefined();
    expect(await store.reply(OTHER_GUILD, "1")).toBeUndefined();
  });

  it("keep what an end does not tell", async () => {
    const { store } = under();
    await store.beginReply(newReply());
    const end = replyEnd({ discarded: ["The cow is a fool."] });
    await store.endReply(GUILD, SOURCE, end);
    await store.endReply(GUILD, SOURCE, { state: "stopped", messages: ["7"] });
    expect(await store.reply(GUILD, "7")).toEqual({ ...newReply(), ...end, state: "stopped", messages: ["7"] });
    expect(await store.reply(GUILD, "500000000000000001")).toBeUndefined();
  });

  it("that were forgotten while they were drafted stay forgotten", async () => {
    const { store } = under();
    await store.beginReply(newReply());
    await store.forgetPerson(AUTHOR);
    await store.endReply(GUILD, SOURCE, replyEnd());
    expect(await store.reply(GUILD, "500000000000000001")).toBeUndefined();
    expect(await store.lastReplies(GUILD, CHANNEL, 10)).toEqual([]);
  });

  it("of a channel come newest first, and of the same moment in the order in which they began", async () => {
    const { store } = under();
    for (const [index, createdAt] of [NOON, NOON + 5, NOON + 5, NOON - 5].entries())
      await store.beginReply(newReply({ source: `s${index}`, createdAt }));
    await store.beginReply(newReply({ source: "elsewhere", channel: "other" }));
    const sources = async (limit: number) => (await store.lastReplies(GUILD, CHANNEL, limit)).map(({ source }) => source);
    expect(await sources(10)).toEqual(["s2", "s1", "s0", "s3"]);
    expect(await sources(2)).toEqual(["s2", "s1"]);
  });

  it("that were never finished are failed, those that began before a time, of some guilds, or all", async () => {
    const { store } = under();
    await store.beginReply(newReply({ source: "old", createdAt: NOON - 1 }));
    await store.beginReply(newReply({ source: "posted", createdAt: NOON - 1 }));
    await store.endReply(GUILD, "posted", replyEnd());
    await store.beginReply(newReply({ source: "young" }));
    await store.beginReply(newReply({ guild: OTHER_GUILD, source: "other" }));
    const states = async () => {
      const replies = [...(await store.lastReplies(GUILD, CHANNEL, 10)), ...(await store.lastReplies(OTHER_GUILD, CHANNEL, 10))];
      return Object.fromEntries(replies.map(({ source, state }) => [source, state]));
    };
    const ended = async (which?: Unfinished) => (await store.failUnfinished(which)).map(({ source, state }) => `${source} ${state}`);
    expect(await ended({ before: NOON })).toEqual(["old failed"]);
    expect(await states()).toEqual({ old: "failed", posted: "posted", young: "drafting", other: "drafting" });
    expect(await ended({ isOurs: (guild, source) => guild === OTHER_GUILD && source === "other" })).toEqual(["other failed"]);
    expect(await states()).toMatchObject({ young: "drafting", other: "failed" });
    expect([await ended(), await ended()]).toEqual([["young failed"], []]);
    expect(await states()).toMatchObject({ young: "failed" });
  });

  it.each(AWKWARD_TEXTS)("hold %s as it is", async (_what, text, kept) => {
    const { store } = under();
    const reply = newReply({ guild: text, channel: text, source: text, author: text, principle: text });
    await store.beginReply(reply);
    const end = replyEnd({ messages: [text], excerpt: text, hash: text, discarded: [text] });
    await store.endReply(text, text, end);
    const found = await store.reply(text, text);
    expect(found).toEqual({
      ...reply,
      ...end,
      ...{ guild: kept, channel: kept, source: kept, author: kept, principle: kept, excerpt: kept, hash: kept },
    });
    expect(await store.lastReplies(GUILD, CHANNEL, 10)).toEqual([]);
  });

  it("keep numbers as they are", async () => {
    const { store } = under();
    await store.beginReply(newReply());
    const course = [-1, 1, 0.1 + 0.2, 1e-9].map((value, tokens) => ({ tokens, value, kind: "commit" as const }));
    for (const value of [-1, 0, 1, 0.1 + 0.2, -1 / 3]) {
      await store.endReply(GUILD, SOURCE, replyEnd({ value, course }));
      expect(await store.reply(GUILD, "500000000000000001")).toMatchObject({ value, course });
    }
  });
}
