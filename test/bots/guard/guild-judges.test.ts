import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CalibrationReport, type Decision, EngineInference, GuildJudges, type Inference } from "../../../src/bots/guard/index.ts";
import { type Engine, HARMLESS, randomAt } from "../../../src/core/index.ts";
import { letterJudge } from "../../../src/judges/index.ts";
import { Gate } from "../../support/gate.ts";
import { fitnessOf, measuredEngine } from "../../support/measured-engine.ts";
import { CIVIL, has, isReading, messageOf, mindingWord, numbersFrom, teaShop, WORDS, type Word } from "../../support/tea-shop.ts";

const OPTIONS = { now: () => performance.now(), maxWaiting: 9, maxOfGuild: 9, answerTimeoutMs: 60_000, judgeTimeoutMs: 60_000 };

const GUILDS = ["100000000000000001", "100000000000000002", "100000000000000003"] as const;

/** Something that happens in one guild. */
type Deed =
  | { readonly what: "judge"; readonly message: number }
  | { readonly what: "calibrate"; readonly word: Word; readonly first: number; readonly count: number }
  | { readonly what: "forget" };

const message = fc.integer({ min: 0, max: 500 });
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant("judge" as const), message }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("calibrate" as const),
      word: fc.constantFrom(...WORDS),
      first: message,
      count: fc.integer({ min: 10, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("forget" as const) }) },
);

async function valued(inference: Inference, text: string, guild?: string): Promise<number> {
  const [verdict] = await inference.judge({ turns: [{ role: "assistant", text }], principles: [CIVIL], guild });
  return verdict?.value ?? Number.NaN;
}

/** All that a guild gets to know. */
async function lived(inference: Inference, guild: string, deeds: readonly Deed[]): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for (const one of deeds) {
    if (one.what === "judge") seen.push(await valued(inference, messageOf(one.message), guild));
    if (one.what === "forget") await inference.forgetGuild(guild);
    if (one.what === "calibrate") {
      const decisions = mindingWord(one.word, numbersFrom(one.first, one.count));
      seen.push(await inference.calibrate({ guild, principle: CIVIL, decisions }), await inference.judges({ principles: [CIVIL], guild }));
    }
  }
  return seen;
}

async function withWorld<Result>(work: (inference: EngineInference, folder: string) => Promise<Result>): Promise<Result> {
  using shop = teaShop();
  await using inference = await EngineInference.start(shop.load, { ...OPTIONS, dataFolder: shop.folder.path });
  return await work(inference, shop.folder.path);
}

const [GUILD, OTHER] = GUILDS;
const TEA = mindingWord("tea", numbersFrom(0, 60));

function figures(report: CalibrationReport): readonly [number, number] {
  return report.outcome === "too-few" ? [Number.NaN, Number.NaN] : [report.before.auroc, report.after.auroc];
}

describe("A guild's decisions and its judge", () => {
  it("never influence another guild's verdicts, nor what the bot itself may say", async () => {
    await fc.assert(
      fc.asyncProperty(fc.tuple(...GUILDS.map(() => fc.array(deed, { minLength: 1, maxLength: 6 }))), message, async (lives, asked) => {
        const [together, own] = await withWorld(async (inference) => {
          const before = await valued(inference, messageOf(asked));
          const all = await Promise.all(GUILDS.map((guild, index) => lived(inference, guild, lives[index] ?? [])));
          return [all, [before, await valued(inference, messageOf(asked))]] as const;
        });
        for (const [index, guild] of GUILDS.entries())
          expect(await withWorld((inference) => lived(inference, guild, lives[index] ?? []))).toEqual(together[index]);
        expect(own[1]).toBe(own[0]);
      }),
      { numRuns: 8 },
    );
  });
});

describe("A guild's judge", () => {
  it("learns of decisions what the model does not know, and judges what its people write from then on, and nothing else", async () => {
    await withWorld(async (inference, folder) => {
      const shares: number[] = [];
      const report = await inference.calibrate(
        { guild: GUILD, principle: CIVIL, decisions: TEA },
        { onProgress: (share) => shares.push(share) },
      );
      expect(report).toMatchObject({ outcome: "taken", decisions: TEA.length, labelled: 0 });
      const [before, after] = figures(report);
      expect(before).toBeLessThan(0.7);
      expect(after).toBeGreaterThan(0.95);
      expect(shares.at(-1)).toBe(1);
      expect(shares).toEqual(shares.toSorted((left, right) => left - right));
      const later = numbersFrom(1000, 50).map(messageOf);
      const tea = later.find((text) => has(text, "tea")) ?? "";
      const none = later.find((text) => !has(text, "tea")) ?? "";
      expect(await valued(inference, tea, GUILD)).toBeLessThan(-0.3);
      expect(await valued(inference, none, GUILD)).toBeGreaterThan(0.3);
      expect(await valued(inference, tea)).toBe(await valued(inference, tea, OTHER));
      expect(await inference.judges({ principles: [CIVIL, HARMLESS], guild: GUILD })).toMatchObject([
        { isFit: true, isOwn: true, fitness: { auroc: after, n: TEA.length }, source: "60 decisions of this server's moderators" },
        { isFit: true, isOwn: false },
      ]);
      expect(await inference.judges({ principles: [CIVIL], guild: OTHER })).toMatchObject([{ isFit: true, isOwn: false }]);
      const versions = async (guild: string) => (await inference.judges({ principles: [CIVIL], guild })).map(({ version }) => version);
      expect(await versions(GUILD)).not.toEqual(await versions(OTHER));
      // A folder of its own, in which nobody reads whose it is, nor what was written.
      const [name = ""] = readdirSync(join(folder, "guilds"));
      expect(name).toMatch(/^[0-9a-f]{32}$/);
      const [file = ""] = readdirSync(join(folder, "guilds", name));
      const kept = readFileSync(join(folder, "guilds", name, file), "utf8");
      for (const word of [GUILD, ...WORDS]) expect(kept).not.toContain(word);
    });
  });

  it("is known again after a restart, and not for another model", async () => {
    using shop = teaShop();
    const options = { ...OPTIONS, dataFolder: shop.folder.path };
    const text = messageOf(3);
    const value = await (async () => {
      await using inference = await EngineInference.start(shop.load, options);
      await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA });
      return await valued(inference, text, GUILD);
    })();
    await using again = await EngineInference.start(shop.load, options);
    expect(await valued(again, text, GUILD)).toBe(value);
    writeFileSync(join(shop.folder.path, "other.gguf"), "coffee");
    const other = async () => {
      const engine = await shop.load();
      return Object.assign(engine, { facts: { ...engine.facts, file: join(shop.folder.path, "other.gguf") } });
    };
    await using foreign = await EngineInference.start(other, options);
    expect(await foreign.judges({ principles: [CIVIL], guild: GUILD })).toMatchObject([{ isOwn: false }]);
  });

  it("says how many decisions are missing, in all and of each kind, and does nothing", async () => {
    await withWorld(async (inference, folder) => {
      const some = (approved: number, rejected: number): readonly Decision[] => [
        ...TEA.filter(({ isGood }) => isGood).slice(0, approved),
        ...TEA.filter(({ isGood }) => !isGood).slice(0, rejected),
      ];
      const missing = async (decisions: readonly Decision[]) => await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions });
      expect(await missing([])).toEqual({ outcome: "too-few", missing: 25, missingApproved: 5, missingRejected: 5 });
      expect(await missing(some(20, 2))).toEqual({ outcome: "too-few", missing: 3, missingApproved: 0, missingRejected: 3 });
      expect(await missing(some(12, 12))).toEqual({ outcome: "too-few", missing: 1, missingApproved: 0, missingRejected: 0 });
      // The same text again is no other decision.
      expect(await missing([...some(12, 12), ...some(3, 3)])).toMatchObject({ missing: 1 });
      expect(await missing(some(13, 12))).toMatchObject({ outcome: "taken" });
      expect(existsSync(join(folder, "guilds"))).toBe(true);
    });
  });

  it("needs fewer decisions where the package has labelled answers by the same principle", async () => {
    await withWorld(async (inference) => {
      const missing = async (decisions: readonly Decision[]) => await inference.calibrate({ guild: GUILD, principle: HARMLESS, decisions });
      expect(await missing([])).toEqual({ outcome: "too-few", missing: 20, missingApproved: 5, missingRejected: 5 });
      const approved = numbersFrom(0, 101).map((number) => ({ text: `${number}`, isGood: number > 0 }));
      expect(await missing(approved)).toEqual({ outcome: "too-few", missing: 4, missingApproved: 0, missingRejected: 4 });
    });
  });

  it("reads each text once, however often it is fitted", async () => {
    using shop = teaShop();
    const read: string[] = [];
    const load = async (): Promise<Engine> => {
      const engine = await shop.load();
      const own = engine.next.bind(engine);
      const next: Engine["next"] = async (queries, call) => {
        if (isReading(queries)) read.push(...queries.map(({ prefix }) => prefix.join(" ")));
        return await own(queries, call);
      };
      return Object.assign(engine, { next });
    };
    await using inference = await EngineInference.start(load, { ...OPTIONS, dataFolder: shop.folder.path });
    expect(await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA })).toMatchObject({ outcome: "taken" });
    expect(read.length).toBeGreaterThanOrEqual(TEA.length);
    expect(new Set(read).size).toBe(read.length);
  });

  it("learns of texts, too, that are too long for the model", async () => {
    await withWorld(async (inference) => {
      const long = [1, 2].map((number) => ({ text: `${messageOf(number)} `.repeat(400), isGood: !has(messageOf(number), "tea") }));
      expect(await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: [...TEA, ...long] })).toMatchObject({
        outcome: "taken",
        decisions: TEA.length + long.length,
      });
    });
  });

  it("is measured by what it did not learn of: decisions without rhyme or reason teach nothing", async () => {
    await withWorld(async (inference) => {
      const decisions = numbersFrom(0, 60).map((number) => ({ text: messageOf(number), isGood: randomAt(7, number) < 0.5 }));
      const report = await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions });
      expect(report.outcome).not.toBe("taken");
      expect(figures(report)[1]).toBeLessThan(0.7);
    });
  });

  it("is not taken where it judges no better, or would be unfit in the place of a fit one", async () => {
    await withWorld(async (inference) => {
      // What the model thinks anyway.
      const known = numbersFrom(0, 50).map((number) => ({ text: messageOf(number), isGood: has(messageOf(number), "moss") }));
      const same = await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: known });
      expect([same.outcome, figures(same)[0]]).toEqual(["no-better", 1]);
      // The contrary of it, mostly.
      const noisy = numbersFrom(0, 60).map((number) => ({
        text: messageOf(number),
        isGood: has(messageOf(number), "moss") === randomAt(90, number) < 0.35,
      }));
      const weak = await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: noisy });
      const [before, after] = figures(weak);
      expect([weak.outcome, before < after, after < 0.7]).toEqual(["weak", true, true]);
      expect(await inference.judges({ principles: [CIVIL], guild: GUILD })).toMatchObject([{ isOwn: false }]);
    });
  });

  it("takes the place of an unfit one, however it judges, and stays unfit until it is better", async () => {
    using shop = teaShop(async (...asked) => ({ ...(await letterJudge(...asked)), fitness: fitnessOf(0.5, { principle: "civil" }) }));
    await using inference = await EngineInference.start(shop.load, { ...OPTIONS, dataFolder: shop.folder.path });
    expect(await inference.judges({ principles: [CIVIL], guild: GUILD })).toMatchObject([{ isFit: false, isOwn: false }]);
    await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA });
    expect(await inference.judges({ principles: [CIVIL], guild: GUILD })).toMatchObject([{ isFit: true, isOwn: true }]);
    expect(await inference.judges({ principles: [CIVIL], guild: OTHER })).toMatchObject([{ isFit: false }]);
  });

  it("goes with its guild, also while it learns: nothing of it is kept", async () => {
    await withWorld(async (inference, folder) => {
      const text = messageOf(3);
      const before = await valued(inference, text, GUILD);
      await inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA });
      expect(await valued(inference, text, GUILD)).not.toBe(before);
      await inference.forgetGuild(GUILD);
      expect(await valued(inference, text, GUILD)).toBe(before);
      const learning = inference.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA });
      const outcome = learning.catch((error: unknown) => error);
      await inference.forgetGuild(GUILD);
      expect(await outcome).toMatchObject({ code: "away" });
      expect(readdirSync(join(folder, "guilds"))).toEqual([]);
      expect(await valued(inference, text, GUILD)).toBe(before);
    });
  });

  it("is forgotten with those of all guilds that are not known any more", async () => {
    await withWorld(async (inference, folder) => {
      for (const guild of GUILDS) await inference.calibrate({ guild, principle: CIVIL, decisions: TEA });
      const kept = new GuildJudges(folder);
      expect(await kept.keepOnly([...GUILDS, "dm:1"])).toBe(0);
      expect(await kept.keepOnly([OTHER])).toBe(2);
      expect(readdirSync(join(folder, "guilds"))).toHaveLength(1);
      expect(await new GuildJudges(join(folder, "nowhere")).keepOnly([])).toBe(0);
    });
  });

  it("learns one guild after the other, each once at a time, beside answers", async () => {
    using shop = teaShop();
    const gate = new Gate();
    let [running, most, calls] = [0, 0, 0];
    const load = async (): Promise<Engine> => {
      const engine = await shop.load();
      const own = engine.next.bind(engine);
      const next: Engine["next"] = async (...asked) => {
        if (!isReading(asked[0])) return await own(...asked);
        most = Math.max(most, ++running);
        calls++;
        if (calls > 5) await gate.opened;
        const found = await own(...asked);
        running--;
        return found;
      };
      return Object.assign(engine, { next });
    };
    await using inference = await EngineInference.start(load, { ...OPTIONS, dataFolder: shop.folder.path });
    const request = { principle: CIVIL, decisions: TEA };
    const learning = [GUILD, OTHER].map((guild) => inference.calibrate({ ...request, guild }));
    await expect(inference.calibrate({ ...request, guild: GUILD })).rejects.toMatchObject({ code: "busy" });
    while (calls < 6) await new Promise(setImmediate);
    // In the midst of learning, others are answered.
    expect(await valued(inference, messageOf(1))).not.toBeNaN();
    gate.open();
    expect((await Promise.all(learning)).map(({ outcome }) => outcome)).toEqual(["taken", "taken"]);
    expect(most).toBe(1);
    expect((await inference.calibrate({ ...request, guild: GUILD })).outcome).toBe("taken");
  });

  it("is learned no further when nobody waits for it any more, and holds nobody up", async () => {
    await withWorld(async (inference, folder) => {
      const controller = new AbortController();
      const request = { principle: CIVIL, decisions: TEA };
      const left = inference.calibrate({ ...request, guild: GUILD }, { signal: controller.signal });
      const next = inference.calibrate({ ...request, guild: OTHER });
      controller.abort(new Error("enough"));
      await expect(left).rejects.toThrow("enough");
      expect((await next).outcome).toBe("taken");
      expect(readdirSync(join(folder, "guilds"))).toHaveLength(1);
    });
  });

  it("needs a place to be kept in, and a model that is a file", async () => {
    using shop = teaShop();
    await using nowhere = await EngineInference.start(shop.load, OPTIONS);
    await expect(nowhere.calibrate({ guild: GUILD, principle: CIVIL, decisions: TEA })).rejects.toThrow("`dataFolder`");
    expect(await nowhere.judges({ principles: [CIVIL], guild: GUILD })).toMatchObject([{ isFit: true, isOwn: false }]);
  });
});

describe("A model whose judge is unfit", () => {
  const ASKED = {
    turns: [{ role: "user", text: "Hello." }],
    preset: "balanced",
    maxTokens: 8,
    temperature: 1,
    seed: 1,
    revealDiscarded: false,
  } as const;

  it("answers nothing, and says with each verdict that it does not count", async () => {
    using shop = teaShop();
    const load = async () => measuredEngine(await shop.load(), (name) => (name === "civil" ? 0.6 : 0.8)).engine;
    await using inference = await EngineInference.start(load, OPTIONS);
    await expect(inference.answer({ ...ASKED, guild: GUILD, principle: CIVIL })).rejects.toMatchObject({ code: "unfit" });
    const verdicts = await inference.judge({ turns: [{ role: "assistant", text: " I like tea" }], principles: [CIVIL, HARMLESS] });
    expect(verdicts.map(({ judge }) => judge.isFit)).toEqual([false, true]);
    expect(verdicts[0]?.judge.fitness).toEqual(fitnessOf(0.6, { principle: "civil" }));
  });

  it("is found once, whoever leaves meanwhile, and looked for again where that failed", async () => {
    using shop = teaShop();
    const gate = new Gate();
    let fails = true;
    const { engine, found } = measuredEngine(await shop.load(), 0.9, async (...asked) => {
      await gate.opened;
      asked[1].signal?.throwIfAborted();
      if (fails) throw new Error("Once");
      return await letterJudge(...asked);
    });
    await using inference = await EngineInference.start(async () => engine, OPTIONS);
    const controller = new AbortController();
    const turns = [{ role: "assistant", text: "x" }] as const;
    const [left, stays] = [controller.signal, undefined].map((signal) => inference.judge({ turns, principles: [CIVIL] }, signal));
    controller.abort(new Error("enough"));
    await expect(left).rejects.toThrow("enough");
    expect(found).toEqual(["civil"]);
    gate.open();
    await expect(stays).rejects.toThrow("Once");
    fails = false;
    expect(await valued(inference, "x")).not.toBeNaN();
  });
});
