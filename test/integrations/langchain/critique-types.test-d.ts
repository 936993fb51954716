import type { AIMessage, AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableMap } from "@langchain/core/runnables";
import { type CritiqueResult, RainCritique, type TextJudge } from "rain-align/langchain";
import { describe, expectTypeOf, it } from "vitest";
import { answering } from "../../support/scripted-chat.ts";

const critique = new RainCritique({ model: answering("Hello.") });
const prompt = ChatPromptTemplate.fromTemplate("{question}");

describe("a critique in chains", () => {
  it("takes what models take and what they give, and gives a result", () => {
    const replacing = prompt.pipe(critique);
    const following = prompt.pipe(answering("Hello.")).pipe(critique);
    expectTypeOf(replacing.invoke).returns.resolves.toEqualTypeOf<CritiqueResult>();
    expectTypeOf(following.invoke).returns.resolves.toEqualTypeOf<CritiqueResult>();
    expectTypeOf<CritiqueResult["message"]>().toEqualTypeOf<AIMessage | AIMessageChunk>();
    expectTypeOf<{ messages: BaseMessage[] }>().toExtend<Parameters<typeof critique.invoke>[0]>();
    expectTypeOf<number>().not.toExtend<Parameters<typeof critique.invoke>[0]>();
  });

  it("is a model where a message is wanted, and keeps its type in maps", () => {
    expectTypeOf(prompt.pipe(critique.asModel()).pipe(new StringOutputParser()).invoke).returns.resolves.toBeString();
    expectTypeOf(RunnableMap.from({ one: critique }).invoke).returns.resolves.toEqualTypeOf<{ one: CritiqueResult }>();
  });
});

describe("a judge of one's own", () => {
  it("is one function from turns to a number", () => {
    expectTypeOf<{ judge: () => Promise<number> }>().toExtend<TextJudge>();
    expectTypeOf<{ judge: () => Promise<boolean> }>().not.toExtend<TextJudge>();
  });
});
