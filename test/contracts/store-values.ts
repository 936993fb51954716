import fc from "fast-check";
import { expect, it } from "vitest";
import {
  AUTHOR,
  DAY_MS,
  GUILD,
  MODERATOR,
  NOON,
  newAudit,
  newJudged,
  OTHER_GUILD,
  settingsChange,
  settingsWith,
} from "../support/store-records.ts";
import type { StoresUnderTest } from "./store-contract.ts";

const TODAY = "2026-11-21";
const HARMLESS = { principle: "harmless", judge: "one" } as const;

/** What is kept of the values of judged messages. */
export function describeValues(under: () => StoresUnderTest): void {
  const low = async (wanted: object = {}) =>
    (await under().store.lowMessages({ guild: GUILD, ...HARMLESS, from: TODAY, below: 30, limit: 99, ...wanted })).map(
      ({ message }) => message,
    );

  it("are counted by guild, day, principle, judge and hundredth, whoever counts", async () => {
    const { store, other } = under();
    await Promise.all([
      store.countJudged(newJudged({ values: [-60, 5] })),
      other.countJudged(newJudged({ message: "2", values: [5] })),
      store.countJudged(newJudged({ message: "3", day: "2026-11-20", values: [5] })),
      store.countJudged(newJudged({ message: "4", guild: OTHER_GUILD, values: [5] })),
    ]);
    const own = { principle: "harmless", judge: "two", hundredths: 5, isLow: false };
    await store.countJudged({ ...newJudged({ message: "5" }), values: [own] });
    const counts = (judge: string, hundredths: number, messages: number) => ({ principle: "harmless", judge, hundredths, messages });
    expect(await store.valuesSince(GUILD, TODAY)).toEqual([counts("one", -60, 1), counts("one", 5, 2), counts("two", 5, 1)]);
    expect(await store.valuesSince(GUILD, "2026-11-20")).toContainEqual(counts("one", 5, 3));
  });

  it("are told day by day, beside what the audit tells of each, by guild", async () => {
    const { store, other } = under();
    await store.countJudged(newJudged({ isAgainst: true }));
    await other.countJudged(newJudged({ message: "2" }));
    await store.countJudged(newJudged({ message: "3", day: "2026-11-19" }));
    await store.countJudged(newJudged({ message: "4", day: "2026-11-18" }));
    await store.countJudged(newJudged({ message: "5", guild: OTHER_GUILD }));
    const midnight = Date.parse(TODAY);
    for (const at of [midnight, midnight + DAY_MS - 1, midnight - 1, Date.parse("2026-11-19") - 1])
      await store.addAudit(newAudit({ at, event: "review.approved" }));
    await store.addAudit(newAudit({ at: midnight, event: "filters.words" }));
    await store.addAudit(newAudit({ at: midnight, guild: OTHER_GUILD }));
    expect(await other.dayCounts(GUILD, "2026-11-19")).toEqual([
      { day: "2026-11-19", judged: 1, against: 0, events: {} },
      { day: "2026-11-20", judged: 0, against: 0, events: { "review.approved": 1 } },
      { day: TODAY, judged: 2, against: 1, events: { "review.approved": 2, "filters.words": 1 } },
    ]);
    expect(await store.dayCounts(GUILD, "2026-11-22")).toEqual([]);
  });

  it("lead to those that are low: of the highest first, below the one that is asked about, by the same judge and principle", async () => {
    const { store } = under();
    for (const [message, value] of [
      ["a", -80],
      ["b", 20],
      ["c", 29],
      ["d", 30],
    ] as const)
      await store.countJudged(newJudged({ message, values: [value] }));
    expect(await low()).toEqual(["c", "b", "a"]);
    expect(await low({ limit: 2 })).toEqual(["c", "b"]);
    expect(await low({ below: 20 })).toEqual(["a"]);
    for (const other of [{ judge: "two" }, { principle: "kind" }, { guild: OTHER_GUILD }, { from: "2026-11-22" }])
      expect(await low(other)).toEqual([]);
  });

  it("lead to three messages of a day for each hundredth, and to none of people who opted out", async () => {
    const { store } = under();
    await store.setOptedOut(MODERATOR, true);
    await store.countJudged(newJudged({ message: "theirs", author: MODERATOR, values: [-50] }));
    for (const message of ["a", "b", "c", "d"]) await store.countJudged(newJudged({ message, values: [-50] }));
    await store.countJudged(newJudged({ message: "e", day: "2026-11-22", values: [-50] }));
    expect((await low()).toSorted()).toEqual(["a", "b", "c", "e"]);
    expect(await store.valuesSince(GUILD, TODAY)).toEqual([{ ...HARMLESS, hundredths: -50, messages: 6 }]);
  });

  it("lead to an edited message by what it says now", async () => {
    const { store } = under();
    await store.countJudged(newJudged({ message: "a", values: [-50] }));
    await store.countJudged(newJudged({ message: "a", values: [10] }));
    expect(await low()).toEqual(["a"]);
    expect(await low({ below: 0 })).toEqual([]);
    await store.countJudged(newJudged({ message: "a", values: [90] }));
    expect(await low()).toEqual([]);
  });

  it("are forgotten after seven days, or the guild's retention if that is shorter, or when their author or guild goes", async () => {
    const { store } = under();
    await store.countJudged(newJudged({ values: [-50] }));
    expect(await store.personalData(AUTHOR)).toMatchObject({
      lowMessages: [{ guild: GUILD, message: newJudged().message, hundredths: -50, at: NOON }],
    });
    expect(await store.purgeExpired(NOON + 6 * DAY_MS)).toBe(0);
    expect(await store.forgetPerson(AUTHOR)).toBe(1);
    expect(await low()).toEqual([]);
    expect(await store.valuesSince(GUILD, TODAY)).toHaveLength(1);
    await store.purgeExpired(NOON + 7 * DAY_MS);
    expect(await store.valuesSince(GUILD, TODAY)).toEqual([]);

    await store.changeSettings(settingsChange({ settings: settingsWith(99, { retentionDays: 1 }) }));
    await store.countJudged(newJudged({ values: [-50] }));
    await store.purgeExpired(NOON + DAY_MS + 1);
    expect(await low()).toEqual([]);
    await store.countJudged(newJudged({ values: [-50] }));
    await store.purgeGuild(GUILD);
    expect([await low(), await store.valuesSince(GUILD, TODAY)]).toEqual([[], []]);
  });

  it("never count what another guild's people wrote", async () => {
    const { store } = under();
    const guild = fc.constantFrom("red", "green", "blue");
    const value = fc.integer({ min: -101, max: 100 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(guild, value, fc.integer({ min: 1, max: 5 })), { maxLength: 20 }), async (said) => {
        run++;
        for (const [name, hundredths, message] of said)
          await store.countJudged(newJudged({ guild: `${name}-${run}`, message: `${message}`, author: name, values: [hundredths] }));
        for (const name of ["red", "green", "blue"]) {
          const counts = await store.valuesSince(`${name}-${run}`, TODAY);
          const own = said.filter(([of]) => of === name);
          expect(counts.reduce((sum, { messages }) => sum + messages, 0)).toBe(own.length);
          expect(new Set(counts.map(({ hundredths }) => hundredths))).toEqual(new Set(own.map(([, hundredths]) => hundredths)));
          const found = await store.lowMessages({ guild: `${name}-${run}`, ...HARMLESS, from: TODAY, below: 30, limit: 99 });
          for (const { author } of found) expect(author).toBe(name);
        }
      }),
      { numRuns: 10 },
    );
  });
}
