import type { Guard } from "../guarded.ts";
import type { Inference } from "../inference.ts";
import { InferenceError } from "../inference-error.ts";
import { judgeMessage } from "../moderate.ts";

/** Where a guild wants it, a question that its principles speak against is not answered. */
export function judgedQuestions(inference: Inference): Guard {
  return async (incoming, next) => {
    const { guild, settings, signal, said } = incoming;
    if (!settings.talk.judgeQuestions) return await next(incoming);
    const { against, unfit } = await judgeMessage(inference, { guild, text: said.at(-1)?.text ?? "", settings, signal });
    const [first] = unfit;
    if (first !== undefined) throw new InferenceError("unfit", `Expected a fit judge by "${first.principle}", got one that is unfit`);
    if (against.length > 0) return { kind: "refuse", reason: "question", line: settings.talk.refusal };
    return await next(incoming);
  };
}
