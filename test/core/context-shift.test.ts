import fc from "fast-check";
import { answer, ContextFullError, type Engine, type FindJudge, type RainOptions, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { END, scriptedEngine } from "../support/scripted-engine.ts";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";
import { assertWithAll, Tally } from "../support/tally.ts";
import { MARKS, thinkingEngine } from "../support/thinking-world.ts";

const CONTEXT = 600;
const OK = { pieces: [], next: () => ({ [END]: 1, k: 1 }) };

/** An engine, and the turns that were read for its last answer. */
function reading(engine: Engine = scriptedEngine({ ...OK, contextSize: CONTEXT })) {
  const rendered = new Map<string, readonly Turn[]>();
  const seen: { turns: readonly Turn[]; prompts: readonly (readonly number[])[] } = { turns: [], prompts: [] };
  const { tokenizer } = engine;
  const next = engine.next.bind(engine);
  const spied = Object.assign(engine, {
    tokenizer: {
      ...tokenizer,
      render: (turns: readonly Turn[]) => {
        const prefix = tokenizer.render(turns);
        rendered.set(prefix.join(" "), turns);
        return prefix;
      },
    },
    next: async (...[queries, call]: Parameters<Engine["next"]>) => {
      const [prompt = []] = queries.map(({ prefix }) => prefix);
      if (call.purpose === "prompt")
        Object.assign(seen, { turns: rendered.get(prompt.join(" ")) ?? [], prompts: [...seen.prompts, prompt] });
      return await next(queries, call);
    },
  });
  return { engine: spied, seen };
}

async function read(turns: readonly Turn[], options: RainOptions = {}, engine?: Engine) {
  const { engine: spied, seen } = reading(engine);
  const { droppedTurns = 0 } = await answer(spied, turns, { contextShift: true, mode: "vanilla", maxTokens: 8, ...options });
  return { read: seen.turns.map(bare), droppedTurns, prompt: seen.prompts.at(-1) as readonly number[] };
}

/** A turn without what is said of the whole conversation. */
function bare({ tools: _, thinks: __, ...turn }: Turn): Turn {
  return turn;
}

const texts = fc.integer({ min: 0, max: 40 }).map((length) => "x".repeat(length));

/** A question, with what followed it: an answer, rounds of calls with their results, an answer of which the result comes later, or nothing. */
const exchanges = fc.record({
  question: texts,
  rounds: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
  isLate: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
  answer: fc.option(texts),
  system: fc.integer({ min: 0, max: 7 }).map((number) => number === 0),
});

const conversations = fc
  .record({
    system: fc.option(texts),
    greeting: fc.option(texts),
    earlier: fc.array(exchanges, { maxLength: 12 }),
    question: fc.oneof({ weight: 14, arbitrary: texts }, { weight: 1, arbitrary: fc.constant("x".repeat(CONTEXT)) }),
    rounds: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 6 }),
    begun: fc.option(texts),
  })
  .map(({ system, greeting, earlier, question, rounds, begun }): readonly Turn[] => {
    const turns: Turn[] = [];
    let [calls, late] = [0, [] as Turn[]];
    const round = (count: number): Turn[] => {
      const ids = Array.from({ length: count }, () => `${calls++}`);
      const made = ids.map((id) => ({ id, name: "look", arguments: {} }));
      return [{ role: "assistant", text: "", calls: made }, ...ids.map((callId): Turn => ({ role: "tool", text: "seen", callId }))];
    };
    if (system !== null) turns.push({ role: "system", text: system });
    if (greeting !== null) turns.push({ role: "assistant", text: greeting });
    for (const one of earlier) {
      turns.push({ role: "user", text: one.question }, ...late.splice(0), ...one.rounds.flatMap(round));
      if (one.system) turns.push({ role: "system", text: "Be brief." });
      if (one.answer !== null) turns.push({ role: "assistant", text: one.answer });
      if (one.isLate) late = round(1);
      turns.push(...late.splice(0, 1));
    }
    turns.push({ role: "user", text: question }, ...late, ...rounds.flatMap(round));
    if (begun !== null) turns.push({ role: "assistant", text: begun });
    // Each turn is told from all others.
    return turns.map((turn, index) => ({ ...turn, text: `${index} ${turn.text}` }));
  });

/** What is left where all goes that may: the system's turns, the last question, and the last call with what follows it. */
function leastOf(turns: readonly Turn[]): readonly Turn[] {
  const lastQuestion = turns.findLastIndex(({ role }) => role === "user");
  const left = turns.map((turn, start) => {
    const isPlace = start === 0 || turn.role === (start > lastQuestion ? "assistant" : "user");
    return isPlace ? turns.filter(({ role }, index) => index >= start || role === "system" || index === lastQuestion) : [];
  });
  const isWhole = (kept: readonly Turn[]) => {
    const calls = kept.flatMap((turn) => turn.calls ?? []).map(({ id }) => id);
    return kept.length > 0 && kept.every(({ role, callId = "" }) => role !== "tool" || calls.includes(callId));
  };
  return left.findLast(isWhole) as readonly Turn[];
}

const { tokenizer } = scriptedEngine(OK);

function lengthOf(turns: readonly Turn[]): number {
  return tokenizer.render(turns).length;
}

describe("A conversation that leaves no room for the answer", () => {
  it("loses its oldest exchanges, whole, and neither the system's turns nor the last question nor a call of a result that is read", async () => {
    const tally = new Tally();
    const property = fc.asyncProperty(conversations, fc.integer({ min: 1, max: 400 }), async (turns, maxTokens) => {
      const least = leastOf(turns);
      const room = CONTEXT - lengthOf(least);
      const reading = read(turns, { maxTokens });
      tally.count("too long", room < 1);
      if (room < 1) {
        await expect(reading).rejects.toThrow(ContextFullError);
        return;
      }
      const { read: kept, droppedTurns } = await reading;
      const places = kept.map((turn) => turns.findIndex(({ text }) => text === turn.text));
      const lastQuestion = turns.findLastIndex(({ role }) => role === "user");
      const dropped = turns.flatMap((_, index) => (places.includes(index) ? [] : [index]));
      const newest = Math.max(-1, ...dropped);
      tally.count("whole", dropped.length === 0);
      tally.count("dropped", dropped.length > 0);
      tally.count("calls of the last answer dropped", newest > lastQuestion);
      expect(droppedTurns).toBe(dropped.length);
      const keptFree = Math.min(maxTokens, Math.floor(room / 2));
      if (lengthOf(turns) + keptFree <= CONTEXT) expect(dropped).toEqual([]);
      expect(lengthOf(kept) + keptFree).toBeLessThanOrEqual(CONTEXT);
      // Turns as they were said, in their order.
      expect(kept).toEqual(places.map((index) => turns[index]));
      expect(places).toEqual(places.toSorted((left, right) => left - right));
      expect(places).toEqual(expect.arrayContaining([lastQuestion, turns.length - 1]));
      expect(dropped.filter((index) => turns[index]?.role === "system")).toEqual([]);
      // All that is older than what was dropped was dropped, too.
      expect(places.filter((index) => index < newest && index !== lastQuestion && turns[index]?.role !== "system")).toEqual([]);
      const first = turns.find(({ role }, index) => index > newest && role !== "system");
      if (dropped.length > 0) expect(first?.role).toBe(newest > lastQuestion ? "assistant" : "user");
      const calls = kept.flatMap((turn) => turn.calls ?? []).map(({ id }) => id);
      for (const { role, callId } of kept) if (role === "tool") expect(calls).toContain(callId);
    });
    await assertWithAll(property, tally);
  });

  it("goes on from the same turn for long: while it grows, the prompt seldom begins anew", async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 60, maxLength: 60 });
    const property = fc.asyncProperty(lengths, fc.integer({ min: 1, max: 100 }), async (said, maxTokens) => {
      const turns: Turn[] = [{ role: "system", text: "Be kind." }];
      let [anew, before] = [0, [] as readonly number[]];
      for (const [index, length] of said.entries()) {
        turns.push({ role: index % 2 === 0 ? "user" : "assistant", text: `${index}${"x".repeat(length)}` });
        if (index % 2 === 1) continue;
        const { prompt } = await read(turns, { maxTokens });
        // All that was read before but where the answer was to begin.
        const isContinued = before.slice(0, -1).every((token, place) => token === prompt[place]);
        if (!isContinued) anew++;
        before = prompt;
      }
      // Half of the context goes at once.
      expect(anew).toBeLessThanOrEqual(Math.ceil((lengthOf(turns) + maxTokens - CONTEXT) / (CONTEXT / 2)));
    });
    await fc.assert(property, { numRuns: 20 });
  });

  it.each([{ contextShift: false }, {}])("is an error with %j, which says what to do", async (options) => {
    const turns: Turn[] = Array.from({ length: 9 }, (_, index) => ({ role: index % 2 === 0 ? "user" : "assistant", text: "x".repeat(80) }));
    const { engine } = reading();
    await expect(answer(engine, turns, options)).rejects.toThrow(
      /^Expected at most 600 tokens of context, got \d+ \(.*`contextShift`.*\)$/,
    );
    expect((await read(turns)).droppedTurns).toBeGreaterThan(0);
  });

  it("is read as a whole while it fits, with the answer cut at the end of the context, where nothing is to be dropped", async () => {
    const turns: Turn[] = [{ role: "user", text: "x".repeat(CONTEXT - 30) }];
    const goOn = scriptedEngine({ pieces: [], next: () => ({ k: 1 }), contextSize: CONTEXT });
    expect(await answer(goOn, turns, { contextShift: true, mode: "vanilla", maxTokens: 90 })).toMatchObject({ finishReason: "length" });
  });

  it("leaves room for a thought, too, where the model thinks", async () => {
    const engine = () =>
      thinkingEngine({ pieces: [], goOn: () => ({ [END]: 1 }), goodness: () => 0.9, thinking: MARKS.token, contextSize: CONTEXT });
    const turns: Turn[] = Array.from({ length: 5 }, (_, index) => ({ role: index % 2 === 0 ? "user" : "assistant", text: "x".repeat(80) }));
    const droppedWith = async (options: RainOptions) => (await read(turns, options, engine())).droppedTurns;
    expect(await droppedWith({ thinkingBudget: 10 })).toBe(0);
    expect(await droppedWith({ thinkingBudget: 200 })).toBeGreaterThan(0);
    expect(await droppedWith({ thinkingBudget: 200, thoughts: "off" })).toBe(0);
  });

  it("keeps what may be called", async () => {
    const turns: Turn[] = Array.from({ length: 15 }, (_, index) => ({
      role: index % 2 === 0 ? "user" : "assistant",
      text: "x".repeat(60),
    }));
    const { engine, seen } = reading(scriptedEngine({ ...OK, next: () => ({ [END]: 1 }), contextSize: 1200 }));
    const tools = [{ name: "look", parameters: { type: "object" } }];
    const { droppedTurns } = await answer(engine, turns, { contextShift: true, mode: "vanilla", tools });
    expect(droppedTurns).toBeGreaterThan(0);
    expect(seen.turns[0]?.tools).toEqual(tools);
  });
});

describe("The judge of a long conversation", () => {
  const turns: Turn[] = Array.from({ length: 13 }, (_, index) => ({ role: index % 2 === 0 ? "user" : "assistant", text: "x".repeat(60) }));

  it("has room for the answer and its question, or the oldest exchanges are left out, for it and for the writer", async () => {
    const engine = worldEngine({ ...ROBBERY, contextSize: 1200 });
    const plain = await answer(engine, turns, { contextShift: true, mode: "vanilla", maxTokens: 24 });
    expect(plain.droppedTurns).toBeUndefined();
    const options = { contextShift: true, mode: "paper", judgeExamples: 4, maxTokens: 24, maxIterations: 4 } as const;
    const judged = await answer(engine, turns, options);
    expect(judged.droppedTurns).toBeGreaterThan(0);
    expect(judged.promptTokens).toBeLessThan(plain.promptTokens);
    await expect(answer(engine, turns, { ...options, contextShift: false })).rejects.toThrow(ContextFullError);
  });

  it("that has no room of its own is told of what there is room for", async () => {
    const heard: (readonly Turn[])[] = [];
    const find: FindJudge = () => ({
      judge: {
        conversation: (read) => read,
        longestAnswer: (read) => {
          const needed = (read as readonly Turn[]).length * 100;
          if (needed > 500) throw new ContextFullError(needed, 500);
          return 501 - needed;
        },
        prime: async (read) => void heard.push(read as readonly Turn[]),
        verdicts: async (_, answers) => answers.map(() => ({ value: 0.9, byOrder: [0.9] })),
      },
      threshold: 0,
    });
    const { droppedTurns } = await answer(worldEngine(ROBBERY), turns, { contextShift: true, judge: find, maxTokens: 24 });
    expect(droppedTurns).toBeGreaterThan(0);
    expect(heard).toEqual([turns.slice(droppedTurns)]);
    await expect(answer(worldEngine(ROBBERY), turns, { judge: find, maxTokens: 24 })).rejects.toThrow("500 tokens");
  });
});
