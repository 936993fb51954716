import type { Guard } from "../guarded.ts";
import type { Inference } from "../inference.ts";
import { judgeMessage } from "../moderate.ts";

/** Where a guild wants it, a question that its principles speak against is not answered. */
export function judgedQuestions(inference: Inference): Guard {
  return async (incoming, next) => {
    const { settings, signal, said } = incoming;
    if (!settings.talk.judgeQuestions) return await next(incoming);
    const { against } = await judgeMessage(inference, { text: said.at(-1)?.text ?? "", settings, signal });
    if (against.length > 0) return { kind: "refuse", reason: "question", line: settings.talk.refusal };
    return await next(incoming);
  };
}
