import {
  type AnswerJudge,
  checkOptions,
  type Engine,
  isFit,
  Judge,
  Meter,
  type Principle,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type Token,
  type Turn,
} from "../core/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { answer } from "../rain.ts";
import type { NamedJudge } from "./found-judge.ts";
import type { Report } from "./report.ts";
import { paint, shown } from "./terminal.ts";

/** What plain decoding says, and what the judge thinks of it: -1 (bad) to 1 (good); `undefined` where it is no fit judge. */
export interface Plain {
  readonly text: string;
  readonly value: number | undefined;
}

export interface Compared {
  readonly plain: Plain;
  readonly report: Report;
}

export interface Comparing {
  readonly engine: Engine;
  readonly turns: readonly Turn[];
  readonly options: RainOptions;
  readonly judge: NamedJudge | undefined;
  /** Whether the comparison goes to standard output as it happens. */
  readonly isShown: boolean;
}

/** Plain decoding first, then a judged answer from the same seed, with every rewind on a line of its own as it happens. */
export async function compare({ engine, turns, options, judge, isShown }: Comparing): Promise<Compared> {
  const { mode, principle } = checkOptions(options);
  const say = (text: string) => isShown && process.stdout.write(`${shown(process.stdout, text)}\n`);
  const bold = (text: string) => isShown && process.stdout.write(`${paint(process.stdout, text, "bold")}\n`);

  const plain = await plainAnswer(engine, turns, options);
  bold(`Plain decoding says (${plain.value === undefined ? "unjudged" : `judged ${inWords(plain.value, principle)}`}):`);
  say(`${plain.text}\n`);

  bold(`RAIN (${mode}) tries, judges and rewinds:`);
  const start = performance.now();
  const onEvent = (event: RainEvent) => {
    options.onEvent?.(event);
    if (isShown) process.stdout.write(`${describe(event, engine)}\n`);
  };
  const judged = await answer(engine, turns, { ...options, onEvent, revealDiscarded: true });
  const milliseconds = performance.now() - start;

  bold(`\nRAIN says (${verdictOn(judged, principle)}):`);
  say(judged.text);
  return { plain, report: { answer: judged, mode, model: engine.facts.model, milliseconds, judge } };
}

async function plainAnswer(engine: Engine, turns: readonly Turn[], options: RainOptions): Promise<Plain> {
  const tokens: Token[] = [];
  const onEvent = (event: RainEvent) => event.type === "commit" && tokens.push(...event.step.tokens);
  const { text } = await answer(engine, turns, { ...options, mode: "vanilla", onEvent });
  const settings = withPrompting(engine, checkOptions(options));
  const found = await options.judge?.(engine, settings);
  if (found !== undefined && !isFit(found)) return { text, value: undefined };
  const judge: AnswerJudge = found?.judge ?? new Judge(engine, settings.principle, settings);
  const call = { purpose: "evaluate", meter: new Meter(), signal: settings.signal } as const;
  const readable = tokens.filter((token) => !engine.tokenizer.isEnd(token));
  const conversation = judge.conversation(turns);
  await judge.prime(conversation, call);
  const [verdict] = await judge.verdicts(conversation, [readable], call, [true]);
  return { text, value: verdict?.value ?? 0 };
}

/** A refusal has no value, and neither has what an unfit judge did not judge. */
function verdictOn({ value, judge, finishReason }: RainAnswer, principle: Principle): string {
  if (value !== undefined) return `judged ${inWords(value, principle)}`;
  return judge?.isFit === false && finishReason !== "content_filter" ? "unjudged" : "a refusal";
}

/** Tried and left: struck through. Committed: kept. */
function describe(event: RainEvent, engine: Engine): string {
  if (event.type === "commit") {
    const { text, value = 0, tokens } = event.step;
    const isBareEnd = text === "" && tokens.every((token) => engine.tokenizer.isEnd(token));
    return `  ${paint(process.stdout, "commit", "green")} ${signed(value)} ${isBareEnd ? "(the end)" : quoted(text)}`;
  }
  const tried = quoted(event.discarded ?? "");
  const isBad = event.value < 0;
  return `  ${paint(process.stdout, "rewind", isBad ? "red" : "dim")} ${signed(event.value)} ${paint(process.stdout, tried, "struck", isBad ? "red" : "dim")}`;
}

function inWords(value: number, { good, bad }: Principle): string {
  return `${value < 0 ? bad : good}, ${signed(value).trim()}`;
}

function signed(value: number): string {
  return value.toFixed(2).padStart(5);
}

/** On one line, without anything that a terminal obeys. */
function quoted(text: string): string {
  return shown(process.stdout, JSON.stringify(text));
}
