/** What all forms of the report say. */
import { markdownText, percent, type ReportTable, type ReportWords } from "../report/words.ts";
import { SHIFTS, type Shift, type ShiftLayout } from "./shifted-answer.ts";
import type { Shares, ShiftSummary } from "./summary.ts";

/** How the base model ranks the token that the aligned one says. */
export const RANKS: Readonly<Record<Shift, string>> = { unshifted: "1", marginal: "2 or 3", shifted: "above 3" };

const LAYOUTS: Readonly<Record<ShiftLayout, string>> = {
  aligned: "both read the same tokens, in the aligned model's format",
  own: "each model reads its own format",
  plain: "both read the same plain lines",
};

/** What `rain shift` prints. */
export function shiftMarkdown(summary: ShiftSummary): string {
  return markdownText(shiftWords(summary));
}

export function shiftWords(summary: ShiftSummary): ReportWords {
  const { base, aligned } = summary.about;
  return {
    title: `Token distribution shift: ${visible(base.label)} to ${visible(aligned.label)}`,
    caveats: summary.caveats,
    facts: factsOf(summary),
    tables: [shareTable(summary), positionTable(summary), tokenTable(summary)],
  };
}

/** Nats, as charts and tables show them. */
export function nats(kl: number | undefined): string {
  return kl === undefined ? "-" : kl.toPrecision(3);
}

function factsOf({ about, answers, tokens, kl }: ShiftSummary): ReportWords["facts"] {
  const model = ({ label, bytes }: typeof about.base) => `${visible(label)} (${(bytes / 1e6).toFixed(1)} MB)`;
  return [
    ["base model", model(about.base)],
    ["aligned model", model(about.aligned)],
    ["data", visible(about.data)],
    ["layout", `${about.layout}: ${LAYOUTS[about.layout]}`],
    ["answers", `${answers}, greedy, at most ${about.maxTokens} tokens long`],
    ["tokens", String(tokens)],
    ["mean KL(aligned || base)", `${nats(kl)} nats`],
  ];
}

function shareTable({ shares }: ShiftSummary): ReportTable {
  return {
    title: "How many tokens are shifted",
    head: ["token", "rank", "tokens", "share", "95 % interval", PAPER.about],
    rows: SHIFTS.map((shift) => {
      const { count, rate, low, high } = shares[shift];
      return [shift, RANKS[shift], String(count), share(rate), `${share(low)} to ${share(high)}`, percent(PAPER.shares[shift])];
    }),
    note: "Rank: 1, and one more for each token that the base model finds likelier than the one that the aligned model says. Intervals are Wilson's, as if tokens were independent; those of one answer are not. The paper's figures are of other models and data, for orientation.",
  };
}

function positionTable({ positions }: ShiftSummary): ReportTable {
  return {
    title: "By position",
    head: ["position", "tokens", ...SHIFTS, "mean KL"],
    rows: positions.map(({ first, last, tokens, shares, kl }) => [
      first === last ? String(first) : `${first} to ${last}`,
      String(tokens),
      ...SHIFTS.map((shift) => share(shares[shift].rate)),
      nats(kl),
    ]),
    note: "Position: the token's number in its answer, in bins that double. KL(aligned || base): nats, over the whole vocabulary.",
  };
}

/** The others are in `shift.json`. */
const SHOWN_TOKENS = 30;

function tokenTable({ mostShifted }: ShiftSummary): ReportTable {
  return {
    title: "Most shifted tokens",
    head: ["token", "occurrences", "shifted", "share", "mean rank"],
    rows: mostShifted
      .slice(0, SHOWN_TOKENS)
      .map(({ text, count, shifted, share: part, meanRank }) => [
        quoted(text),
        String(count),
        String(shifted),
        percent(part),
        meanRank.toFixed(1),
      ]),
    note: `Those that are most often shifted, ${SHOWN_TOKENS} at most. Share: of the token's occurrences, how many are shifted.`,
  };
}

/** Of nothing there is no share. */
function share(rate: Shares["shares"][Shift]["rate"]): string {
  return Number.isNaN(rate) ? "-" : percent(rate);
}

/** From section 2 of the URIAL paper (arXiv 2312.01552), for orientation. */
const PAPER: { readonly about: string; readonly shares: Readonly<Record<Shift, number>> } = {
  about: "Llama-2-7b to its chat model (URIAL paper)",
  shares: { unshifted: 0.777, marginal: 0.145, shifted: 0.078 },
};

/**
 * A token's text on paper: line feeds and tabs as signs; what else is invisible, or turns the direction of writing, by its number, which
 * every font has.
 */
export function visible(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => SIGNS[character] ?? numbered(character.codePointAt(0) as number));
}

/** The same between quotation marks, so that spaces at its ends are seen. */
export function quoted(text: string): string {
  return `\u201C${visible(text)}\u201D`;
}

/** Control and format characters, line and paragraph separators, and what Unicode gives no meaning. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

const SIGNS: Readonly<Record<string, string>> = { "\n": "\u21B5", "\t": "\u21E5" };

function numbered(code: number): string {
  return `<U+${code.toString(16).toUpperCase().padStart(4, "0")}>`;
}
