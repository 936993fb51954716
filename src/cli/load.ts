/** Loads what writes and what judges, and says on standard error what a person should know of both. */
import {
  checkOptions,
  type Engine,
  type FindJudge,
  type Fitness,
  type FoundJudge,
  isFit,
  type RainOptions,
  UNFIT_BELOW,
  unfitNotice,
} from "../core/index.ts";
import { ASKED_NAME, BEHIND_EXAMPLES, IN_PLACE, judgeBy } from "../judges/index.ts";
import { type DownloadProgress, type LlamaEngine, type LlamaEngineOptions, loadLlamaEngine, type SharedEngineOptions } from "../llama.ts";
import { promptingNotice, withPrompting } from "../prompting/index.ts";
import { connectEngine, type RemoteEngine } from "../remote.ts";
import type { EngineWish } from "./options.ts";
import { note, ShareLine, warn } from "./terminal.ts";

/** How models are loaded. */
export interface Loading {
  readonly signal: AbortSignal;
  readonly isQuiet: boolean;
}

/** What a command writes with. */
export type LoadedEngine = LlamaEngine | RemoteEngine;

/** Loads a model, or connects to a server that has loaded it; tells how a download or the fit of a judge is coming along. */
export async function loadEngine({ options, ...loading }: Loading & { readonly options: EngineWish }): Promise<LoadedEngine> {
  if (!("url" in options)) return await loadModel({ options, ...loading });
  return await telling(loading, (told) => connectEngine({ ...options, ...told }));
}

/** The same of a model that is loaded here. */
export async function loadModel({ options, ...loading }: Loading & { readonly options: LlamaEngineOptions }): Promise<LlamaEngine> {
  return await telling(loading, (told) => loadLlamaEngine({ ...options, ...told }));
}

/** What a loading is told, and what it tells. */
type Telling = Pick<SharedEngineOptions, "hub" | "signal" | "onNotice" | "onDownload" | "onJudge">;

async function telling<Loaded>({ signal, isQuiet }: Loading, load: (told: Telling) => Promise<Loaded>): Promise<Loaded> {
  // As llama.cpp's own programs and Hugging Face's are told of a mirror.
  const hub = process.env["MODEL_ENDPOINT"] || process.env["HF_ENDPOINT"] || undefined;
  if (isQuiet) return await load({ hub, signal });
  const download = new DownloadLine();
  const fit = new ShareLine(FIT);
  const onJudge = (share: number) => fit.show(share);
  try {
    return await load({ hub, signal, onNotice: note, onDownload: (progress) => download.show(progress), onJudge });
  } finally {
    download.end();
  }
}

/** Freed with its `using` block; without a judging model there is nothing to free. */
export async function loadJudgeModel(options: LlamaEngineOptions | undefined, loading: Loading): Promise<LlamaEngine | undefined> {
  return options === undefined ? undefined : await loadModel({ options, ...loading });
}

/** What is being done while a judge is fitted. */
export const FIT = "Reading labelled answers";

/** A bar that moves on a terminal; one line every tenth in a file. */
class DownloadLine {
  #tenths = -1;

  show({ downloadedBytes, totalBytes }: DownloadProgress): void {
    // Not known yet, and never, if there is nothing to fetch.
    if (totalBytes === 0) return;
    const share = downloadedBytes / totalBytes;
    const tenths = Math.floor(share * 10);
    const line = `Downloading ${"#".repeat(tenths).padEnd(10, ".")} ${Math.floor(share * 100)} % of ${megabytes(totalBytes)}`;
    if (process.stderr.isTTY) process.stderr.write(`\r${line}`);
    else if (tenths !== this.#tenths) note(line);
    this.#tenths = tenths;
  }

  end(): void {
    if (this.#tenths >= 0 && process.stderr.isTTY) process.stderr.write("\n");
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** The judge of an answer, by the name that people read. */
export interface NamedJudge {
  readonly name: string;
  readonly fitness: Fitness | undefined;
  /** Options that ask this very judge. */
  readonly options: RainOptions;
}

/** What writes an answer, and how. */
interface Writer extends Pick<Loading, "isQuiet"> {
  readonly engine: Engine;
  /** Another model that judges. */
  readonly judgeEngine: Engine | undefined;
  readonly options: RainOptions;
}

/**
 * Finds the judge before an answer is written: what is read to learn how a model judges is no part of the answer's time. May read labelled answers for it,
 * once. Says how the model is prompted, where that is not its own way, and that its judge is unfit. `undefined` in `vanilla` mode, which has no judge.
 */
export async function prepareJudge({ engine, judgeEngine, options, isQuiet }: Writer): Promise<NamedJudge | undefined> {
  const notice = promptingNotice(engine, options);
  if (notice !== undefined && !isQuiet) note(notice);
  const judge = await findJudge(engine, judgeEngine, options);
  const line = unfitLine(judge?.fitness, engine.facts.model, judgeEngine);
  const { onUnfit = "plain" } = options;
  // Where the answer fails of it, that error says so.
  if (line !== undefined && onUnfit !== "error" && !isQuiet) warn(`${line} ${CONSEQUENCES[onUnfit]}`);
  return judge;
}

const CONSEQUENCES = { plain: "Until then answers are written unjudged.", refuse: "Until then every answer is a refusal." } as const;

async function findJudge(engine: Engine, judgeEngine: Engine | undefined, options: RainOptions): Promise<NamedJudge | undefined> {
  const settings = withPrompting(engine, checkOptions(options));
  const { mode, judging } = settings;
  if (mode === "vanilla") return undefined;
  const find = finder(engine, judgeEngine, judging);
  if (find === undefined)
    return { name: mode === "adaptive" && judging === "in-place" ? IN_PLACE : BEHIND_EXAMPLES, fitness: undefined, options };
  const found = await find(engine, settings);
  const name = mode === "paper" && judgeEngine === undefined ? BEHIND_EXAMPLES : nameOf(found, judgeEngine);
  const fitness = found.fitness && { ...found.fitness, judge: name };
  return { name, fitness, options: { ...options, judge: () => ({ ...found, fitness }) } };
}

/** How the judge is found; `undefined`: the model is asked by letters. */
export function finder(engine: Engine, judgeEngine: Engine | undefined, judging: RainOptions["judging"] = "auto"): FindJudge | undefined {
  if (judgeEngine !== undefined) return judgeBy(judgeEngine);
  return judging === "auto" ? engine.findJudge : undefined;
}

/** By which name people read of a judge: the model's, if it is another one, and how it is read or asked. */
export function nameOf(found: Pick<FoundJudge, "fitness"> | undefined, judgeEngine: Engine | undefined): string {
  const way = found?.fitness?.judge;
  if (judgeEngine === undefined) return way ?? ASKED_NAME;
  const { model } = judgeEngine.facts;
  return way === undefined ? model : `${model}, ${way}`;
}

/** Why a judge is no fit one, and what to do; `undefined` where it is fit, or was never measured. */
export function unfitLine(fitness: Fitness | undefined, model: string, judgeEngine?: Engine): string | undefined {
  if (fitness === undefined || isFit({ fitness })) return undefined;
  if (judgeEngine === undefined) return unfitNotice(fitness, model);
  const { judge, principle, n } = fitness;
  return `${judge} is no fit judge of what ${model} writes by "${principle}": ${figureOf(fitness)} on ${n} labelled answers, where guessing gets 0.50 and ${UNFIT_BELOW.toFixed(2)} is the least. Take another judge (\`--judge-model\`), or none but the model itself.`;
}

/** `AUROC 0.91 (0.87-0.94)`. What is below the bound must not read as if it reached it. */
export function figureOf({ auroc, low, high }: Pick<Fitness, "auroc" | "low" | "high">): string {
  const shown = auroc < UNFIT_BELOW ? Math.min(auroc, UNFIT_BELOW - 0.01) : auroc;
  return `AUROC ${shown.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
}
