/** What built-in patterns show of a draft that they reject. If one of them stops leaking, its table in the docs is out of date. */
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { type AnyAgentMiddleware, createMiddleware, piiMiddleware } from "langchain";
import { rainGuardrail } from "rain-align/middleware";
import { leakContract } from "../../contracts/leak-contract.ts";
import { inOrder, ScriptedChat } from "../../support/scripted-chat.ts";
import type { Build } from "../../support/surfaces.ts";
import { againstWord } from "../../support/word-judge.ts";

const BAD = "canary";
const GOOD = "harbour";
const DRAFTS = [`Follow the ${BAD}. Then run.`, `Follow the ${GOOD}. Then walk.`];
const judge = againstWord(BAD);

/** Without a cache: there, a second draft would be the first one again. */
function build(middleware: () => AnyAgentMiddleware, drafts: readonly string[] = DRAFTS): Build {
  return ({ callbacks }) => ({ model: new ScriptedChat({ callbacks, reply: inOrder(drafts) }), middleware: [middleware()] });
}

/** Where streams and callbacks show what a model writes while it writes it. */
const LIVE = ["stream messages", "streamEvents v1", "streamEvents v2", "streamEvents v3", "streamLog", "callbacks"] as const;
const STATE = ["stream values", "stream updates", "stream debug", "checkpoints"] as const;

function sorry(id: string | undefined): AIMessage {
  return new AIMessage({ content: GOOD, ...(id === undefined ? {} : { id }) });
}

leakContract({
  name: "afterModel that replaces the answer",
  build: build(() => createMiddleware({ name: "replace", afterModel: ({ messages }) => ({ messages: [sorry(messages.at(-1)?.id)] }) })),
  bad: BAD,
  good: GOOD,
  leaks: [...LIVE, ...STATE, "the model's callbacks"],
});

leakContract({
  name: "afterModel that ends the run",
  build: build(() =>
    createMiddleware({
      name: "end",
      afterModel: { canJumpTo: ["end"], hook: () => ({ jumpTo: "end", messages: [sorry(undefined)] }) },
    }),
  ),
  bad: BAD,
  good: GOOD,
  leaks: ["invoke", ...LIVE, ...STATE, "the model's callbacks"],
});

leakContract({
  name: "a loop in wrapModelCall",
  build: build(() =>
    createMiddleware({
      name: "again",
      wrapModelCall: async (request, handler) => {
        const first = await handler(request);
        return first.text.includes(BAD) ? await handler(request) : first;
      },
    }),
  ),
  bad: BAD,
  good: GOOD,
  leaks: [...LIVE, "the model's callbacks"],
});

leakContract({
  name: "piiMiddleware on the output",
  build: build(() => piiMiddleware("email", { applyToOutput: true }) as AnyAgentMiddleware, ["Write to canary@example.com."]),
  bad: "canary@example.com",
  good: "REDACTED",
  leaks: [...LIVE, ...STATE, "the model's callbacks"],
});

leakContract({
  name: "a judge in a hook, untagged",
  build: (watched) => ({
    model: new ScriptedChat({ ...watched, reply: inOrder([GOOD]) }),
    middleware: [
      createMiddleware({
        name: "judge",
        afterModel: async () => {
          await new ScriptedChat({ reply: inOrder([BAD]) }).invoke([new HumanMessage("Is it?")]);
        },
      }),
    ],
  }),
  bad: BAD,
  good: GOOD,
  leaks: LIVE,
});

leakContract({
  name: "rainGuardrail with traced drafts",
  build: build(() => rainGuardrail({ judge, drafts: "traced" })),
  bad: BAD,
  good: GOOD,
  leaks: ["streamEvents v1", "streamEvents v2", "streamLog", "callbacks", "the model's callbacks"],
});

leakContract({
  name: "a cache, which holds every draft of the model behind it",
  build: (watched) => ({ model: new ScriptedChat({ ...watched, reply: inOrder(DRAFTS) }) }),
  bad: BAD,
  good: BAD,
  leaks: ["invoke", ...LIVE, ...STATE, "the model's callbacks", "cache"],
});
