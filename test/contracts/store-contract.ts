import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, SettingsConflictError, type Store } from "../../src/bots/guard/index.ts";
import { AUTHOR, GUILD, MODERATOR, NOON, OTHER_GUILD, settingsChange, settingsWith } from "../support/store-records.ts";
import { describeIsolation } from "./store-isolation.ts";
import { describePeople } from "./store-people.ts";
import { describeReplies } from "./store-replies.ts";
import { describeReviews } from "./store-reviews.ts";
import { describeValues } from "./store-values.ts";
import { describeVersions } from "./store-versions.ts";

/** A database of its own, and empty at first. */
export interface StorePlace extends AsyncDisposable {
  /** Another store on the same database each time, as another process would have it. */
  open(): Promise<Store>;
  /** Runs SQL on it, as its administrator may. */
  run(sql: string): Promise<unknown>;
  /** The type of a column that counts up by itself. */
  readonly counter: string;
}

/** The store that a test is about, and another one on the same database. */
export interface StoresUnderTest {
  readonly store: Store;
  readonly other: Store;
}

/** What every store must do. */
export function describeStore(name: string, makePlace: () => Promise<StorePlace>): void {
  describe(name, () => {
    let place: StorePlace;
    let stores: StoresUnderTest;

    beforeEach(async () => {
      place = await makePlace();
      const [store, other] = await Promise.all([place.open(), place.open()]);
      stores = { store, other };
    });
    afterEach(async () => {
      await stores.store[Symbol.asyncDispose]();
      await stores.other[Symbol.asyncDispose]();
      await place[Symbol.asyncDispose]();
    });

    const under = () => stores;
    describe("opening", () => describeOpening(() => place));
    describe("a database of an older version", () => describeVersions(makePlace));
    describe("settings", () => describeSettings(under));
    describe("replies", () => describeReplies(under));
    describe("reviews", () => describeReviews(under));
    describe("values", () => describeValues(under));
    describe("people", () => describePeople(under));
    describe("guilds", () => describeIsolation(under));
  });
}

function describeOpening(place: () => StorePlace): void {
  it("is done by many at once, on an empty database", async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => place().open()));
    await Promise.all(opened.map((store) => store.ping()));
    await Promise.all(opened.map((store) => store[Symbol.asyncDispose]()));
  });

  it("finds what was kept before", async () => {
    const before = await place().open();
    await before.changeSettings(settingsChange({ settings: settingsWith(99) }));
    await before[Symbol.asyncDispose]();
    await using after = await place().open();
    expect((await after.settings(GUILD)).settings.talk.maxTokens).toBe(99);
  });

  it("ends once and for all: what is asked of it later is refused, and it may be disposed of again", async () => {
    const store = await place().open();
    const last = store.setOptedOut(AUTHOR, true);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await expect(last).resolves.toBeUndefined();
    await expect(store.ping()).rejects.toMatchObject({ name: "StoreError", code: "closed" });
  });
}

function describeSettings(under: () => StoresUnderTest): void {
  it("are the defaults in version 0 where none were decided", async () => {
    expect(await under().store.settings(GUILD)).toEqual({ version: 0, settings: DEFAULT_SETTINGS, changedBy: undefined, changedAt: 0 });
  });

  it("are what was decided last, by whom and when, for other processes, too", async () => {
    const { store, other } = under();
    const first = await store.changeSettings(settingsChange({ settings: settingsWith(100) }));
    const second = await other.changeSettings(settingsChange({ version: 1, settings: settingsWith(200), by: AUTHOR, at: NOON + 1 }));
    expect(first).toEqual({ version: 1, settings: settingsWith(100), changedBy: MODERATOR, changedAt: NOON });
    expect(second.version).toBe(2);
    expect(await store.settings(GUILD)).toEqual(second);
    expect(await store.settingsHistory(GUILD, 10)).toEqual([second, first]);
    expect(await store.settingsHistory(GUILD, 1)).toEqual([second]);
  });

  it("survive as they are: all texts, lists, and what is left out", async () => {
    const settings = settingsWith(100, {
      principles: { kind: { question: "Ist die Nachricht “höflich” 🙂?", good: "';--", bad: "\\u0000 $1 ?" } },
      moderation: {
        ...DEFAULT_SETTINGS.moderation,
        rules: { kind: { strictness: "strict", action: "delete", actsFrom: 0.5 } },
        logChannel: "12345678901234567890",
      },
    });
    await under().store.changeSettings(settingsChange({ settings }));
    expect((await under().store.settings(GUILD)).settings).toStrictEqual(settings);
  });

  it.each([0, 2, 3, -1])("are not changed after reading version %i when there is another one", async (version) => {
    const { store } = under();
    await store.changeSettings(settingsChange());
    const before = await store.settings(GUILD);
    const attempt = store.changeSettings(settingsChange({ version, settings: settingsWith(300) }));
    await expect(attempt).rejects.toBeInstanceOf(SettingsConflictError);
    await expect(attempt).rejects.toMatchObject({ guild: GUILD, version });
    expect(await store.settings(GUILD)).toEqual(before);
  });

  it("are changed by exactly one of many that read the same version", async () => {
    const { store, other } = under();
    const attempts = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? store : other).changeSettings(settingsChange({ settings: settingsWith(100 + index) })),
    );
    const results = await Promise.allSettled(attempts);
    const [winner, ...more] = results.filter((result) => result.status === "fulfilled");
    expect(more).toEqual([]);
    expect(await store.settings(GUILD)).toEqual(winner?.value);
    expect(await store.settingsHistory(GUILD, 10)).toHaveLength(1);
    for (const result of results) if (result.status === "rejected") expect(result.reason).toBeInstanceOf(SettingsConflictError);
  });

  it("are each guild's own", async () => {
    const { store } = under();
    await store.changeSettings(settingsChange({ settings: settingsWith(100) }));
    expect((await store.settings(OTHER_GUILD)).version).toBe(0);
    await store.changeSettings(settingsChange({ guild: OTHER_GUILD, settings: settingsWith(200) }));
    expect((await store.settings(GUILD)).settings.talk.maxTokens).toBe(100);
  });

  it("are refused where they could not be read again", async () => {
    const settings = { ...DEFAULT_SETTINGS, retentionDays: 0 };
    await expect(under().store.changeSettings(settingsChange({ settings }))).rejects.toThrow("`retentionDays`");
    expect((await under().store.settings(GUILD)).version).toBe(0);
  });
}
