import type { Element, ElementContent } from "hast";
import { h } from "hastscript";
import { evenTicks, percentAxis, powersUpTo } from "../report/chart.ts";
import { type ChartGroup, hiddenAnswer, htmlPage, reportBody } from "../report/page.ts";
import { percent } from "../report/words.ts";
import type { ShiftedRow, ShiftRow, TokenRow } from "./measure.ts";
import { SHIFTS, type Shift, shiftOf } from "./shifted-answer.ts";
import type { PositionBin, ShiftSummary } from "./summary.ts";
import { nats, quoted, RANKS, shiftWords, visible } from "./words.ts";

/** Each kind of token differs in colour and in its line. What is known of a token stands at the foot of the window while it is focused. */
const STYLE = `
.tone-2 { color: light-dark(#0a5ad4, #6cb0ff); }
.tone-3 { color: light-dark(#bc4c00, #f0883e); }
.answer { white-space: pre-wrap; overflow-wrap: anywhere; padding: 8px; border-left: 3px solid GrayText; line-height: 1.9; }
.token { unicode-bidi: isolate; }
.marginal, .shifted { text-underline-offset: 3px; border-radius: 3px; }
.marginal { background: rgb(10 90 212 / 16%); text-decoration: underline dotted 2px; }
.shifted { background: rgb(188 76 0 / 30%); text-decoration: underline solid 3px; }
.token:focus { outline: 2px solid; }
.token:focus::after { content: attr(title); position: fixed; inset: auto 0 0 0; padding: 12px; background: Canvas; color: CanvasText;
  border-top: 2px solid; line-height: 1.4; overflow-wrap: anywhere; }
`;

/**
 * The report as one page that needs nothing else.
 *
 * @param date on which it was measured, as people read it
 */
export function shiftPage(summary: ShiftSummary, rows: readonly ShiftRow[], date: string): string {
  const words = shiftWords(summary);
  const answers = rows.filter((row): row is ShiftedRow => "tokens" in row);
  return htmlPage({
    title: words.title,
    style: STYLE,
    body: [...reportBody({ ...words, facts: [...words.facts, ["date", date]] }, positionCharts(summary)), ...colouredAnswers(answers)],
  });
}

/** A divergence of nothing would have no axis. */
const LEAST_NATS = 0.01;

/** What is shifted, and how far, along the answers; no chart where nothing was said. */
function positionCharts({ positions }: ShiftSummary): readonly ChartGroup[] {
  const last = positions.at(-1)?.last ?? 1;
  // From about here on every second power has room for its number.
  const x = { label: "position in the answer (log)", ticks: powersUpTo(last, last > 64 ? 4 : 2), isLog: true };
  const series = SHIFTS.map((shift) => ({
    name: shift,
    points: positions.map((bin) => ({ x: middleOf(bin), y: bin.shares[shift].rate, ...bin.shares[shift] })),
  }));
  const divergences = positions.flatMap((bin) => (bin.kl === undefined ? [] : [{ x: middleOf(bin), y: bin.kl }]));
  const y = { label: "mean KL, nats", ticks: evenTicks(Math.max(LEAST_NATS, ...divergences.map((point) => point.y))) };
  const shares = positions.map(
    (bin) => `${placesOf(bin)}: ${SHIFTS.map((shift) => `${percent(bin.shares[shift].rate)} ${shift}`).join(", ")}`,
  );
  const means = positions.map((bin) => `${placesOf(bin)}: ${nats(bin.kl)}`);
  const ofShares = {
    title: "Shares",
    description: `Shares by position. ${shares.join("; ")}.`,
    x,
    y: percentAxis("share of the tokens"),
    series,
  };
  const ofDivergences = {
    title: "KL(aligned || base)",
    description: `Mean KL by position, in nats. ${means.join("; ")}.`,
    x,
    y,
    series: [{ name: "KL", points: divergences }],
  };
  return [
    {
      title: "Along the answers",
      note: "Each mark stands for a bin of positions, with its 95 % interval; the bins double.",
      legend: SHIFTS,
      charts: positions.length === 0 ? [] : [ofShares],
    },
    {
      title: "Divergence along the answers",
      note: "The mean of the same bins.",
      legend: [],
      charts: positions.length === 0 ? [] : [ofDivergences],
    },
  ];
}

/** On an axis of factors. */
function middleOf({ first, last }: PositionBin): number {
  return Math.sqrt(first * last);
}

function placesOf({ first, last }: PositionBin): string {
  return first === last ? `token ${first}` : `tokens ${first} to ${last}`;
}

/** What is shown of many answers, so that a page stays one that a browser opens. */
const SHOWN = { answers: 50, tokens: 20_000 } as const;

/** Answers whose tokens are marked by how far they are shifted; hidden until they are asked for, as they may be harmful. */
function colouredAnswers(answers: readonly ShiftedRow[]): readonly Element[] {
  const shown = shownOf(answers);
  const some = shown.length === answers.length ? "" : ` The first ${shown.length} of ${answers.length}; all are in shift.jsonl.`;
  const how = "Point at a token, tap it, or go to it by the keyboard, and both models' figures are shown. The answers may be harmful.";
  return [h("h2", "Answers"), h("p", `${how}${some}`), legend(), ...shown.map(colouredAnswer)];
}

function shownOf(answers: readonly ShiftedRow[]): readonly ShiftedRow[] {
  let tokens = 0;
  const past = answers.findIndex((answer) => {
    tokens += answer.tokens.length;
    return tokens > SHOWN.tokens;
  });
  return answers.slice(0, Math.min(SHOWN.answers, past < 0 ? answers.length : Math.max(1, past)));
}

function legend(): Element {
  return h(
    "ul",
    { class: "key" },
    SHIFTS.map((shift) => h("li", [h("span", { class: shift }, shift), ` (rank ${RANKS[shift]})`])),
  );
}

function colouredAnswer({ messages, tokens, end }: ShiftedRow): Element {
  const before = messages.slice(0, -1);
  return hiddenAnswer(
    visible(before.at(-1)?.content ?? ""),
    before.map(({ role, content }) => [role, content] as const),
    [h("p", { class: "answer", dir: "auto" }, tokens.map(colouredToken)), h("p", `${countsOf(tokens)}${end === "length" ? "; cut" : ""}.`)],
  );
}

/**
 * The keyboard goes from one shifted token to the next. The others are as expected: they can be pointed at and tapped, and are read as text.
 */
function colouredToken(row: TokenRow): Element {
  const shift = shiftOf(row.rank);
  const about = aboutOf(row, shift);
  const reach = shift === "unshifted" ? { tabindex: -1 } : { tabindex: 0, role: "note", "aria-label": about };
  return h("span", { class: `token ${shift}`, title: about, ...reach }, onPage(row.text));
}

/** Line feeds break the line behind their sign. */
function onPage(text: string): ElementContent[] {
  return text
    .split(/(?<=\n)/)
    .flatMap((line) => [{ type: "text" as const, value: visible(line) }, ...(line.endsWith("\n") ? [h("br")] : [])]);
}

function aboutOf({ text, rank, base, aligned, favourite, kl }: TokenRow, shift: Shift): string {
  const found = `base ${chance(base)}, aligned ${chance(aligned)}`;
  return `${quoted(text)}: ${shift}, rank ${rank}; ${found}; the base model's favourite is ${quoted(favourite)}; KL ${kl === null ? "infinite" : kl.toPrecision(3)}`;
}

/** A share of a hundred, or, where that would read as 0.0, its power of ten. */
function chance(probability: number): string {
  return probability > 0 && probability < 0.0005 ? `${(100 * probability).toExponential(0)} %` : percent(probability);
}

function countsOf(tokens: readonly TokenRow[]): string {
  const counts = SHIFTS.map((shift) => `${tokens.filter(({ rank }) => shiftOf(rank) === shift).length} ${shift}`);
  return `${tokens.length} tokens: ${counts.join(", ")}`;
}
