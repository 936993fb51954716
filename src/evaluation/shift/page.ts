import type { Element, ElementContent } from "hast";
import { h } from "hastscript";
import { type Axis, evenTicks, linearAxis, logAxis } from "../plot/axis.ts";
import { drawAlone, drawMark } from "../plot/figure.ts";
import type { Panel } from "../plot/panel.ts";
import type { Look } from "../plot/series.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import { drawCaveats, drawFacts, drawTable } from "../report/draw.ts";
import { htmlPage } from "../report/page.ts";
import { PAGE_STYLE } from "../report/page-style.ts";
import { percent } from "../report/tables.ts";
import { SHIFTS, type Shift, shiftOf } from "./place.ts";
import type { ShiftedRow, ShiftRow, TokenRow } from "./rows.ts";
import type { PositionBin, ShiftSummary } from "./summary.ts";
import { quoted, visible } from "./visible.ts";
import { nats, RANKS, shiftWords } from "./words.ts";

/** Each kind of token differs in colour and in its line. What is known of a token stands at the foot of the window while it is focused. */
const STYLE = `
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
  const { title, caveats, facts, tables } = shiftWords(summary);
  const answers = rows.filter((row): row is ShiftedRow => "tokens" in row);
  return htmlPage({
    title,
    style: `${PAGE_STYLE}${CHART_STYLE}${STYLE}`,
    body: [
      ...drawCaveats(caveats),
      drawFacts([...facts, ["date", date]]),
      ...drawCharts(summary),
      ...tables.flatMap(drawTable),
      ...colouredAnswers(answers),
    ],
  });
}

function drawCharts(summary: ShiftSummary): readonly ElementContent[] {
  const charts = shiftCharts(summary);
  if (charts.length === 0) return [];
  const legend = SHIFTS.map((shift) => h("li", [drawMark(SHIFT_LOOKS[shift]), ` ${shift}`]));
  return [
    h("h2", "Along the answers"),
    h("p", "Each mark stands for a bin of positions, with its 95 % interval; the bins double."),
    h("ul", { class: "key" }, legend),
    h(
      "div",
      { class: "charts" },
      charts.map(({ panel, description }) => drawAlone(panel, description)),
    ),
  ];
}

/** How each kind of token looks in a chart. */
const SHIFT_LOOKS: Readonly<Record<Shift, Look>> = {
  unshifted: { tone: 4, shape: "circle" },
  marginal: { tone: 3, shape: "square", isHollow: true },
  shifted: { tone: 2, shape: "diamond" },
};

/** A chart, and what it says for those who do not see it. */
interface Chart {
  readonly panel: Panel;
  readonly description: string;
}

const PERCENT = linearAxis(
  "share of the tokens",
  [0, 25, 50, 75, 100].map((value) => ({ value, text: `${value} %` })),
);

/** What is shifted, and how far, along the answers; none where nothing was said. */
function shiftCharts({ positions }: ShiftSummary): readonly Chart[] {
  if (positions.length === 0) return [];
  const x = positionAxis(positions);
  return [shareChart(positions, x), divergenceChart(positions, x)];
}

function shareChart(positions: readonly PositionBin[], x: Axis): Chart {
  const series = SHIFTS.map((shift) => ({
    name: shift,
    look: SHIFT_LOOKS[shift],
    points: positions.map((bin) => {
      const { rate, low, high } = bin.shares[shift];
      return { x: middleOf(bin), y: 100 * rate, low: 100 * low, high: 100 * high };
    }),
  }));
  const said = positions.map(
    (bin) => `${placesOf(bin)}: ${SHIFTS.map((shift) => `${percent(bin.shares[shift].rate)} ${shift}`).join(", ")}`,
  );
  return { panel: { title: "Shares", x, y: PERCENT, series }, description: `Shares by position. ${said.join("; ")}.` };
}

/** A divergence of nothing would have no axis. */
const LEAST_NATS = 0.01;

function divergenceChart(positions: readonly PositionBin[], x: Axis): Chart {
  const known = positions.flatMap((bin) => (bin.kl === undefined ? [] : [{ x: middleOf(bin), y: bin.kl }]));
  const y = linearAxis("mean KL, nats", evenTicks(Math.max(LEAST_NATS, ...known.map((point) => point.y))));
  const said = positions.map((bin) => `${placesOf(bin)}: ${nats(bin.kl)}`);
  const panel = { title: "KL(aligned || base)", x, y, series: [{ name: "KL", look: SHIFT_LOOKS.shifted, points: known }] };
  return { panel, description: `Mean KL by position, in nats. ${said.join("; ")}.` };
}

function positionAxis(positions: readonly PositionBin[]): Axis {
  const last = positions.at(-1)?.last ?? 1;
  // From about here on every second power has room for its number.
  const step = last > 64 ? 4 : 2;
  const powers = Array.from({ length: Math.floor(Math.log(last) / Math.log(step)) + 1 }, (_, power) => step ** power);
  return logAxis(
    "position in the answer (log)",
    powers.map((value) => ({ value, text: String(value) })),
    positions.map(middleOf),
  );
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
  const asked = visible(before.at(-1)?.content ?? "");
  const turns = before.flatMap(({ role, content }) => [h("dt", role), h("dd", { dir: "auto" }, content)]);
  return h("details", [
    h("summary", { dir: "auto" }, asked.length > 120 ? `${asked.slice(0, 120)} ...` : asked),
    h("dl", turns),
    h("p", { class: "answer", dir: "auto" }, tokens.map(colouredToken)),
    h("p", `${countsOf(tokens)}${end === "length" ? "; cut" : ""}.`),
  ]);
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

/** A share of a hundred, or what is less than anybody can see. */
function chance(probability: number): string {
  return probability > 0 && probability < 0.0005 ? `${(100 * probability).toExponential(0)} %` : percent(probability);
}

function countsOf(tokens: readonly TokenRow[]): string {
  const counts = SHIFTS.map((shift) => `${tokens.filter(({ rank }) => shiftOf(rank) === shift).length} ${shift}`);
  return `${tokens.length} tokens: ${counts.join(", ")}`;
}
