import { answeredAtOnce, JudgeError, type Prefix, type Principle, type Token, type Turn } from "../../core/index.ts";
import type { Place, PlaceContext } from "./place.ts";

/** Behind a question as the next turn of the conversation, in the model's own chat format. The answer stays in the cache. */
export const nextTurn: Place = {
  name: "turn",
  description: "behind a question as the next turn",
  open: (turns, prompt, context) => {
    const tail = behindQuestion(yesNoQuestion(context.principle), turns, context);
    return { prefixOf: (answer) => [...prompt, ...answer, ...tail], questionTokens: tail.length, readsAgain: false };
  },
};

/** What a person would ask. */
export function yesNoQuestion({ good, question }: Principle): string {
  return question.startsWith("Is ") ? `${question} Reply with Yes or No.` : `Is the answer ${good}? Reply with Yes or No.`;
}

/**
 * All that stands between an answer and the reply to the question: the end of the answer's turn, the question, and the beginning of a turn. It is the same
 * behind any answer, so it is found behind a short one.
 */
export function behindQuestion(question: string, turns: readonly Turn[], { engine, principle, settings }: PlaceContext): readonly Token[] {
  // A model that is prompted by examples has no chat format: it reads the question as it reads the conversation, in plain lines.
  if (!engine.facts.hasChatTemplate || settings.prompting === "urial") return engine.tokenizer.tokenize(`\nUser: ${question}\nAssistant:`);
  const before = turns.at(-1)?.role === "assistant" ? turns.slice(0, -1) : turns;
  const answered = [...before, { role: "assistant", text: STAND_IN } as const];
  const open = engine.tokenizer.render(answered);
  const asked = engine.tokenizer.render(answeredAtOnce([...answered, { role: "user", text: question }], engine));
  const end = endOfAnswer(asked, open, engine);
  if (end === undefined)
    throw new JudgeError(
      principle.name,
      "Expected the chat template to leave an answer as it is when the next turn comes, got another text",
    );
  return asked.slice(end);
}

/** Templates of models that think write an answer without its thought, be it empty, as soon as another turn follows. */
function endOfAnswer(asked: Prefix, open: Prefix, { facts, tokenizer }: PlaceContext["engine"]): number | undefined {
  if (startsWith(asked, open)) return open.length;
  if (facts.thinking === undefined) return undefined;
  const said = open.slice(-tokenizer.tokenize(STAND_IN).length);
  const parting = open.findIndex((token, index) => token !== asked[index]);
  const isSaidAt = (start: number) => said.every((token, index) => token === asked[start + index]);
  const start = asked.findIndex((_, index) => index + said.length >= parting && isSaidAt(index));
  return start < 0 ? undefined : start + said.length;
}

const STAND_IN = "Yes.";

function startsWith(whole: Prefix, start: Prefix): boolean {
  return start.every((token, index) => token === whole[index]);
}
