import fc from "fast-check";
import { expect, it } from "vitest";
import { SettingsConflictError, type Store } from "../../src/bots/guard/index.ts";
import {
  collect,
  NOON,
  newAudit,
  newReply,
  newReview,
  newSanction,
  replyEnd,
  settingsChange,
  settingsWith,
} from "../support/store-records.ts";
import type { StoresUnderTest } from "./store-contract.ts";

const GUILDS = ["red", "green", "blue"] as const;
type Guild = (typeof GUILDS)[number];

/** One thing that is done in one guild. The ids are few, so that guilds use each other's all the time. */
interface Deed {
  readonly guild: Guild;
  readonly what: "settings" | "begin" | "end" | "review" | "decide" | "appeal" | "sanction" | "audit";
  readonly id: number;
  readonly person: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  guild: fc.constantFrom(...GUILDS),
  what: fc.constantFrom("settings", "begin", "end", "review", "decide", "appeal", "sanction", "audit"),
  id: fc.integer({ min: 1, max: 3 }),
  person: fc.integer({ min: 1, max: 2 }),
});

/** All that a guild can read. */
async function readAll(store: Store, guild: string, ids: readonly number[]) {
  return {
    settings: await store.settingsHistory(guild, 100),
    replies: await store.lastReplies(guild, "c", 100),
    posted: (await Promise.all([1, 2, 3].map((id) => store.reply(guild, `m${id}`)))).filter((one) => one !== undefined),
    pending: await store.pendingReviews(guild, 100),
    decided: await collect(store.decisions(guild)),
    byId: (await Promise.all(ids.map((id) => store.review(guild, id)))).filter((one) => one !== undefined),
    ofPeople: (await Promise.all(["1", "2"].map((person) => store.reviewsOf(guild, person, 100)))).flat(),
    ofMessages: (await Promise.all([1, 2, 3].map((id) => store.reviewsOfMessage(guild, `m${id}`)))).flat(),
    sanctions: (await Promise.all(["1", "2"].map((person) => store.sanctions(guild, person, 100)))).flat(),
    audit: await store.audit(guild, 100),
    days: await store.dayCounts(guild, "1970-01-01"),
  };
}

export function describeIsolation(under: () => StoresUnderTest): void {
  it("never read or change what is another's, whatever is done; and go without a trace when they go", async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { minLength: 20, maxLength: 60 }), fc.constantFrom(...GUILDS), async (deeds, leaving) => {
        const { store } = under();
        const world = new World(store, ++run);
        for (const one of deeds) await world.run(one);
        await world.expectOwn();
        const others = GUILDS.filter((guild) => guild !== leaving);
        const before = await Promise.all(others.map((guild) => world.read(guild)));
        await store.purgeGuild(world.nameOf(leaving));
        expect(await Promise.all(others.map((guild) => world.read(guild)))).toEqual(before);
        expect(Object.values(await world.read(leaving)).flat()).toEqual([]);
        expect((await store.settings(world.nameOf(leaving))).version).toBe(0);
      }),
      { numRuns: 25 },
    );
  });
}

/** Guilds of one run, whose every text begins with the guild's name. */
class World {
  readonly #store: Store;
  readonly #run: number;
  /** Of all guilds: each may try to reach the others'. */
  readonly #reviews: number[] = [];

  constructor(store: Store, run: number) {
    this.#store = store;
    this.#run = run;
  }

  nameOf(guild: Guild): string {
    return `${guild}-${this.#run}`;
  }

  read(guild: Guild): ReturnType<typeof readAll> {
    return readAll(this.#store, this.nameOf(guild), this.#reviews);
  }

  async run({ guild, what, id, person }: Deed): Promise<void> {
    const [store, name] = [this.#store, this.nameOf(guild)];
    const [author, excerpt, review] = [`${person}`, `${name} says`, this.#reviews[id] ?? 0];
    if (what === "settings") await decideSettings(store, name, id);
    if (what === "begin") await store.beginReply(newReply({ guild: name, channel: "c", source: `s${id}`, author, principle: name }));
    if (what === "end") await store.endReply(name, `s${id}`, replyEnd({ excerpt, messages: [`m${id}`] }));
    if (what === "audit") await store.addAudit(newAudit({ guild: name, detail: excerpt }));
    if (what === "sanction") await store.addSanction(newSanction({ guild: name, person: author, actor: excerpt, entry: `${id}` }));
    if (what === "decide") await store.decide({ guild: name, id: review, decision: "rejected", by: excerpt, at: NOON });
    if (what === "appeal") await store.appeal({ guild: name, id: review, author, text: excerpt });
    if (what === "review") {
      const added = await store.addReview(newReview({ guild: name, message: `m${id}`, author, excerpt, text: excerpt, judged: excerpt }));
      if (added !== undefined) this.#reviews.push(added);
    }
  }

  /** Everything that a guild reads is its own, also where another guild tried to write to it. */
  async expectOwn(): Promise<void> {
    for (const guild of GUILDS) {
      const name = this.nameOf(guild);
      const { settings, replies, posted, pending, decided, byId, ofPeople, ofMessages, sanctions, audit } = await this.read(guild);
      const all = [replies, posted, pending, decided, byId, ofPeople, ofMessages, sanctions, audit];
      for (const record of all.flat()) expect(record.guild).toBe(name);
      const own = [...replies, ...posted].flatMap(({ excerpt, principle }) => [excerpt ?? name, principle]);
      const reviewed = [...pending, ...decided, ...byId, ...ofPeople, ...ofMessages].flatMap(({ excerpt, judged, decidedBy, appeal }) => [
        excerpt,
        judged,
        decidedBy ?? name,
        appeal ?? name,
      ]);
      own.push(...sanctions.map(({ actor }) => actor ?? name));
      const written = [...own, ...reviewed, ...audit.map(({ detail }) => detail), ...settings.map(({ changedBy }) => changedBy)];
      for (const text of written) expect(text?.startsWith(name)).toBe(true);
    }
  }
}

async function decideSettings(store: Store, guild: string, id: number): Promise<void> {
  try {
    await store.changeSettings(settingsChange({ guild, version: id - 1, by: `${guild} decides`, settings: settingsWith(100 + id) }));
  } catch (error) {
    if (!(error instanceof SettingsConflictError)) throw error;
  }
}
