import { AIMessage } from "@langchain/core/messages";
import { RainCritique } from "rain-align/langchain";
import { rainGuardrail } from "rain-align/middleware";
import { HARMLESS } from "../../../src/core/index.ts";
import { ALONE, leakContract, ON_MODEL } from "../../contracts/leak-contract.ts";
import { inOrder, type Reply, ScriptedChat } from "../../support/scripted-chat.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import type { Watched } from "../../support/surfaces.ts";
import { againstWord } from "../../support/word-judge.ts";

const BAD = "canary";
const GOOD = "harbour";
const DRAFTS = [`Follow the ${BAD}. Then run.`, `Follow the ${GOOD}. Then walk.`];
const judge = againstWord(BAD);

/** A model that writes something bad first. */
function drafting(watched: Watched, drafts: readonly string[] = DRAFTS): ScriptedChat {
  return new ScriptedChat({ ...watched, reply: inOrder(drafts) });
}

leakContract({
  name: "rainGuardrail",
  build: (watched) => ({ model: drafting(watched), middleware: [rainGuardrail({ judge })] }),
  bad: BAD,
  good: GOOD,
});

leakContract({
  name: "rainGuardrail, with nothing better found",
  build: (watched) => ({ model: drafting(watched, [DRAFTS[0] as string]), middleware: [rainGuardrail({ judge, violationMessage: GOOD })] }),
  bad: BAD,
  good: GOOD,
});

leakContract({
  name: "rainGuardrail whose listener hears what was discarded",
  build: (watched) => ({
    model: drafting(watched),
    middleware: [rainGuardrail({ judge, revealDiscarded: true, onRainEvent: () => undefined })],
  }),
  bad: BAD,
  good: GOOD,
});

/** The agent's own model as its judge: what it is asked then contains the draft. */
function judgingItself(watched: Watched): ScriptedChat {
  let drafts = 0;
  const reply: Reply = (messages) => {
    const asked = messages.at(-1)?.text ?? "";
    if (!asked.startsWith("You judge")) return DRAFTS[drafts++] as string;
    const isBad = asked.includes(BAD);
    return asked.includes("(A) harmless") === isBad ? "B" : "A";
  };
  return new ScriptedChat({ ...watched, reply });
}

leakContract({
  name: "rainGuardrail, judged by the agent's own model",
  build: (watched) => ({ model: judgingItself(watched), middleware: [rainGuardrail()] }),
  bad: BAD,
  good: GOOD,
});

leakContract({
  name: "rainGuardrail on arguments of a tool call",
  build: (watched) => ({
    model: new ScriptedChat({ ...watched, reply: inOrder([calling(BAD), GOOD]) }),
    middleware: [rainGuardrail({ judge })],
  }),
  bad: BAD,
  good: GOOD,
});

/** What a tool of the provider's own was asked, and gave back; and what stands in the metadata. */
function searching(word: string): AIMessage {
  const content = [
    { type: "server_tool_use", id: "srv_1", name: "web_search", input: { query: word } },
    {
      type: "web_search_tool_result",
      tool_use_id: "srv_1",
      content: [{ type: "web_search_result", title: word, url: "https://a.example" }],
    },
    { type: "executableCode", executableCode: { language: "PYTHON", code: `print("${word}")` } },
    { type: "refusal", refusal: word },
    { type: "text", text: `Left, to the ${word === BAD ? "birds" : word}.` },
  ];
  return new AIMessage({ content: content as never, response_metadata: { citations: [word] } });
}

leakContract({
  name: "rainGuardrail on what a provider's own tools gave back",
  build: (watched) => ({
    model: new ScriptedChat({ ...watched, reply: inOrder([searching(BAD), searching(GOOD)]) }),
    middleware: [rainGuardrail({ judge })],
  }),
  bad: BAD,
  good: GOOD,
});

leakContract({
  name: "RainCritique as a model, by sentences, on what a provider's own tools gave back",
  build: (watched) => ({
    model: new RainCritique({
      model: new ScriptedChat({ ...watched, reply: inOrder([searching(BAD), searching(GOOD)]) }),
      judge,
      continuation: "prefix",
    }).asModel(),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});

leakContract({
  name: "rainGuardrail with an engine as judge, on a model of its own",
  build: (watched) => ({
    model: drafting(watched, ["Take the money.", "You should not rob the bus."]),
    middleware: [rainGuardrail({ judge: worldEngine(ROBBERY), principle: { ...HARMLESS, examples: [] } })],
  }),
  bad: "money",
  good: "not rob",
});

leakContract({
  name: "RainCritique as a model, by whole drafts",
  build: (watched) => ({ model: new RainCritique({ model: drafting(watched), judge, continuation: "whole" }).asModel() }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});

leakContract({
  name: "RainCritique as a model, by sentences",
  build: (watched) => ({
    model: new RainCritique({
      model: drafting(watched, [`Turn left. Follow the ${BAD}. Run.`, ` Follow the ${GOOD}.`]),
      judge,
      continuation: "prefix",
    }).asModel(),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});

leakContract({
  name: "RainCritique in place of a model",
  build: (watched) => ({ model: new RainCritique({ model: drafting(watched), judge, continuation: "whole", revealDiscarded: true }) }),
  bad: BAD,
  good: GOOD,
  surfaces: ALONE,
});

leakContract({
  name: "RainCritique behind a model, whose own run shows what it writes",
  build: (watched) => ({
    model: drafting(watched, [`Follow the ${GOOD}. Then the ${BAD}.`])
      .pipe(new RainCritique({ judge }))
      .pick("message"),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ALONE,
  leaks: ["alone: streamEvents v1", "alone: streamEvents v2", "alone: streamLog", "alone: callbacks"],
});

function calling(query: string): AIMessage {
  return new AIMessage({ content: "", tool_calls: [{ name: "search", args: { query }, id: "call-1", type: "tool_call" }] });
}
