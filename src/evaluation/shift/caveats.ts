import type { ShiftAbout } from "./about.ts";

/** Fewer answers than this say little of a model. */
const FEW = 30;

interface Counts {
  readonly answers: number;
  readonly failed: number;
  readonly cut: number;
  readonly infinite: number;
}

/** Why numbers may mean less than they seem to, or nothing: said before any of them. */
export function shiftCaveats(about: ShiftAbout, counts: Counts): readonly string[] {
  return [...ofModels(about), ...ofAnswers(about, counts)];
}

function ofModels({ base, aligned }: ShiftAbout): readonly string[] {
  const isSame = base.label === aligned.label && base.bytes === aligned.bytes;
  return [
    ...(base.isEmbedded || aligned.isEmbedded
      ? [
          "The embedded model is a toy that knows only its own small world: these figures show that the measurement runs, and say nothing about another model.",
        ]
      : []),
    ...(isSame ? ["Both models have the same name and size: if they are the same file, nothing can be shifted."] : []),
  ];
}

function ofAnswers({ badRows, maxTokens }: ShiftAbout, { answers, failed, cut, infinite }: Counts): readonly string[] {
  return [
    ...(badRows > 0 ? [`${badRows} rows of the data could not be read and are left out.`] : []),
    ...(failed > 0 ? [`${failed} prompts could not be answered, as a rule because they are longer than a model's context.`] : []),
    ...(cut > 0
      ? [
          `${cut} of ${answers} answers were cut (at ${maxTokens} tokens, or where a context was full): what would have followed is not counted.`,
        ]
      : []),
    ...(infinite > 0
      ? [
          `In ${infinite} places the base model rules out a token that the aligned one may say: there KL is infinite, and left out of its mean.`,
        ]
      : []),
    ...(answers < FEW
      ? [`These figures rest on ${answers} answers. The tokens of one answer are alike, so intervals are too narrow.`]
      : []),
  ];
}
