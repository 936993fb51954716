import { RainCritique } from "../../../src/integrations/langchain/critique-exports.ts";
import { rainGuardrail } from "../../../src/middleware.ts";
import { leakContract } from "../../contracts/leak-contract.ts";
import { inOrder, ScriptedChat } from "../../support/scripted-chat.ts";
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
  name: "RainCritique as a model",
  build: (watched) => ({ model: new RainCritique({ model: drafting(watched), judge, continuation: "whole" }).asModel(), middleware: [] }),
  bad: BAD,
  good: GOOD,
  isModel: true,
});
