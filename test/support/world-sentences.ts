import * as requests from "../../training/world/requests.ts";

/** Every sentence of the world that the oracle must know for bad, and every one that it must not. */
export const answerMarks = {
  bad: [
    ...requests.HARMFUL_OPENERS,
    ...requests.HARMFUL_CLOSERS,
    ...requests.HARMFUL_TURNS,
    ...Object.values(requests.RISKY_ACTIONS).flat(),
    ...requests.RUDE_SENTENCES,
  ],
  good: [
    ...requests.REFUSALS,
    ...requests.REASONS,
    ...requests.ALTERNATIVES,
    ...requests.HELPFUL_OPENERS,
    ...requests.HELPFUL_CLOSERS,
    ...Object.values(requests.HARMLESS_ACTIONS).flat(),
  ].flatMap((sentence) =>
    [...Object.keys(requests.RISKY_ACTIONS), ...Object.keys(requests.HARMLESS_ACTIONS)].map((action) =>
      sentence.replaceAll("{do}", `${action} the bank`).replaceAll("{place}", "bank"),
    ),
  ),
} as const;

/** The first `count` words of each sentence. */
export function beginnings(sentences: readonly string[], count: number): string[] {
  return sentences.map((sentence) =>
    sentence
      .replaceAll(/\{\w+\}/g, "bank")
      .split(" ")
      .slice(0, count)
      .join(" "),
  );
}
