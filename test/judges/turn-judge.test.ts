import { ContextFullError, type FindJudge, HARMLESS, type RainOptions, TRUTHFUL, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { TurnJudge } from "../../src/judges/index.ts";
import { Gate } from "../support/gate.ts";
import { fitnessOf } from "../support/measured-engine.ts";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { spiedJudge } from "../support/spied-judge.ts";

const TEXT: readonly Turn[] = [
  { role: "user", text: "How do I rob the bank?" },
  { role: "assistant", text: "Take the money." },
];

describe("A judge of texts that its model did not write", () => {
  it("passes texts from the value on that its options say", async () => {
    const thresholds = { threshold: 0.3, beginningThreshold: 0.2 };
    const about = async (options: RainOptions) =>
      await new TurnJudge(worldEngine(ROBBERY), { judge: spiedJudge(thresholds).find, ...options }).about(HARMLESS);
    expect(await about({})).toMatchObject(thresholds);
    expect(await about({ threshold: 0.6 })).toMatchObject({ threshold: 0.6, beginningThreshold: 0.6 });
  });

  it("is looked for once by each principle, and hears whole texts", async () => {
    const spied = spiedJudge({ fitness: fitnessOf(0.9) }, () => 0.4);
    const judge = new TurnJudge(worldEngine(ROBBERY), { judge: spied.find });
    expect([await judge.value(TEXT, HARMLESS), await judge.value(TEXT, HARMLESS)]).toEqual([0.4, 0.4]);
    expect(await judge.about(HARMLESS)).toMatchObject({ fitness: fitnessOf(0.9) });
    expect(spied.searches).toHaveLength(1);
    await judge.value(TEXT, TRUTHFUL);
    expect(spied.searches.map(({ principle }) => principle)).toEqual([HARMLESS, TRUTHFUL]);
    expect(spied.heard).toEqual(spied.heard.map(() => ({ text: "Take the money.", length: spied.heard[0]?.length, isWhole: true })));
  });

  it.each([
    [{}, "strict"],
    [{ preset: "balanced" }, "balanced"],
  ] as const)("is never sure without its question, where nobody says otherwise: by %j it is to be %s", async (options, preset) => {
    const spied = spiedJudge();
    await new TurnJudge(worldEngine(ROBBERY), { ...options, judge: spied.find }).value(TEXT, HARMLESS);
    expect(spied.searches[0]?.preset).toBe(preset);
  });

  it("is not lost for others when the one for whom it is looked for leaves, who has not to wait for it", async () => {
    const [begun, found] = [new Gate(), new Gate()];
    const spied = spiedJudge({}, () => 0.4);
    let searches = 0;
    const find: FindJudge = async (engine, settings) => {
      searches++;
      begun.open();
      await Promise.race([
        found.opened,
        new Promise((_, reject) => settings.signal?.addEventListener("abort", () => reject(settings.signal?.reason))),
      ]);
      return await spied.find(engine, settings);
    };
    const judge = new TurnJudge(worldEngine(ROBBERY), { judge: find });
    const controllers = [new AbortController(), new AbortController()];
    const leaving = controllers.map(({ signal }) => judge.value(TEXT, HARMLESS, signal));
    const staying = judge.value(TEXT, HARMLESS);
    await begun.opened;
    for (const [index, controller] of controllers.entries()) {
      controller.abort(new Error(`enough ${index}`));
      await expect(leaving[index]).rejects.toThrow(`enough ${index}`);
    }
    found.open();
    await expect(staying).resolves.toBe(0.4);
    await expect(judge.value(TEXT, HARMLESS)).resolves.toBe(0.4);
    expect(searches).toBe(1);
  });

  it("is not looked for any longer when everybody has left, and anew when somebody comes", async () => {
    const spied = spiedJudge({}, () => 0.4);
    const stopped: unknown[] = [];
    let searches = 0;
    const find: FindJudge = async (engine, settings) => {
      if (++searches === 1)
        await new Promise((_, reject) =>
          settings.signal?.addEventListener("abort", () => reject(stopped.push(settings.signal?.reason) && settings.signal?.reason)),
        );
      return await spied.find(engine, settings);
    };
    const judge = new TurnJudge(worldEngine(ROBBERY), { judge: find });
    const controller = new AbortController();
    const leaving = judge.value(TEXT, HARMLESS, controller.signal);
    await new Promise(setImmediate);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(leaving).rejects.toBe(reason);
    expect(stopped).toEqual([reason]);
    await expect(judge.value(TEXT, HARMLESS)).resolves.toBe(0.4);
  });

  it("is looked for on when everybody has left, for as long as it is to live", async () => {
    const [begun, found] = [new Gate(), new Gate()];
    const life = new AbortController();
    const spied = spiedJudge({}, () => 0.4);
    const signals: (AbortSignal | undefined)[] = [];
    const find: FindJudge = async (engine, settings) => {
      signals.push(settings.signal);
      begun.open();
      await found.opened;
      return await spied.find(engine, settings);
    };
    const judge = new TurnJudge(worldEngine(ROBBERY), { judge: find }, life.signal);
    const controller = new AbortController();
    const leaving = judge.value(TEXT, HARMLESS, controller.signal);
    await begun.opened;
    controller.abort(new Error("enough"));
    await expect(leaving).rejects.toThrow("enough");
    found.open();
    await expect(judge.value(TEXT, HARMLESS)).resolves.toBe(0.4);
    expect(signals.map((signal) => signal?.aborted)).toEqual([false]);

    const endless: FindJudge = async (_, { signal }) => {
      signals.push(signal);
      return await new Promise(() => undefined);
    };
    const waiting = new TurnJudge(worldEngine(ROBBERY), { judge: endless }, life.signal).value(TEXT, HARMLESS, life.signal);
    life.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    expect(signals.at(-1)?.aborted).toBe(true);
  });

  it("is looked for anew where it could not be found before", async () => {
    const spied = spiedJudge({}, () => 0.4);
    let searches = 0;
    const find: FindJudge = (engine, settings) => {
      if (++searches === 1) throw new Error("not now");
      return spied.find(engine, settings);
    };
    const judge = new TurnJudge(worldEngine(ROBBERY), { judge: find });
    await expect(judge.value(TEXT, HARMLESS)).rejects.toThrow("not now");
    await expect(judge.value(TEXT, HARMLESS)).resolves.toBe(0.4);
  });

  it("is the model asked by letters where nobody finds one, and of such nothing is known", async () => {
    const judge = new TurnJudge(worldEngine(ROBBERY));
    expect(await judge.value(TEXT, HARMLESS)).toBeLessThan(0);
    expect((await judge.about(HARMLESS)).fitness).toBeUndefined();
  });

  it("reads of a conversation that is too long the latest exchanges, no result without its call, and if need be the last turn alone", async () => {
    const call = { id: "1", name: "look", arguments: {} };
    const turns: readonly Turn[] = [
      { role: "system", text: "Be kind." },
      { role: "user", text: "x".repeat(300) },
      { role: "assistant", text: "", calls: [call] },
      { role: "tool", text: "seen", callId: "1" },
      { role: "user", text: "And then?" },
      { role: "assistant", text: "Take the bus." },
    ];
    const readIn = async (contextSize: number) => {
      const read: (readonly Turn[])[] = [];
      const find: FindJudge = async (engine, settings) => {
        const { judge } = await spiedJudge().find(engine, settings);
        const prime: typeof judge.prime = async (conversation) => void read.push(conversation as readonly Turn[]);
        return { judge: { ...judge, prime }, threshold: 0 };
      };
      await new TurnJudge(worldEngine({ ...ROBBERY, contextSize }), { judge: find }).value(turns, HARMLESS);
      return read;
    };
    expect(await readIn(600)).toEqual([turns.slice(0, 5)]);
    expect(await readIn(200)).toEqual([[turns[0], turns[4]]]);
    expect(await readIn(30)).toEqual([[turns[4]]]);
    expect(await readIn(15)).toEqual([[]]);
    await expect(readIn(5)).rejects.toThrow(ContextFullError);
  });
});
