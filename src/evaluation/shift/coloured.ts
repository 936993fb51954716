import type { Element, ElementContent } from "hast";
import { h } from "hastscript";
import { percent } from "../report/tables.ts";
import { SHIFTS, type Shift, shiftOf } from "./place.ts";
import type { ShiftedRow, TokenRow } from "./rows.ts";
import { quoted, visible } from "./visible.ts";
import { RANKS } from "./words.ts";

/** What is shown of many answers, so that a page stays one that a browser opens. */
const SHOWN = { answers: 50, tokens: 20_000 } as const;

/** Answers whose tokens are marked by how far they are shifted; hidden until they are asked for, as they may be harmful. */
export function colouredAnswers(answers: readonly ShiftedRow[]): readonly Element[] {
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
