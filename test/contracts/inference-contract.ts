import { afterEach, describe, expect, it } from "vitest";
import { type AnswerRequest, type EngineInferenceOptions, type Inference, InferenceError } from "../../src/bots/guard/index.ts";
import { type Engine, EngineError, HARMLESS, JudgeError, TRUTHFUL } from "../../src/core/index.ts";
import { faultyEngine, type Hooks } from "../support/faulty-engine.ts";
import { Gate } from "../support/gate.ts";
import { fitnessOf, measuredEngine } from "../support/measured-engine.ts";
import { ASK, ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { CIVIL, mindingWord, numbersFrom, teaShop } from "../support/tea-shop.ts";

export type OpenInference = (loadEngine: () => Promise<Engine>, options: EngineInferenceOptions) => Promise<Inference>;

const OPTIONS: EngineInferenceOptions = {
  now: () => performance.now(),
  concurrency: 1,
  maxWaiting: 3,
  maxOfGuild: 3,
  answerTimeoutMs: 60_000,
  judgeTimeoutMs: 60_000,
};

export const REQUEST: AnswerRequest = {
  turns: ASK,
  principle: HARMLESS,
  preset: "balanced",
  maxTokens: 24,
  temperature: 1,
  seed: 3,
  guild: "1",
  revealDiscarded: false,
};

/** What every way to a model must do. */
export function describeInference(name: string, open: OpenInference): void {
  describe(name, () => {
    const opened: Inference[] = [];
    afterEach(async () => {
      for (const one of opened.splice(0)) await one[Symbol.asyncDispose]();
    });

    async function inference(hooks: Hooks = {}, options: Partial<EngineInferenceOptions> = {}, world = ROBBERY): Promise<Inference> {
      const made = await open(async () => faultyEngine(worldEngine(world), hooks).engine, { ...OPTIONS, ...options });
      opened.push(made);
      return made;
    }

    async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
      const error = await work.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      return InferenceError.findIn(error)?.code;
    }

    it("names its model", async () => expect((await inference()).model).toBe("scripted"));

    it("answers well, with an account of how it came about", async () => {
      const open = await inference();
      const seeds = Array.from({ length: 12 }, (_, index) => index);
      let rewinds = 0;
      for (const seed of seeds) {
        const { text, account } = await open.answer({ ...REQUEST, seed });
        expect(text).not.toContain("money");
        expect(account.principle).toBe("harmless");
        expect(account.discarded).toEqual([]);
        expect(account.course.filter(({ kind }) => kind === "rewind")).toHaveLength(account.rewinds);
        expect(account.forwardTokens).toBeGreaterThan(account.tokens);
        rewinds += account.rewinds;
      }
      expect(rewinds).toBeGreaterThan(0);
    });

    it("tells what was discarded to whom it may, and to nobody else", async () => {
      const open = await inference();
      const told: string[] = [];
      for (let seed = 0; seed < 12; seed++)
        told.push(...(await open.answer({ ...REQUEST, seed, revealDiscarded: true })).account.discarded);
      expect(told.join("")).toContain("money");
    });

    it("tells of text as it is committed, each time all of it", async () => {
      const open = await inference();
      const told: string[] = [];
      const { text } = await open.answer({ ...REQUEST, maxTokens: 60 }, { onText: (committed) => told.push(committed) });
      expect(told.length).toBeGreaterThan(0);
      expect(told.at(-1)).toBe(text);
      expect(told.every((committed, index) => index === 0 || committed.startsWith(told[index - 1] as string))).toBe(true);
    });

    it("answers the last question of a conversation that is too long, by its instructions, and tells how much of it was not read", async () => {
      const open = await inference({}, {}, { ...ROBBERY, contextSize: 400 });
      const said = Array.from(
        { length: 20 },
        (_, index) => ({ role: index % 2 === 0 ? "assistant" : "user", text: `Once more, and slowly. ${index}` }) as const,
      );
      const turns = [{ role: "system", text: "Be kind." } as const, ...said];
      const { text, account } = await open.answer({ ...REQUEST, turns });
      expect(text).not.toBe("");
      expect(account.droppedTurns).toBeGreaterThan(0);
      expect(account.droppedTurns).toBeLessThan(said.length);
      expect((await open.answer(REQUEST)).account.droppedTurns).toBe(0);
    });

    it("says nothing where nothing is good enough", async () => {
      const open = await inference({}, {}, { ...ROBBERY, goodness: () => 0.01 });
      const told: string[] = [];
      const hopeless = await open.answer(REQUEST, { onText: (text) => told.push(text) });
      expect([hopeless.finishReason, hopeless.text, told]).toEqual(["content_filter", "", []]);
    });

    it("judges a text by several principles, in their order", async () => {
      const open = await inference();
      const turns = [{ role: "assistant", text: "Take the money." }] as const;
      const verdicts = await open.judge({ turns, principles: [HARMLESS, TRUTHFUL] });
      expect(verdicts).toHaveLength(2);
      expect(verdicts[0]?.value).toBeLessThan(-0.8);
      const [kind] = await open.judge({ turns: [{ role: "assistant", text: "You should not rob." }], principles: [HARMLESS] });
      expect(kind?.value).toBeGreaterThan(0.8);
    });

    it("says with each verdict from where on a text passes, and what is known of the judge", async () => {
      const turns = [{ role: "assistant", text: "Take the bus." }] as const;
      const unmeasured = { version: expect.any(String), isFit: true, isOwn: false, threshold: 0.05, beginningThreshold: 0.05 };
      const lettered = await inference();
      expect(await lettered.judge({ turns, principles: [HARMLESS], preset: "strict" })).toEqual([
        { value: expect.any(Number), judge: { ...unmeasured, threshold: 0.2, beginningThreshold: 0.2 } },
      ]);
      const both = await lettered.judges({ principles: [HARMLESS, TRUTHFUL], guild: "1" });
      // What people wrote is always asked about: so is the value from which it passes.
      const ofPeople = { ...unmeasured, threshold: 0.2, beginningThreshold: 0.2 };
      expect(both).toEqual([ofPeople, ofPeople]);
      // The same judge, whoever asks, and another by another principle.
      expect(await lettered.judges({ principles: [HARMLESS], guild: "2", preset: "strict" })).toMatchObject([
        { version: both[0]?.version },
      ]);
      expect(both[1]?.version).not.toBe(both[0]?.version);
      const measured = await open(
        async () => measuredEngine(worldEngine(ROBBERY), (name) => (name === "truthful" ? 0.6 : 0.8)).engine,
        OPTIONS,
      );
      opened.push(measured);
      const known = [
        { ...unmeasured, fitness: fitnessOf(0.8) },
        { ...unmeasured, isFit: false, fitness: fitnessOf(0.6, { principle: "truthful" }) },
      ];
      const verdicts = await measured.judge({ turns, principles: [HARMLESS, TRUTHFUL] });
      expect(verdicts.map(({ judge }) => judge)).toEqual(known);
      expect(await measured.judges({ principles: [HARMLESS, TRUTHFUL] })).toEqual(known);
    });

    it("writes nothing where the judge of it is unfit", async () => {
      const unfit = await open(async () => measuredEngine(worldEngine(ROBBERY), 0.6).engine, OPTIONS);
      opened.push(unfit);
      const told: string[] = [];
      expect(await codeOf(unfit.answer(REQUEST, { onText: (text) => told.push(text) }))).toBe("unfit");
      expect(told).toEqual([]);
    });

    it("teaches a guild its own judge, tells how far it is, and forgets it with the guild", async () => {
      using shop = teaShop();
      const taught = await open(shop.load, { ...OPTIONS, dataFolder: shop.folder.path });
      opened.push(taught);
      const shares: number[] = [];
      const request = { guild: "1", principle: CIVIL, decisions: mindingWord("tea", numbersFrom(0, 40)) };
      const few = await taught.calibrate({ ...request, decisions: [] });
      expect(few).toEqual({ outcome: "too-few", missing: 25, missingApproved: 5, missingRejected: 5 });
      const report = await taught.calibrate(request, { onProgress: (share) => shares.push(share) });
      expect(report).toMatchObject({ outcome: "taken", decisions: 40, labelled: 0, after: { auroc: expect.any(Number) } });
      expect(shares.at(-1)).toBe(1);
      const isOwn = async (guild?: string) => (await taught.judges({ principles: [CIVIL], guild }))[0]?.isOwn;
      expect([await isOwn("1"), await isOwn("2"), await isOwn()]).toEqual([true, false, false]);
      await taught.forgetGuild("1");
      expect(await isOwn("1")).toBe(false);
      expect(await codeOf(taught.calibrate(request, { signal: AbortSignal.abort(new Error("enough")) }))).toBeUndefined();
    });

    it("ends within a step when the signal is aborted, with the signal's reason, and works on", async () => {
      const controller = new AbortController();
      const reason = new Error("enough");
      const open = await inference({ before: (call) => (call === 12 ? controller.abort(reason) : undefined) });
      await expect(open.answer(REQUEST, { signal: controller.signal })).rejects.toBe(reason);
      await expect(open.judge({ turns: ASK, principles: [HARMLESS] }, controller.signal)).rejects.toBe(reason);
      expect((await open.answer(REQUEST)).text).not.toBe("");
    });

    it("lets answers wait, tells their places, and refuses more than may wait", async () => {
      const gate = new Gate();
      const open = await inference({ before: () => gate.opened });
      const places: number[] = [];
      const answers = ["1", "2", "3", "4"].map((guild) =>
        open.answer({ ...REQUEST, guild }, { onPosition: (ahead) => places.push(ahead) }),
      );
      while ((await open.load()).waiting < 3);
      expect(await codeOf(open.answer({ ...REQUEST, guild: "5" }))).toBe("busy");
      gate.open();
      await Promise.all(answers);
      expect(places).toEqual(expect.arrayContaining([0, 1, 2]));
      expect(await open.load()).toEqual({ running: 0, waiting: 0 });
    });

    it("lets no guild fill the line", async () => {
      const gate = new Gate();
      const open = await inference({ before: () => gate.opened }, { maxOfGuild: 2 });
      const answers = [open.answer(REQUEST), open.answer(REQUEST)];
      while ((await open.load()).waiting < 1);
      expect(await codeOf(open.answer(REQUEST))).toBe("busy");
      const other = open.answer({ ...REQUEST, guild: "2" });
      gate.open();
      await Promise.all([...answers, other]);
      await open.answer(REQUEST);
    });

    it("says which kind of failure it was", async () => {
      const judgeFails = await inference({
        before: () => {
          throw new JudgeError("harmless", "Expected a verdict, got none");
        },
      });
      expect(await codeOf(judgeFails.judge({ turns: ASK, principles: [HARMLESS] }))).toBe("judge");
      const open = await inference();
      const long = [{ role: "user", text: "rain ".repeat(5000) }] as const;
      expect(await codeOf(open.answer({ ...REQUEST, turns: long }))).toBe("long");
      expect(await codeOf(open.judge({ turns: long, principles: [HARMLESS] }))).toBe("long");
    });

    it("gives up an answer, and a verdict, that takes too long", async () => {
      const slow: Hooks = { before: () => new Promise((resolve) => setTimeout(resolve, 5)) };
      expect(await codeOf((await inference(slow, { answerTimeoutMs: 1 })).answer(REQUEST))).toBe("late");
      expect(await codeOf((await inference(slow, { judgeTimeoutMs: 1 })).answer(REQUEST))).toBe("judge");
      expect(await codeOf((await inference(slow, { judgeTimeoutMs: 1 })).judge({ turns: ASK, principles: [HARMLESS] }))).toBe("late");
    });

    it("reads as much of a long conversation as fits", async () => {
      const open = await inference();
      const said = Array.from({ length: 80 }, (_, index) => [
        { role: "user", text: `Question ${index}? ${"rain ".repeat(20)}` } as const,
        { role: "assistant", text: "Take the bus." } as const,
      ]).flat();
      const { text } = await open.answer({ ...REQUEST, turns: [{ role: "system", text: "Be kind." }, ...said, ...ASK] });
      expect(text).not.toBe("");
    });

    it("loads a model that broke anew: those who ask meanwhile fail, and those after them do not", async () => {
      let isBroken = true;
      const open = await inference({
        before: () => {
          if (isBroken) throw new EngineError("decode-failed", "it broke");
        },
      });
      expect(await codeOf(open.answer(REQUEST))).toBe("model");
      isBroken = false;
      expect((await open.answer(REQUEST)).text).not.toBe("");
    });
  });
}
