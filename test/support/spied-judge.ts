import type { AnswerJudge, FindJudge, FoundJudge, Settings, Token, Turn } from "../../src/core/index.ts";

/** What a judge was asked about one answer. */
export interface Heard {
  readonly text: string;
  readonly length: number;
  readonly isWhole: boolean;
}

/** A judge that was handed over, and all that was asked of it. */
export interface SpiedJudge {
  readonly find: FindJudge;
  /** Settings with which it was looked for. */
  readonly searches: readonly Settings[];
  /** Its methods, as they were called. */
  readonly calls: readonly (keyof AnswerJudge)[];
  readonly heard: readonly Heard[];
}

/** A judge by a function of the text, of which this is known. */
export function spiedJudge(found: Partial<FoundJudge> = {}, judged: (heard: Heard) => number = () => 0.9): SpiedJudge {
  const [searches, calls, heard]: [Settings[], (keyof AnswerJudge)[], Heard[]] = [[], [], []];
  const find: FindJudge = (engine, settings) => {
    searches.push(settings);
    const judge: AnswerJudge<readonly Turn[]> = {
      conversation: (turns) => {
        calls.push("conversation");
        return turns;
      },
      longestAnswer: (turns) => {
        calls.push("longestAnswer");
        return engine.facts.contextSize - engine.tokenizer.render(turns).length;
      },
      prime: async () => {
        calls.push("prime");
      },
      verdicts: async (_turns, answers, call, isWhole = []) => {
        calls.push("verdicts");
        call.meter.evaluations += answers.length;
        return answers.map((answer: readonly Token[], index) => {
          const one = { text: engine.tokenizer.detokenize(answer), length: answer.length, isWhole: isWhole[index] === true };
          heard.push(one);
          const value = judged(one);
          return { value, byOrder: [value] };
        });
      },
    };
    return { judge: judge as AnswerJudge, threshold: 0, ...found };
  };
  return { find, searches, calls, heard };
}
