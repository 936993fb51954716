import { AIMessage, HumanMessage, SystemMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import type { ChatPromptValueInterface } from "@langchain/core/prompt_values";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableMap, RunnablePassthrough } from "@langchain/core/runnables";
import { RainCritique, type RainCritiqueOptions, type RainCustomEvent, RainViolationError } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { collect } from "../../support/chat-models.ts";
import { answering, ScriptedChat } from "../../support/scripted-chat.ts";
import { againstWord } from "../../support/word-judge.ts";

const judge = againstWord("canary");
const GOOD = "Turn left. Walk home.";
const BAD = "Turn left. Follow the canary.";
const ASK = [new HumanMessage("How do I get home?")];

/** A critique by whole drafts of a model that answers these one after another. */
function critiqueOf(replies: readonly (string | AIMessage | Error)[], options: RainCritiqueOptions = {}) {
  const model = answering(...replies);
  return { model, critique: new RainCritique({ model, judge, continuation: "whole", ...options }) };
}

describe("RainCritique by whole drafts", () => {
  it("gives a good first draft as it is", async () => {
    const { model, critique } = critiqueOf([GOOD]);
    const { message, ...rest } = await critique.invoke("How do I get home?");
    expect(message.text).toBe(GOOD);
    expect(rest).toEqual({ value: 0.9, rewinds: 0, accepted: true });
    expect(model.calls.map(({ messages }) => messages.map(({ text }) => text))).toEqual([["How do I get home?"]]);
  });

  it("leaves a bad draft and gives the next one, with the same question", async () => {
    const { model, critique } = critiqueOf([BAD, GOOD]);
    const { message, value, rewinds, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, value, rewinds, accepted }).toEqual({ text: GOOD, value: 0.9, rewinds: 1, accepted: true });
    expect(model.calls.map(({ messages }) => messages)).toEqual([ASK, ASK]);
  });

  it("says how the answer came about, and what all drafts cost", async () => {
    const { critique } = critiqueOf([BAD, GOOD]);
    const { message } = await critique.invoke(ASK);
    expect(message.response_metadata).toEqual({
      model: "scripted-1",
      finish_reason: "stop",
      rain: {
        ...{ mode: "critique", principle: "harmless", value: 0.9, rewinds: 1, evaluations: 2, accepted: true },
        judge: { isFit: true, threshold: 0.05 },
      },
    });
    expect(message.usage_metadata).toMatchObject({ input_tokens: 2, output_tokens: BAD.length + GOOD.length });
  });

  it("leaves a draft in which nothing is said, which no judge is asked about", async () => {
    const { critique } = critiqueOf(["", " \n", GOOD]);
    const { message } = await critique.invoke(ASK);
    expect(message.text).toBe(GOOD);
    expect(message.response_metadata["rain"]).toMatchObject({ rewinds: 2, evaluations: 1 });
    const { critique: silent } = critiqueOf(["", "", "", "", "", ""]);
    expect((await silent.invoke(ASK)).message.response_metadata).toMatchObject({ finish_reason: "content_filter" });
  });

  it("refuses when the budget is used up", async () => {
    const { model, critique } = critiqueOf([BAD, `${BAD} `, `${BAD}  `], { retries: 2, refusal: "No." });
    const { message, value, rewinds, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, value, rewinds, accepted }).toEqual({ text: "No.", value: -0.9, rewinds: 2, accepted: false });
    expect(message.response_metadata).toMatchObject({ finish_reason: "content_filter" });
    expect(model.calls).toHaveLength(3);
  });

  it("takes the best of what was found where that is wished, and says that it did not pass", async () => {
    const values = [-0.5, -0.1, -0.3];
    const byTurn = { judge: async () => values.shift() ?? 1 };
    const { critique } = critiqueOf(["One.", "Two.", "Three."], { judge: byTurn, retries: 2, onExhausted: "best" });
    const { message, value, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, value, accepted }).toEqual({ text: "Two.", value: -0.1, accepted: false });
  });

  it("throws where that is wished, without a word of what was left", async () => {
    const { critique } = critiqueOf([BAD], { retries: 1, onExhausted: "error" });
    const error: unknown = await critique.invoke(ASK).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RainViolationError);
    expect(error).toMatchObject({ stage: "output", principle: "harmless", value: -0.9, rewinds: 1 });
    expect(String(error)).not.toContain("canary");
  });

  it("judges a draft that comes again only once", async () => {
    const counting = againstWord("canary");
    const { critique } = critiqueOf([BAD], { judge: counting, retries: 3 });
    await critique.invoke(ASK);
    expect(counting.asked).toEqual([BAD]);
  });

  it("tells the model what is wanted from the second draft on, in its only system message", async () => {
    const { model, critique } = critiqueOf([BAD, GOOD], { guidance: "Harm nobody." });
    await critique.invoke([new SystemMessage("Be brief."), ...ASK]);
    const [first, second] = model.calls.map(({ messages }) => messages.map(({ text }) => text));
    expect(first).toEqual(["Be brief.", "How do I get home?"]);
    expect(second).toEqual(["Be brief.\n\nHarm nobody.", "How do I get home?"]);
  });

  it("streams an answer in one piece, as nothing of it was sure before all of it was", async () => {
    const chunks = await collect(await critiqueOf([BAD, GOOD]).critique.stream(ASK));
    expect(chunks.map((chunk) => chunk.message?.text)).toEqual([GOOD, undefined]);
    expect(chunks.at(-1)).toEqual({ value: 0.9, rewinds: 1, accepted: true });
  });
});

describe("RainCritique by sentences", () => {
  const PREFIX = { continuation: "prefix" } as const;

  it("keeps the good sentences, and lets the model go on behind them", async () => {
    const { model, critique } = critiqueOf([`${BAD} Run.`, " Walk home."], PREFIX);
    const { message, rewinds, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, rewinds, accepted }).toEqual({ text: GOOD, rewinds: 1, accepted: true });
    expect(model.calls[1]?.messages.map(({ type, text }) => [type, text])).toEqual([
      ["human", "How do I get home?"],
      ["ai", "Turn left."],
    ]);
  });

  it("judges each sentence with all that was said before it", async () => {
    const counting = againstWord("canary");
    await critiqueOf(["One. Two. Three."], { ...PREFIX, judge: counting }).critique.invoke(ASK);
    expect(counting.asked).toEqual(["One. ", "One. Two. ", "One. Two. Three."]);
  });

  it("streams each sentence as soon as it is accepted", async () => {
    const chunks = await collect(await critiqueOf([BAD, "Walk home. Sleep."], PREFIX).critique.stream(ASK));
    expect(chunks.map((chunk) => chunk.message?.text)).toEqual(["Turn left. ", "Walk home. ", "Sleep.", undefined]);
  });

  it("stops a draft at the first sentence that is bad", async () => {
    const counting = againstWord("canary");
    await critiqueOf([`${BAD} More. And more. And more.`, "Walk home."], { ...PREFIX, judge: counting }).critique.invoke(ASK);
    expect(counting.asked).toEqual(["Turn left. ", `${BAD} `, "Turn left. Walk home."]);
  });

  it("ends with what was released when nothing better is found, and glues no sentence to it", async () => {
    const { critique } = critiqueOf([BAD, "Follow the canary."], { ...PREFIX, retries: 2 });
    const { message, accepted } = await critique.invoke(ASK);
    expect({ text: message.text, accepted }).toEqual({ text: "Turn left. ", accepted: false });
    expect(message.response_metadata).toMatchObject({ finish_reason: "content_filter" });
  });

  it("goes on behind the best of what was found, still judged, where that is wished", async () => {
    const { critique, model } = critiqueOf(["A canary. Then home. A canary again. The end."], {
      ...PREFIX,
      retries: 0,
      onExhausted: "best",
    });
    const { message, value, accepted } = await critique.invoke(ASK);
    expect(message.text).toBe("A canary. Then home. A canary again. The end.");
    expect({ value, accepted }).toEqual({ value: -0.9, accepted: false });
    expect(model.calls).toHaveLength(1);
  });

  it("waits for the end where half an answer cannot be judged", async () => {
    const counting = againstWord("canary");
    const principle = { name: "true", question: "Is it true?", good: "true", bad: "false", examples: [], horizon: "end" } as const;
    await critiqueOf(["One. Two."], { ...PREFIX, judge: counting, principle }).critique.invoke(ASK);
    expect(counting.asked).toEqual(["One. Two."]);
  });
});

describe("How a model is found to continue a prefix", () => {
  /** A model that goes on from the assistant's words, or begins anew, and is asked to spell. */
  function spelling(continues: boolean): ScriptedChat {
    return new ScriptedChat({
      reply: (messages) => {
        const last = messages.at(-1);
        if (last?.text === "A B C") return continues ? " D E F" : "A B C D E F";
        return last?.type === "ai" ? "Walk home." : BAD;
      },
    });
  }

  it("is asked once, and goes by sentences where it does", async () => {
    const model = spelling(true);
    const critique = new RainCritique({ model, judge });
    await critique.invoke(ASK);
    expect((await critique.invoke(ASK)).message.text).toBe(GOOD);
    expect(model.calls.filter(({ messages }) => messages.at(-1)?.text === "A B C")).toHaveLength(1);
  });

  it.each([
    ["begins anew", spelling(false)],
    ["refuses such a conversation", new ScriptedChat({ reply: (messages) => (messages.at(-1)?.type === "ai" ? new Error("400") : GOOD) })],
  ])("goes by whole drafts where it %s", async (_how, model) => {
    const chunks = await collect(await new RainCritique({ model, judge, retries: 0, refusal: GOOD }).stream(ASK));
    expect(chunks.map((chunk) => chunk.message?.text)).toEqual([GOOD, undefined]);
  });
});

describe("RainCritique on drafts of others", () => {
  const alone = new RainCritique({ judge });

  it("judges a message of the model before it, and cuts it short at what is bad", async () => {
    const chain = answering(`${BAD} Run.`).pipe(alone);
    const { message, rewinds, accepted } = await chain.invoke(ASK);
    expect({ text: message.text, rewinds, accepted }).toEqual({ text: "Turn left. ", rewinds: 0, accepted: false });
  });

  it("streams accepted sentences of a draft while it is still being written", async () => {
    const chunks = await collect(await answering("One. Two. A canary. Three.").pipe(alone).stream(ASK));
    expect(chunks.map((chunk) => chunk.message?.text)).toEqual(["One. ", "Two. ", "", undefined]);
    expect(chunks.at(-1)).toEqual({ value: -0.9, rewinds: 0, accepted: false });
  });

  it("writes a draft again when it is told what was asked", async () => {
    const { critique } = critiqueOf([GOOD]);
    const prompt = ChatPromptTemplate.fromTemplate("How do I get to {place}?");
    const chain = prompt
      .pipe(RunnableMap.from({ messages: new RunnablePassthrough<ChatPromptValueInterface>(), draft: answering(BAD) }))
      .pipe(critique);
    expect((await chain.invoke({ place: "the harbour" })).message.text).toBe(GOOD);
  });

  it("takes the last message of a conversation for a draft if it is the assistant's", async () => {
    const { critique, model } = critiqueOf([GOOD]);
    const { message, rewinds } = await critique.invoke({ messages: [...ASK, new AIMessage(BAD)] });
    expect({ text: message.text, rewinds }).toEqual({ text: GOOD, rewinds: 1 });
    expect(model.calls[0]?.messages).toEqual(ASK);
  });

  it("takes a draft as text too", async () => {
    expect((await alone.invoke({ messages: "Hello?", draft: "Hello." })).message.text).toBe("Hello.");
  });
});

describe("RainCritique in chains", () => {
  const prompt = ChatPromptTemplate.fromMessages([["human", "How do I get to {place}?"]]);

  it("stands in place of a model", async () => {
    const { critique } = critiqueOf([BAD, GOOD]);
    const chain = prompt.pipe(critique.asModel()).pipe(new StringOutputParser());
    expect(await chain.invoke({ place: "the harbour" })).toBe(GOOD);
  });

  it("wraps any model that it is given", async () => {
    const model = new RainCritique({ judge, continuation: "whole" }).wrap(answering(BAD, GOOD));
    expect((await model.invoke(ASK)).text).toBe(GOOD);
  });

  it("gives the message alone to who picks it, also as a stream", async () => {
    const { critique } = critiqueOf(["One. Two."], { continuation: "prefix" });
    const texts = (await collect(await prompt.pipe(critique).pick("message").stream({ place: "x" }))).map(({ text }) => text);
    expect(texts).toEqual(["One. ", "Two."]);
  });

  it("runs beside others", async () => {
    const both = RunnableMap.from({ first: critiqueOf([BAD, GOOD]).critique, second: critiqueOf([GOOD]).critique });
    const { first, second } = await both.invoke("How?");
    expect([first.rewinds, second.rewinds]).toEqual([1, 0]);
  });

  it("falls back when nothing passes and that is an error", async () => {
    const strict = critiqueOf([BAD], { retries: 0, onExhausted: "error" }).critique;
    const chain = strict.withFallbacks([critiqueOf([GOOD]).critique]);
    expect((await chain.invoke(ASK)).message.text).toBe(GOOD);
  });

  it("is tried again when the model fails", async () => {
    const { critique, model } = critiqueOf([new Error("Server busy"), GOOD]);
    expect((await critique.withRetry({ stopAfterAttempt: 2 }).invoke(ASK)).message.text).toBe(GOOD);
    expect(model.calls).toHaveLength(2);
  });

  it("answers a batch, each by itself", async () => {
    const model = new ScriptedChat({ reply: (messages) => `You asked for ${messages[0]?.text}.` });
    const critique = new RainCritique({ model, judge, continuation: "whole" }).withConfig({ tags: ["mine"] });
    const results = await critique.batch(["one", "two", "the canary"], { maxConcurrency: 2 });
    expect(results.map(({ message, accepted }) => [message.text, accepted])).toEqual([
      ["You asked for one.", true],
      ["You asked for two.", true],
      ["I am sorry, but I cannot help with that.", false],
    ]);
  });

  it("keeps tags and names of its run", async () => {
    const runs: unknown[] = [];
    const { critique } = critiqueOf([GOOD]);
    const handler = { handleChainStart: (...[, , , , tags, , , name]: unknown[]) => void runs.push({ tags, name }) };
    await critique.withConfig({ tags: ["mine"], runName: "careful" }).invoke(ASK, { callbacks: [handler] });
    expect(runs).toEqual([{ tags: ["mine"], name: "careful" }]);
  });
});

describe("What RainCritique tells of its work", () => {
  it("is every rewind and commit, to the listener and to callbacks, without discarded text", async () => {
    const heard: RainCustomEvent[] = [];
    const dispatched: unknown[] = [];
    const { critique } = critiqueOf([BAD, GOOD], { onRainEvent: (event) => heard.push(event) });
    const handler = { handleCustomEvent: (name: string, data: unknown) => void dispatched.push([name, data]) };
    await critique.invoke(ASK, { callbacks: [handler] });
    expect(heard).toEqual([
      { type: "rewind", rewinds: 1, value: -0.9 },
      { type: "commit", text: GOOD, value: 0.9 },
    ]);
    expect(dispatched).toEqual(heard.map((event) => ["rain", event]));
  });

  it("is what was left too, for who asks for it", async () => {
    const heard: RainCustomEvent[] = [];
    const { critique } = critiqueOf([BAD, GOOD], { onRainEvent: (event) => heard.push(event), revealDiscarded: true });
    await critique.invoke(ASK);
    expect(heard[0]).toEqual({ type: "rewind", rewinds: 1, value: -0.9, discarded: BAD });
  });

  it("is that nothing was accepted", async () => {
    const heard: RainCustomEvent[] = [];
    await critiqueOf([BAD], { retries: 0, onRainEvent: (event) => heard.push(event) }).critique.invoke(ASK);
    expect(heard).toEqual([{ type: "violation", stage: "output", value: -0.9 }]);
  });

  it("is nothing to callbacks but its own run, unless drafts are traced: then child runs, marked for no stream to show", async () => {
    const started: unknown[] = [];
    const handler = {
      handleChatModelStart: (...[, , , parent, , tags, metadata]: unknown[]) => void started.push({ parent, tags, metadata }),
    };
    await critiqueOf([BAD, GOOD]).critique.invoke(ASK, { callbacks: [handler] });
    expect(started).toEqual([]);
    await critiqueOf([BAD, GOOD], { drafts: "traced" }).critique.invoke(ASK, { callbacks: [handler] });
    const traced = { parent: expect.any(String), tags: ["nostream"], metadata: expect.objectContaining({ lc_source: "rain" }) };
    expect(started).toEqual([traced, traced]);
  });
});
