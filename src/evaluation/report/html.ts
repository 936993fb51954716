import type { Element, ElementContent } from "hast";
import { h } from "hastscript";
import { drawAlone, drawMark } from "../plot/figure.ts";
import { MODE_LOOKS } from "../plot/mode-looks.ts";
import { STYLE as CHART_STYLE } from "../plot/style.ts";
import { type Result, saidOf } from "../run/results.ts";
import { groupedBy } from "./cells.ts";
import { drawCaveats, drawFacts, drawTable } from "./draw.ts";
import { factsOf } from "./facts.ts";
import { type Charts, chartsOf } from "./figures.ts";
import { htmlPage } from "./page.ts";
import { PAGE_STYLE } from "./page-style.ts";
import type { Summary } from "./summary.ts";
import { tablesOf } from "./tables.ts";

export function htmlReport(summary: Summary, results: readonly Result[]): string {
  return htmlPage({
    title: `Evaluation: ${summary.about.task}`,
    style: `${PAGE_STYLE}${CHART_STYLE}`,
    body: [...bodyOf(summary), ...examplesOf(results)],
  });
}

function bodyOf(summary: Summary): ElementContent[] {
  return [
    ...drawCaveats(summary.caveats),
    drawFacts(factsOf(summary.about)),
    ...chartsOf(summary).flatMap((charts) => drawCharts(charts, summary)),
    ...tablesOf(summary).flatMap(drawTable),
  ];
}

function drawCharts({ title, note, charts }: Charts, { about }: Summary): Element[] {
  const legend = about.modes.map((mode) => h("li", [drawMark(MODE_LOOKS[mode]), ` ${mode}`]));
  return [
    h("h2", title),
    h("p", note),
    h("ul", { class: "key" }, legend),
    h(
      "div",
      { class: "charts" },
      charts.map(({ panel, description }) => drawAlone(panel, description)),
    ),
  ];
}

/** Questions whose answers are shown. */
const SHOWN = 10;

/** What was said to the first few questions, in every mode; hidden until it is asked for, as it may be harmful. */
function examplesOf(results: readonly Result[]): readonly Element[] {
  const questions = groupedBy(results, ({ given }) => JSON.stringify([given.job.question.group, given.job.question.id]));
  const shown = [...questions.values()].slice(0, SHOWN);
  return [h("h2", `Answers to the first ${shown.length} questions`), h("p", "They may be harmful."), ...shown.map(exampleOf)];
}

function exampleOf(results: readonly Result[]): Element {
  const [{ given }] = results as [Result];
  const { question } = given.job;
  const turns = question.turns.flatMap(({ role, text }) => [h("dt", role), h("dd", { dir: "auto" }, text)]);
  return h("details", [
    h("summary", { dir: "auto" }, excerpt(question.turns.at(-1)?.text ?? "")),
    h("dl", turns),
    ...results.map(answerOf),
  ]);
}

function answerOf(result: Result): Element {
  const outcomes = Object.entries(result.outcomes).map(
    ([name, outcome]) => `${name}: ${outcome === undefined ? "not judged" : outcome.toFixed(1)}`,
  );
  const head = h("p", [h("b", `${result.model}, ${result.given.job.mode}`), ` (${outcomes.join(", ")})`]);
  return h("div", { class: "answer" }, [head, h("pre", { dir: "auto" }, saidOf(result)?.text ?? "(no answer)")]);
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 120 ? `${line.slice(0, 120)} ...` : line;
}
