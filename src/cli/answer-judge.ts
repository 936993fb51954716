import type { Command } from "commander";
import { between, checkByRules, type Engine, positive } from "../core/index.ts";
import { type CaseJudge, CommandJudge, type DraftJudge, EndpointJudge, onlyModel, ownJudge, type Price } from "../evaluation/index.ts";
import type { LlamaEngineOptions } from "../llama.ts";
import { UsageError } from "./failure.ts";
import { checkFlags, type EngineFlags, flagOf, numberOption, readJudgeModel } from "./options.ts";

export interface JudgeFlags {
  readonly judge?: string;
  readonly judgeModel?: string;
  readonly judgeAtOnce?: number;
  readonly judgePerMinute?: number;
  readonly judgeTimeout?: number;
  readonly judgePrice?: string;
}

/** The judge of answers, and how it is asked. */
export interface JudgeOptions {
  /** `self`, an address or a command. */
  readonly name: string;
  readonly model: string | undefined;
  /** A model that judges drafts instead of the one that writes them. */
  readonly ofDrafts: LlamaEngineOptions | undefined;
  readonly atOnce: number;
  readonly perMinute: number | undefined;
  readonly timeoutMs: number;
  readonly price: Price | undefined;
}

const AT_ONCE = 4;

const TIMEOUT_SECONDS = 120;

/** The longest that a timer can wait. */
const LONGEST_SECONDS = 2_000_000;

export function addJudgeOptions(command: Command): Command {
  return command
    .option("--judge <judge>", "self, an OpenAI-compatible address, or a command (default: self)")
    .option(
      "--judge-model <name>",
      "which model of an address judges (default: the only one there; its key is in JUDGE_API_KEY); without an address, a GGUF file that judges drafts",
    )
    .addOption(numberOption("--judge-at-once <n>", `what an address or a command is asked at once (default: ${AT_ONCE})`))
    .addOption(numberOption("--judge-per-minute <n>", "requests to an address within a minute (default: no limit)"))
    .addOption(numberOption("--judge-timeout <seconds>", `the longest that it may take for one verdict (default: ${TIMEOUT_SECONDS})`))
    .option("--judge-price <read/written>", "of a million tokens read and written, such as 2.5/10: then the report says what it cost");
}

export function readJudgeOptions(flags: JudgeFlags & Omit<EngineFlags, "model" | "sequences">): JudgeOptions {
  const { judge: name = "self", judgeModel, judgePerMinute, judgePrice } = flags;
  const { judgeAtOnce = AT_ONCE, judgeTimeout = TIMEOUT_SECONDS } = flags;
  const rules = { judgeAtOnce: positive, judgePerMinute: positive, judgeTimeout: between(0.001, LONGEST_SECONDS) };
  checkFlags(() => checkByRules({ judgeAtOnce, judgePerMinute, judgeTimeout }, rules));
  checkJudge(name, { judgePerMinute, judgePrice });
  const models = isAddress(name) ? { model: judgeModel, ofDrafts: undefined } : { model: undefined, ofDrafts: readJudgeModel(flags) };
  return { name, ...models, atOnce: judgeAtOnce, perMinute: judgePerMinute, timeoutMs: 1000 * judgeTimeout, price: readPrice(judgePrice) };
}

/** What `--judge` begins with when it is an address. */
const ADDRESS = /^https?:\/\//;

function isAddress(judge: string): boolean {
  return ADDRESS.test(judge);
}

/** `ofAddress`: what is said of an address alone. */
function checkJudge(name: string, ofAddress: Readonly<Record<string, unknown>>): void {
  if (isAddress(name)) {
    if (!URL.canParse(name)) throw new UsageError(`Expected \`--judge\` to be an address, got \`${name}\``);
    return;
  }
  if (name.trim() === "") throw new UsageError("Expected `--judge` to be self, an address or a command, got ``");
  const given = Object.keys(ofAddress).find((option) => ofAddress[option] !== undefined);
  if (given !== undefined)
    throw new UsageError(`Expected \`--judge\` to be an address where \`${flagOf(given)}\` is given, got \`${name}\``);
}

function readPrice(text: string | undefined): Price | undefined {
  if (text === undefined) return undefined;
  const [, read, written] = /^(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)$/.exec(text) ?? [];
  if (read === undefined || written === undefined)
    throw new UsageError(`Expected \`--judge-price\` to be two numbers, such as 2.5/10, got \`${text}\``);
  return { read: Number(read), written: Number(written) };
}

/** The judge of the answers of each model. */
export interface EvalJudge extends AsyncDisposable {
  /** As reports name it. */
  readonly label: string;
  judgeOf(engine: Engine, model: string, ofDrafts: DraftJudge): CaseJudge;
  /** What it has cost, where it costs anything. */
  bill(): string | undefined;
}

export async function openJudge(options: JudgeOptions): Promise<EvalJudge> {
  const { name } = options;
  const free = { label: name, bill: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  if (name === "self") return { ...free, judgeOf: ownJudge };
  if (isAddress(name)) return await openEndpoint(options);
  const command = await CommandJudge.start({ command: name, atOnce: options.atOnce, timeoutMs: options.timeoutMs });
  return { ...free, judgeOf: () => command, [Symbol.asyncDispose]: () => command[Symbol.asyncDispose]() };
}

async function openEndpoint({ name: url, model, ...options }: JudgeOptions): Promise<EvalJudge> {
  // Not OPENAI_API_KEY: that one is for its own address only, and this may be any.
  const key = process.env["JUDGE_API_KEY"] || undefined;
  const endpoint = new EndpointJudge({ url, key, model: model ?? (await onlyModel(url, key)), ...options });
  return {
    label: endpoint.name,
    judgeOf: () => endpoint,
    bill: () => endpoint.bill(),
    [Symbol.asyncDispose]: () => endpoint[Symbol.asyncDispose](),
  };
}
