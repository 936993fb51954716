// A conversation that is remembered: each session has a history of its own, which holds judged answers only.
import { InMemoryChatMessageHistory } from "@langchain/core/chat_history";
import { ChatPromptTemplate, MessagesPlaceholder } from "@langchain/core/prompts";
import { RunnableWithMessageHistory } from "@langchain/core/runnables";
import { TRUTHFUL } from "rain-align";
import { ChatRain } from "rain-align/langchain";

await using model = new ChatRain({ model: "embedded", principle: TRUTHFUL });
const prompt = ChatPromptTemplate.fromMessages([new MessagesPlaceholder("history"), ["human", "{question}"]]);

const histories = new Map<string, InMemoryChatMessageHistory>();
const chat = new RunnableWithMessageHistory({
  runnable: prompt.pipe(model),
  getMessageHistory: (sessionId) => {
    const history = histories.get(sessionId) ?? new InMemoryChatMessageHistory();
    histories.set(sessionId, history);
    return history;
  },
  inputMessagesKey: "question",
  historyMessagesKey: "history",
});

const ann = { configurable: { sessionId: "ann" } };
for (const question of ["What does the donkey eat?", "Where does the donkey live?", "What covers the donkey?"]) {
  const { text } = await chat.invoke({ question }, ann);
  console.log(`${question} ${text}`);
}
console.log(`${(await histories.get("ann")?.getMessages())?.length} messages are remembered.`);
