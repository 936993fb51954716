// A retriever of @langchain/community in front of the local model: it ranks documents by their words (BM25), without a store.
import { BM25Retriever } from "@langchain/community/retrievers/bm25";
import { Document } from "@langchain/core/documents";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda } from "@langchain/core/runnables";
import { TRUTHFUL } from "rain-align";
import { ChatRain } from "rain-align/langchain";

const facts = ["The owl lives in a nest.", "The pike lives in the sea.", "The cow lives in a stable.", "The moth lives in the garden."];
const retriever = BM25Retriever.fromDocuments(
  facts.map((fact) => new Document({ pageContent: fact })),
  { k: 2 },
);

await using model = new ChatRain({ model: "embedded", principle: TRUTHFUL });
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "{facts}"],
  ["human", "{question}"],
]);
const withFacts = RunnableLambda.from(async (question: string) => {
  const found = await retriever.invoke(question);
  console.log(`found: ${found.map(({ pageContent }) => pageContent).join(" ")}`);
  return { question, facts: found.map(({ pageContent }) => pageContent).join("\n") };
});

const chain = withFacts.pipe(prompt).pipe(model).pipe(new StringOutputParser());
for (const question of ["Where does the pike live?", "Where does the cow live?"]) console.log(await chain.invoke(question));
