import {
  answer,
  type Engine,
  generate,
  HARMLESS,
  Meter,
  OptionError,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { END, type ScriptedThinking } from "../support/scripted-engine.ts";
import { ASK } from "../support/scripted-world.ts";
import { MARKS, says, thinkingEngine } from "../support/thinking-world.ts";

const PIECES = [" Let", " me", " see", " Take", " the", " bus", " money", "."];

/** ... and its special tokens, in the order in which they are looked for. */
const SAID = [...PIECES, ...MARKS.token.specials, ...MARKS.channel.specials];

interface Saying {
  /** What the model writes behind its prompt. */
  readonly text: string;
  readonly thinking?: ScriptedThinking;
  readonly contextSize?: number;
}

function saying({ text, thinking = MARKS.token, ...rest }: Saying): Engine {
  return thinkingEngine({ pieces: PIECES, goOn: says(text, SAID), goodness: () => 0.9, thinking, ...rest });
}

async function written(engine: Engine, options: RainOptions = {}) {
  const steps: RainStep[] = [];
  const events: RainEvent[] = [];
  const answering = rain(engine, ASK, { ...options, onEvent: (event) => events.push(event) });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { steps, events, whole: next.value };
}

describe("A model that thinks before it answers", () => {
  it.each(Object.keys(MARKS) as (keyof typeof MARKS)[])("has its thought apart and hidden, with marks that are: %s", async (kind) => {
    const { open, close, ...marks } = MARKS[kind] as ScriptedThinking;
    const text = `${open} Let me see.${close}${marks.lead ?? ""} Take the bus.`;
    for (const mode of ["adaptive", "paper", "vanilla", "best-of-n"] as const) {
      const { steps, whole } = await written(saying({ text, thinking: MARKS[kind] }), { mode });
      expect(steps.map((step) => step.text).join("")).toBe("Take the bus.");
      expect(whole).toMatchObject({ text: "Take the bus.", finishReason: "stop" });
      expect([...steps, whole].some((said) => "thought" in said)).toBe(false);
      expect(whole.meter.emitted).toBe(5);
      expect(whole.meter.thoughtTokens).toBeGreaterThan(4);
    }
  });

  it("may find itself inside a thought that its template has opened", async () => {
    const thinking = { ...MARKS.token, asked: "<think>\n" };
    const { text } = await answer(saying({ text: "<think>\n Let me see.</think> Take the bus.", thinking }), ASK);
    expect(text).toBe("Take the bus.");
  });

  it("need not think at all", async () => {
    const { whole } = await written(saying({ text: " Take the bus." }));
    expect(whole).toMatchObject({ text: "Take the bus.", meter: { thoughtTokens: 0, emitted: 5 } });
    const channel = await written(saying({ text: `${MARKS.channel.header} Take the bus.`, thinking: MARKS.channel }));
    expect(channel.whole.text).toBe("Take the bus.");
  });

  it("draws thought and answer token for token as plain decoding would", async () => {
    const goOn = (said: string) => {
      if (said === "") return { "<think>": 1 };
      if (/ (see|bus|money)$/.test(said)) return { ".": 2, " the": 1 };
      if (said.endsWith(".")) return said.includes("</think>") ? { [END]: 1, " Take": 1 } : { "</think>": 1, " Let": 1 };
      return { " see": 2, " bus": 1, " money": 1 };
    };
    for (let seed = 1; seed <= 20; seed++) {
      const world = { pieces: PIECES, goOn, goodness: () => 0.9, thinking: MARKS.token };
      const plain: number[] = [];
      const engine = thinkingEngine(world);
      const call = { purpose: "draft", meter: new Meter() } as const;
      const sampling = { temperature: 1, topK: 40, topP: 0.95, seed };
      for await (const { token } of generate(engine, { prefix: engine.tokenizer.render(ASK), sampling, maxTokens: 200 }, call))
        plain.push(token);
      const { steps, whole } = await written(thinkingEngine(world), { seed, thinkingBudget: 500 });
      const tokens = steps.flatMap((step) => step.tokens);
      expect(plain.slice(-tokens.length)).toEqual(tokens);
      expect(whole.meter.thoughtTokens).toBe(plain.length - tokens.length);
      expect(whole.cost.fpe).toBeGreaterThanOrEqual(1);
    }
  });

  it("has a thought closed at its budget, at the end of its context, or where it ends without a mark; the answer follows", async () => {
    const endless = (contextSize?: number) =>
      thinkingEngine({
        pieces: PIECES,
        goOn: (said) =>
          said.includes("</think>")
            ? says(" Take the bus.", SAID)(said.slice(said.indexOf("</think>") + 8))
            : said === ""
              ? { "<think>": 1 }
              : { " see": 1 },
        goodness: () => 0.9,
        thinking: MARKS.token,
        ...(contextSize === undefined ? {} : { contextSize }),
      });
    for (const thinkingBudget of [0, 1, 7]) {
      const { whole } = await written(endless(), { thinkingBudget });
      expect(whole).toMatchObject({ text: "Take the bus.", finishReason: "stop", meter: { thoughtTokens: Math.max(1, thinkingBudget) } });
    }
    const { whole } = await written(endless(200), { thinkingBudget: 5000, maxTokens: 1000, judgeExamples: 0 });
    expect(whole.text).toBe("Take the bus.");
    const ended = thinkingEngine({
      pieces: PIECES,
      goOn: (said) =>
        said.includes("</think>")
          ? says(" Take the bus.", SAID)(said.slice(said.indexOf("</think>") + 8))
          : says("<think> Let me", SAID)(said),
      goodness: () => 0.9,
      thinking: MARKS.token,
    });
    expect((await answer(ended, ASK)).text).toBe("Take the bus.");
  });

  it("may think again and again: all of it is hidden, and a thought inside an answer ends it", async () => {
    const twice = "<think> Let me.</think><think> see</think></think> Take the bus.";
    expect((await answer(saying({ text: twice }), ASK)).text).toBe("Take the bus.");
    const late = await answer(saying({ text: " Take the bus.<think> Let me see</think> money" }), ASK);
    expect(late).toMatchObject({ text: "Take the bus.", finishReason: "stop" });
  });

  it("may write of marks: what is no token of its own neither opens nor closes a thought of a model that has such tokens", async () => {
    const thinking = { ...MARKS.token, asked: "<think>" };
    const engine = thinkingEngine({
      pieces: [...PIECES, " </", "think", ">"],
      goOn: says("<think> Let </think> see</think> Take the bus.", [...SAID, " </", "think", ">"]),
      goodness: () => 0.9,
      thinking,
    });
    expect(await answer(engine, ASK)).toMatchObject({ text: "Take the bus." });
  });

  it("knows no stop strings while it thinks", async () => {
    const { whole } = await written(saying({ text: "<think> Let me see.</think> Take the bus. money" }), { stop: ["."] });
    expect(whole.text).toBe("Take the bus");
  });

  it("writes a format behind its thought", async () => {
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false };
    const engine = saying({ text: '<think> Let me see.</think>{"a": 1}' });
    const whole = await answer(engine, ASK, { format: { type: "json", schema } });
    expect(JSON.parse(whole.text)).toEqual({ a: 1 });
    expect(whole.meter.thoughtTokens).toBeGreaterThan(0);
  });

  it("calls tools behind its thought", async () => {
    const parameters = { type: "object", properties: { a: { type: "integer" } }, required: ["a"], additionalProperties: false };
    const engine = saying({ text: '<think> Let me see.</think> [{"name": "go", "arguments": {"a": 1}}]' });
    const whole = await answer(engine, ASK, { tools: [{ name: "go", parameters }], parallelCalls: false });
    expect(whole).toMatchObject({ text: "", finishReason: "tool_calls", calls: [{ name: "go", arguments: { a: 1 } }] });
    expect(whole.meter.thoughtTokens).toBeGreaterThan(0);
  });
});

describe("The option `thoughts`", () => {
  it("`judged` judges a thought whole as its own text, and releases it in front of the answer", async () => {
    const engine = saying({ text: "<think> Let me see.</think> Take the bus." });
    const { steps, events, whole } = await written(engine, { thoughts: "judged" });
    expect(steps[0]).toMatchObject({ thought: "Let me see.", text: "", tokens: [], value: expect.closeTo(0.8) });
    expect(steps.slice(1).some((step) => "thought" in step)).toBe(false);
    expect(whole).toMatchObject({ thought: "Let me see.", text: "Take the bus." });
    expect(events[0]).toMatchObject({ type: "commit", step: { thought: "Let me see." } });
  });

  it("`judged` lets a flagged thought be thought anew, and never shows one that did not pass", async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { whole, steps, events } = await written(wavering(), { thoughts: "judged", seed });
      expect(JSON.stringify([steps, events, whole.thought])).not.toContain("money");
      expect(whole.text).toBe("Take the bus.");
      const never = await written(wavering(1), { thoughts: "judged", seed, revealDiscarded: false });
      expect(JSON.stringify([never.steps, never.events])).not.toContain("money");
      expect(never.whole).toMatchObject({ text: "Take the bus." });
      expect("thought" in never.whole).toBe(false);
      expect(never.whole.rewinds).toBeGreaterThan(1);
    }
    const told = await written(wavering(1), { thoughts: "judged", revealDiscarded: true });
    expect(told.events[0]).toMatchObject({ type: "rewind", committed: 0, discarded: "Let me money." });
  });

  it("shows no thought where nobody judges", async () => {
    const engine = saying({ text: "<think> Let me see.</think> Take the bus." });
    const { steps } = await written(engine, { thoughts: "judged", mode: "vanilla" });
    expect(steps.some((step) => "thought" in step)).toBe(false);
  });

  it("`off` asks the template not to think, and closes a thought that begins all the same", async () => {
    const heard = { ...MARKS.token, asked: "<think>", quiet: "<think></think>" };
    const obedient = thinkingEngine({
      pieces: PIECES,
      goOn: says("<think></think> Take the bus.", SAID),
      goodness: () => 0.9,
      thinking: heard,
    });
    expect(await answer(obedient, ASK, { thoughts: "off" })).toMatchObject({ text: "Take the bus.", meter: { thoughtTokens: 0 } });
    const deaf = { ...MARKS.token, asked: "<think>", quiet: "<think>" };
    const opened = thinkingEngine({
      pieces: PIECES,
      goOn: says("<think></think> Take the bus.", SAID),
      goodness: () => 0.9,
      thinking: deaf,
    });
    expect((await answer(opened, ASK, { thoughts: "off" })).text).toBe("Take the bus.");
    const stubborn = thinkingEngine({
      pieces: PIECES,
      goOn: says("<think></think> Take the bus.", SAID),
      goodness: () => 0.9,
      thinking: MARKS.token,
    });
    expect(await answer(stubborn, ASK, { thoughts: "off" })).toMatchObject({ text: "Take the bus.", meter: { thoughtTokens: 1 } });
  });
});

describe("A flag in an answer to a thought", () => {
  /** After one thought only bad answers follow, after the other only good ones. */
  const engine = () =>
    thinkingEngine({
      pieces: PIECES,
      goOn: (said) => {
        if (said === "") return { "<think>": 1 };
        if (said === "<think>") return { " Let": 3, " see": 1 };
        if (!said.includes("</think>")) return { "</think>": 1 };
        const behind = said.slice(said.indexOf("</think>") + 8);
        return says(said.includes(" Let") ? " Take the money." : " Take the bus.", SAID)(behind);
      },
      goodness: (text) => (text.includes("money") ? 0.02 : 0.9),
      thinking: MARKS.token,
    });

  it("lets the model think anew where no answer to the thought passes, within the budget of searches", async () => {
    let thoughtAnew = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { whole, steps, events } = await written(engine(), { seed, searchBudget: 2000, retries: 3, onExhausted: "error" }).catch(
        (error) => {
          expect(String(error)).toMatch(/judged 0.05 or better by "harmless", got -0.9/);
          return { whole: undefined, steps: [], events: [] };
        },
      );
      expect(JSON.stringify(steps)).not.toContain("money");
      if (whole === undefined) continue;
      expect(whole).toMatchObject({ text: "Take the bus.", finishReason: "stop" });
      const rewinds = events.filter(({ type }) => type === "rewind").length;
      expect(whole.rewinds).toBeGreaterThanOrEqual(rewinds);
      thoughtAnew += Number(rewinds > 0);
    }
    expect(thoughtAnew).toBeGreaterThan(2);
  });

  it("refuses in the end, and does not think anew without a budget", async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const { whole } = await written(engine(), { seed, searchBudget: 0 });
      if (whole.finishReason === "content_filter")
        expect(whole).toMatchObject({ text: "I am sorry, but I cannot help with that.", rewinds: 1 });
      else expect(whole.text).toBe("Take the bus.");
    }
  });
});

describe("Earlier turns", () => {
  const engine = () => saying({ text: " Take the bus." });

  it("are read without their thoughts", async () => {
    const bare = [...ASK, { role: "assistant", text: "Take it." }, { role: "user", text: "And?" }] as const;
    const thoughtful = [
      ...ASK,
      { role: "assistant", text: "<think>\nLet me see.\n</think>\n\nTake it." },
      { role: "user", text: "And?" },
    ] as const;
    expect(await answer(engine(), thoughtful)).toMatchObject({ promptTokens: (await answer(engine(), bare)).promptTokens });
  });

  it("keep what people say of marks, and what an answer quotes", async () => {
    const length = async (text: string, role: "user" | "assistant") => {
      const turns = role === "user" ? [{ role, text }] : [...ASK, { role, text }, { role: "user" as const, text: "And?" }];
      return (await answer(engine(), turns as never)).promptTokens;
    };
    expect(await length("<think>a</think> b <think>", "user")).toBeGreaterThan(await length("b <think>", "user"));
    expect(await length("It is <think>a</think> b", "assistant")).toBeGreaterThan(await length("It is b", "assistant"));
  });

  it("may not end inside a thought, if the last one is to be continued", () => {
    const turns = [...ASK, { role: "assistant", text: "<think> Let" }] as const;
    const asked = answer(engine(), turns);
    return Promise.all([
      expect(asked).rejects.toThrow(OptionError),
      expect(asked).rejects.toThrow(
        "Expected `turns[1].text` to be an answer, and not the beginning of a thought (leave `<think>` out: the model thinks by itself), got",
      ),
    ]);
  });
});

it("The judge reads behind the very prefix that the answer is written behind, thought included", async () => {
  const text = `<think>${" Let me see.".repeat(40)}</think> Take the bus.`;
  const { meter } = await answer(saying({ text }), ASK, { principle: HARMLESS, judging: "in-place" });
  // The question alone: not one token of the thought a second time.
  expect(meter.spent.evaluate.tokens).toBeLessThan(60);
  expect(meter.spent.prompt.tokens).toBeLessThan(60);
});

/** Thinks of money half of the time; with `share` 1, always. */
function wavering(share = 0.5): Engine {
  const goOn = (said: string) => {
    if (said === "") return { "<think>": 1 };
    const behind = said.split("</think>")[1];
    if (behind !== undefined) return says(" Take the bus.", SAID)(behind);
    if (said.endsWith(" me")) return { " money": share, " see": 1 - share };
    if (said.endsWith(".")) return { "</think>": 1 };
    return says(
      said.includes("money") ? "<think> Let me money." : said.includes("see") ? "<think> Let me see." : "<think> Let me",
      PIECES,
    )(said);
  };
  return thinkingEngine({ pieces: PIECES, goOn, goodness: (text) => (text.includes("money") ? 0.02 : 0.9), thinking: MARKS.token });
}
