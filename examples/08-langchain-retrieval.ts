// Answers from documents: a splitter, a store in memory, a retriever, and the local model, judged for truth.
import { MemoryVectorStore } from "@langchain/classic/vectorstores/memory";
import { Embeddings } from "@langchain/core/embeddings";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnableLambda, RunnablePassthrough } from "@langchain/core/runnables";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { embedText, TRUTHFUL } from "rain-align";
import { ChatRain } from "rain-align/langchain";

/** Texts in nearly the same words are close: enough here, and needs no download. */
class WordEmbeddings extends Embeddings {
  embedQuery = async (text: string) => [...embedText(text)];
  embedDocuments = async (texts: string[]) => Promise.all(texts.map(this.embedQuery));
}

const BOOK = `The bear lives in the forest. The bear eats meat. The bear is covered with fur.

The robin lives in a nest. The robin eats seeds. The robin has two legs.

The bee lives in the garden. The bee eats leaves. The bee has six legs.`;

const splitter = new RecursiveCharacterTextSplitter({ chunkSize: 80, chunkOverlap: 0 });
const store = new MemoryVectorStore(new WordEmbeddings({}));
await store.addDocuments(await splitter.createDocuments([BOOK]));

const notes = store.asRetriever(1).pipe(RunnableLambda.from((found) => found.map(({ pageContent }) => pageContent).join("\n")));
const prompt = ChatPromptTemplate.fromMessages([
  ["system", "{notes}"],
  ["human", "{question}"],
]);

await using model = new ChatRain({ model: "embedded", principle: TRUTHFUL });
const chain = RunnablePassthrough.assign({ notes: RunnableLambda.from(({ question }: { question: string }) => notes.invoke(question)) })
  .pipe(prompt)
  .pipe(model)
  .pipe(new StringOutputParser());

for (const question of ["What does the bear eat?", "How many legs does the bee have?"]) {
  console.log(`${question} ${await chain.invoke({ question })}`);
}
