import { describe, expect, it } from "vitest";
import { type ShiftAbout, type ShiftRow, shiftMarkdown, shiftSummary, type TokenRow } from "../../../src/evaluation/index.ts";

const ABOUT: ShiftAbout = {
  base: { label: "base.gguf", bytes: 4e6, isEmbedded: false },
  aligned: { label: "chat.gguf", bytes: 4e6, isEmbedded: false },
  data: "prompts.txt",
  badRows: 0,
  layout: "aligned",
  maxTokens: 64,
};

function token(rank: number, more: Partial<TokenRow> = {}): TokenRow {
  return { token: rank, text: `t${rank}`, rank, base: 0.5, aligned: 0.5, favourite: " the", kl: 1, ...more };
}

function answer(tokens: readonly TokenRow[], end: "stop" | "length" = "stop"): ShiftRow {
  return { key: "k", messages: [], end, tokens: [...tokens] };
}

const MANY = Array.from({ length: 30 }, () => answer([token(1)]));

describe("a summary of shifts", () => {
  it("has the share of each kind with Wilson's interval, and the mean divergence", () => {
    const summary = shiftSummary(ABOUT, [
      answer([token(1, { kl: 0 }), token(2), token(3), token(4)]),
      answer([token(1, { kl: 4 }), token(90)]),
    ]);
    expect(summary).toMatchObject({ answers: 2, tokens: 6, kl: 8 / 6, infinite: 0 });
    const { unshifted, marginal, shifted } = summary.shares;
    expect([unshifted.count, marginal.count, shifted.count]).toEqual([2, 2, 2]);
    expect(unshifted.rate).toBeCloseTo(1 / 3);
    expect(unshifted.low).toBeCloseTo(0.0968, 3);
    expect(unshifted.high).toBeCloseTo(0.7, 3);
  });

  it("has bins of positions that double, the last as long as the longest answer", () => {
    const long = answer(Array.from({ length: 11 }, (_, index) => token(index === 0 ? 9 : 1)));
    const { positions } = shiftSummary(ABOUT, [long, answer([token(1), token(1), token(2)])]);
    expect(positions.map(({ first, last, tokens }) => [first, last, tokens])).toEqual([
      [1, 1, 2],
      [2, 2, 2],
      [3, 4, 3],
      [5, 8, 4],
      [9, 11, 3],
    ]);
    expect(positions.map(({ shares }) => shares.shifted.rate)).toEqual([0.5, 0, 0, 0, 0]);
    expect(positions[2]?.shares.marginal.rate).toBeCloseTo(1 / 3);
  });

  it("lists the tokens that are most often shifted, with the share of their occurrences and their mean rank", () => {
    const the = (rank: number) => token(rank, { token: 7, text: " the" });
    const so = (rank: number) => token(rank, { token: 5, text: " so" });
    const rows = [answer([the(8), the(10), the(1), the(1)]), answer([so(6), so(4), token(1)]), answer([token(5, { token: 9 })])];
    expect(shiftSummary(ABOUT, rows).mostShifted).toMatchObject([
      { text: " so", count: 2, shifted: 2, share: 1, meanRank: 5 },
      { text: " the", count: 4, shifted: 2, share: 0.5, meanRank: 5 },
      { text: "t5", count: 1, shifted: 1 },
    ]);
  });

  it("says before any number why numbers may mean less than they seem to, and nothing where there is no reason", () => {
    const caveats = (about: Partial<ShiftAbout>, rows: readonly ShiftRow[] = MANY) => shiftSummary({ ...ABOUT, ...about }, rows).caveats;
    expect(caveats({})).toEqual([]);
    expect(caveats({ base: { ...ABOUT.base, isEmbedded: true } })[0]).toContain("The embedded model is a toy");
    expect(caveats({ aligned: ABOUT.base })[0]).toContain("the same name and size");
    expect(caveats({ badRows: 2 })[0]).toContain("2 rows of the data");
    const odd = [{ key: "k", messages: [], failure: "too long" }, answer([token(1, { kl: null })], "length")];
    expect(caveats({}, odd)).toEqual([
      expect.stringContaining("1 prompts could not be answered"),
      expect.stringContaining("1 of 1 answers were cut (at 64 tokens"),
      expect.stringContaining("In 1 places the base model rules out"),
      expect.stringContaining("These figures rest on 1 answers"),
    ]);
  });

  it("of nothing has no figures, and says so in words, not as NaN", () => {
    const summary = shiftSummary(ABOUT, [answer([])]);
    expect(summary).toMatchObject({ tokens: 0, kl: undefined, positions: [], mostShifted: [] });
    expect(shiftMarkdown(summary)).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("stands beside the paper's figures as Markdown", () => {
    expect(shiftMarkdown(shiftSummary(ABOUT, MANY))).toMatch(
      /\| unshifted \| 1 +\| 30 +\| 100\.0 % \| 88\.6 % to 100\.0 % \| 77\.7 % +\|\n\| marginal .* 14\.5 % +\|\n\| shifted .* 7\.8 % +\|/,
    );
  });
});
