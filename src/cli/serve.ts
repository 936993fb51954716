/** `rain serve`: RAIN for every client of OpenAI's API. */
import { constants } from "node:os";
import { Command } from "commander";
import { between, checkByRules, integerBetween, natural, positive, type RainOptions } from "../core/index.ts";
import type { RainAppOptions, RequestEntry } from "../server.ts";
import { reasonOf, UsageError } from "./failure.ts";
import { loadEngine, loadJudgeModel, prepareJudge } from "./load.ts";
import {
  addDecodingOptions,
  checkFlags,
  type DecodingFlags,
  numberOption,
  readDecodingOptions,
  readEngineOptions,
  readJudgeModel,
} from "./options.ts";
import { EXIT_CODES, Interrupted, stopSignal } from "./stop-signal.ts";
import { note } from "./terminal.ts";

interface ServeFlags extends DecodingFlags {
  readonly host: string;
  readonly port: number;
  readonly apiKey?: readonly string[];
  readonly alias?: string;
  readonly strictModel?: boolean;
  readonly allowUnjudged?: boolean;
  readonly revealDiscarded?: boolean;
  readonly corsOrigin?: readonly string[];
  readonly concurrency?: number;
  readonly maxWaiting?: number;
  readonly bodyLimit: number;
  readonly firstByte: number;
  readonly drain: number;
  readonly metrics?: boolean;
}

const list = (value: string, all: readonly string[] = []) => [...all, value];

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Answers every client of OpenAI's API. Only judged text is sent, but with --allow-unjudged.")
    .option("--host <host>", "where it listens; another machine's requests need --api-key", "127.0.0.1")
    .addOption(numberOption("--port <n>", "0: any that is free").default(8080))
    .option("--api-key <key>", "who may ask; several: once each (default: $RAIN_API_KEY, or anybody on this machine)", list)
    .option("--alias <name>", "by which clients know the model (default: its own)")
    .option("--strict-model", "refuses requests for a model of another name")
    .option("--allow-unjudged", "lets the server and its clients ask for text that nobody judged, or that did not pass")
    .option("--reveal-discarded", "lets the page show the text that was left: unsafe text")
    .option("--cors-origin <origin>", "a page of this origin may ask; several: once each; *: any", list)
    .addOption(numberOption("--concurrency <n>", "answers that are written at once (default: half of the sequences)"))
    .addOption(numberOption("--max-waiting <n>", "answers that wait at most; one more is told to come again (default: 64)"))
    .addOption(numberOption("--body-limit <bytes>", "of a request").default(1024 * 1024))
    .addOption(
      numberOption("--first-byte <seconds>", "that a stream waits for its first judged text: until then a failure has a status").default(2),
    )
    .addOption(numberOption("--drain <seconds>", "that answers under way have when the server is told to end").default(30))
    .option("--metrics", "figures for Prometheus at /metrics");
  return addDecodingOptions(command).action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const { rainApp, listen, isLoopback } = await import("../server.ts");
  const keys = flags.apiKey ?? [process.env["RAIN_API_KEY"] ?? ""].filter((key) => key !== "");
  checkServing(flags, isLoopback(flags.host) || keys.length > 0);
  const engineOptions = readEngineOptions(flags);
  // As the server has it by default; what is said of an unfit judge at the start depends on it.
  const options: RainOptions = { onUnfit: flags.allowUnjudged === true ? "plain" : "refuse", ...(await readDecodingOptions(flags)) };
  const judgeOptions = readJudgeModel(flags);
  const isQuiet = flags.quiet === true;
  const signal = endSignal();
  await using listening = await listen({ host: flags.host, port: flags.port }, { isOpen: keys.length === 0 });
  await using engine = await loadEngine({ options: engineOptions, signal, isQuiet });
  await using judgeEngine = await loadJudgeModel(judgeOptions, { signal, isQuiet });
  const prepared = await prepareJudge({ engine, judgeEngine, options: { ...options, signal }, isQuiet });
  const judge = prepared?.options.judge;
  const app = rainApp(engine, { ...appOptions(flags, keys), options: { ...options, ...(judge === undefined ? {} : { judge }) } });
  listening.serve(app);
  greet(flags, { port: listening.port, isKeyed: keys.length > 0 });
  await aborted(signal);
  note("Going down: answers under way are finished first, new ones are refused. Once more ends at once.");
  const timer = setTimeout(() => app.abort(), flags.drain * 1000);
  await app.drain();
  clearTimeout(timer);
  if (signal.reason instanceof Interrupted) process.exitCode = EXIT_CODES.interrupted;
}

const RULES = {
  port: integerBetween(0, 65_535),
  concurrency: positive,
  maxWaiting: natural,
  bodyLimit: positive,
  firstByte: between(0, 3600),
  drain: between(0, 86_400),
};

/** @param isGuarded whether only this machine, or who has a key, may ask */
function checkServing(
  { host, port, concurrency, maxWaiting, bodyLimit, firstByte, drain, ...flags }: ServeFlags,
  isGuarded: boolean,
): void {
  checkFlags(() => checkByRules({ port, concurrency, maxWaiting, bodyLimit, firstByte, drain }, RULES));
  if (!isGuarded)
    throw new UsageError(`Expected \`--api-key\` (or RAIN_API_KEY) where other machines may ask, got \`--host ${host}\` without one`);
  if (flags.mode === "vanilla" && flags.allowUnjudged !== true)
    throw new UsageError("Expected `--allow-unjudged` where nothing is judged, got `--mode vanilla` without it");
  if (flags.onUnfit === "plain" && flags.allowUnjudged !== true)
    throw new UsageError("Expected `--allow-unjudged` where an unfit judge lets everything pass, got `--on-unfit plain` without it");
}

function appOptions(flags: ServeFlags, keys: readonly string[]): RainAppOptions {
  const { alias, concurrency, maxWaiting } = flags;
  return {
    ...(alias === undefined ? {} : { model: alias }),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
    keys,
    strictModel: flags.strictModel === true,
    allowUnjudged: flags.allowUnjudged === true,
    revealDiscarded: flags.revealDiscarded === true,
    corsOrigins: flags.corsOrigin ?? [],
    mostBytes: flags.bodyLimit,
    firstByteMs: flags.firstByte * 1000,
    metrics: flags.metrics === true,
    onRequest: (entry) => flags.quiet !== true && logRequest(entry),
  };
}

/** What was asked is in no log. */
function logRequest({ id, method, path, status, milliseconds, key, error }: RequestEntry): void {
  const by = key === 0 ? "" : ` key ${key}`;
  const why = error === undefined ? "" : `: ${reasonOf(error)}`;
  note(`${method} ${path} ${status} ${Math.round(milliseconds)} ms ${id}${by}${why}`);
}

/** The address, and how it is asked, ready to be copied. */
function greet({ host }: ServeFlags, { port, isKeyed }: { readonly port: number; readonly isKeyed: boolean }): void {
  const named = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const address = `http://${named.includes(":") ? `[${named}]` : named}:${port}`;
  const key = isKeyed ? ' -H "authorization: Bearer $RAIN_API_KEY"' : "";
  process.stdout.write(`${address}  (a page to talk to it; OpenAI's API is at ${address}/v1)
  curl ${address}/v1/chat/completions${key} -H "content-type: application/json" -d '{"messages":[{"role":"user","content":"Hello"}]}'
  new OpenAI({ baseURL: "${address}/v1", apiKey: ${isKeyed ? "process.env.RAIN_API_KEY" : '"none"'} })
`);
}

/** Aborted when the server is to end: by Ctrl-C, or as a supervisor tells it. */
function endSignal(): AbortSignal {
  const told = new AbortController();
  // Not `once`: with no listener left, a library that restores the terminal ends the process before anything is finished.
  process.on("SIGTERM", () => {
    if (told.signal.aborted) process.exit(128 + constants.signals.SIGTERM);
    told.abort(new Error("told to end"));
  });
  return AbortSignal.any([stopSignal(), told.signal]);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
