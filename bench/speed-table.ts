import { cpus } from "node:os";
import type { LlamaEngine } from "rain-align/llama";
import { gpuInWords } from "./gpu.ts";
import type { Row } from "./row.ts";

/** What `bench:speed` says of one model. */
export interface Report {
  readonly model: string;
  readonly cpu: string;
  /** The card and how many layers it computes; `false`: the CPU alone. */
  readonly gpu: string | false;
  /** Of the engine, for single tokens and for batches; and of the plain decoding that it is compared with. */
  readonly threads: LlamaEngine["facts"]["threads"] & { readonly plain: number };
  readonly rows: readonly Row[];
}

export function placeOf({ facts }: LlamaEngine, plainThreads: number): Omit<Report, "rows"> {
  return {
    model: facts.model,
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? "unknown"}`,
    gpu: gpuInWords(facts),
    threads: { ...facts.threads, plain: plainThreads },
  };
}

const HEAD = ["what", "pairs", "ratio", "95 % interval", "p95", "FPE", "SPE", "EPE", "waste", "held back", "first release", "identical"];

/** The report of `--growth` in Markdown: its counts. What a single pair took is no figure to show. */
export function growthTable({ model, rows }: Report): string {
  const cells = rows.map(({ name, fpe, heldBack }) => [name, fpe.toFixed(3), heldBack.toFixed(1)]);
  return [`${model}, nothing flagged`, "", ...markdown(["what", "FPE", "held back"], cells), ""].join("\n");
}

/** The report in Markdown. A row says in a note what its ratio compares. */
export function speedTable({ model, cpu, gpu, threads, rows }: Report): string {
  const { decode, batch, plain } = threads;
  const place = `${model}; CPU ${cpu}; GPU ${gpu === false ? "none" : gpu}; threads: ${decode} for single tokens, ${batch} for batches, ${plain} for plain decoding`;
  const notes = [...new Set(rows.map(({ compares }) => compares))];
  const lines = markdown(
    HEAD,
    rows.map((row) => cellsOf(row, notes)),
  );
  return [place, "", ...lines, "", ...notes.map((note, index) => `(${index + 1}) ${note}`), ""].join("\n");
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

function cellsOf(row: Row, notes: readonly string[]): string[] {
  const { low, high, p95, fpe, spe, epe, waste, heldBack, firstRelease, firstReleaseTokens, identical } = row;
  return [
    `${row.name} (${notes.indexOf(row.compares) + 1})`,
    String(row.pairs),
    row.ratio.toFixed(2),
    `${low.toFixed(2)} - ${high.toFixed(2)}`,
    ...[p95, fpe, spe, epe, waste].map((figure) => figure.toFixed(2)),
    heldBack.toFixed(1),
    firstRelease === undefined ? "" : `${firstRelease.toFixed(1)} (${firstReleaseTokens} tokens)`,
    identical === undefined ? "" : `${(100 * identical).toFixed(0)} %`,
  ];
}
