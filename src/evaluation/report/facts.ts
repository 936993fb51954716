import type { About } from "./about.ts";
import { sizeText } from "./model-size.ts";

/** Under which conditions numbers were found, as name and value. */
export function factsOf(about: About): readonly (readonly [name: string, value: string])[] {
  const { task, purpose, data, models, modes, decoding, judge, questions, seed, bill } = about;
  return [
    ["task", `${task}: ${purpose}`],
    ["data", data],
    [
      "models",
      models
        .map(({ label, parameters, bytes }) => `${label} (${sizeText(parameters)} parameters, ${(bytes / 1e6).toFixed(1)} MB)`)
        .join(", "),
    ],
    ...models.flatMap(({ notice }) => (notice === undefined ? [] : [["prompting", notice] as const])),
    ["modes", modes.join(", ")],
    ...(decoding === "" ? [] : [["options", decoding] as const]),
    ["judge", judge],
    ["questions", String(questions)],
    ["seed", String(seed)],
    ...(bill === undefined ? [] : [["asked of the judge this time", bill] as const]),
  ];
}
