import { mean, type Rate, wilson } from "../../statistics.ts";
import type { Model } from "../run/answers.ts";
import type { ShiftedRow, ShiftRow, TokenRow } from "./measure.ts";
import { type Pair, SHIFTS, type Shift, type ShiftOptions, shiftOf } from "./shifted-answer.ts";

/** What was measured, and how. */
export interface ShiftAbout extends ShiftOptions, Pair<ShiftModel> {
  /** The file's name. */
  readonly data: string;
  /** Rows of the data that could not be read. */
  readonly badRows: number;
}

export interface ShiftModel extends Model {
  /** Whether it is the toy that comes with the package. */
  readonly isEmbedded: boolean;
}

/** A share of some tokens, and how many they are. */
export interface TokenShare extends Rate {
  readonly count: number;
}

/** What there is to say of some places. */
export interface Shares {
  readonly tokens: number;
  readonly shares: Readonly<Record<Shift, TokenShare>>;
  /** Mean KL(aligned || base) in nats, of those that are finite; `undefined`: of none. */
  readonly kl: number | undefined;
  /** Places in which the base model rules out what the aligned one may say: left out of the mean. */
  readonly infinite: number;
}

/** Places from the `first` to the `last` of each answer, counted from 1. */
export interface PositionBin extends Shares {
  readonly first: number;
  readonly last: number;
}

/** A token, wherever it stands in the answers. */
export interface TokenShift {
  readonly token: number;
  readonly text: string;
  readonly count: number;
  /** Of these, shifted. */
  readonly shifted: number;
  readonly share: number;
  readonly meanRank: number;
}

/** All that reports say. */
export interface ShiftSummary extends Shares {
  readonly about: ShiftAbout;
  /** What a reader must know before any number. */
  readonly caveats: readonly string[];
  readonly answers: number;
  /** Prompts that could not be answered. */
  readonly failed: number;
  /** Answers that were cut at the longest length. */
  readonly cut: number;
  readonly positions: readonly PositionBin[];
  readonly mostShifted: readonly TokenShift[];
}

/** Tokens that are listed as most shifted. */
const LISTED = 50;

export function shiftSummary(about: ShiftAbout, rows: readonly ShiftRow[]): ShiftSummary {
  const answers = rows.filter((row): row is ShiftedRow => "tokens" in row);
  const tokens = answers.flatMap((row) => row.tokens);
  const counts = {
    answers: answers.length,
    failed: rows.length - answers.length,
    cut: answers.filter(({ end }) => end === "length").length,
  };
  const shares = sharesOf(tokens);
  return {
    about,
    caveats: shiftCaveats(about, { ...counts, ...shares }),
    ...counts,
    ...shares,
    positions: positionsOf(answers),
    mostShifted: mostShifted(tokens),
  };
}

function sharesOf(tokens: readonly TokenRow[]): Shares {
  const shareOf = (shift: Shift): TokenShare => {
    const count = tokens.filter(({ rank }) => shiftOf(rank) === shift).length;
    return { count, ...wilson(count, tokens.length) };
  };
  const finite = tokens.flatMap(({ kl }) => kl ?? []);
  return {
    tokens: tokens.length,
    shares: Object.fromEntries(SHIFTS.map((shift) => [shift, shareOf(shift)])) as Record<Shift, TokenShare>,
    kl: finite.length === 0 ? undefined : mean(finite),
    infinite: tokens.length - finite.length,
  };
}

/** Each bin is as long as all before it: 1, 2, 3-4, 5-8, 9-16 ... What is said first differs most, and is known best. */
function positionsOf(answers: readonly ShiftedRow[]): readonly PositionBin[] {
  const longest = answers.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const bins: PositionBin[] = [];
  for (let first = 1, last = 1; first <= longest; first = last + 1, last *= 2) {
    bins.push({ first, last: Math.min(last, longest), ...sharesOf(answers.flatMap(({ tokens }) => tokens.slice(first - 1, last))) });
  }
  return bins;
}

/** Most often shifted first; of equals the one that is shifted more of the time. */
function mostShifted(tokens: readonly TokenRow[]): readonly TokenShift[] {
  const members = new Map<number, TokenRow[]>();
  for (const one of tokens) {
    const known = members.get(one.token);
    if (known === undefined) members.set(one.token, [one]);
    else known.push(one);
  }
  const all = [...members].map(([token, group]): TokenShift => {
    const shifted = group.filter(({ rank }) => shiftOf(rank) === "shifted").length;
    const [{ text }] = group as [TokenRow];
    return { token, text, count: group.length, shifted, share: shifted / group.length, meanRank: mean(group.map(({ rank }) => rank)) };
  });
  return all
    .filter(({ shifted }) => shifted > 0)
    .toSorted((left, right) => right.shifted - left.shifted || right.share - left.share || left.token - right.token)
    .slice(0, LISTED);
}

/** Fewer answers than this say little of a model. */
const FEW = 30;

interface ShiftCounts {
  readonly answers: number;
  readonly failed: number;
  readonly cut: number;
  readonly infinite: number;
}

/** Why numbers may mean less than they seem to, or nothing: said before any of them. */
function shiftCaveats(about: ShiftAbout, counts: ShiftCounts): readonly string[] {
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

function ofAnswers({ badRows, maxTokens }: ShiftAbout, { answers, failed, cut, infinite }: ShiftCounts): readonly string[] {
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
