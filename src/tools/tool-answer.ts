import {
  type AnswerJudge,
  type CallFormat,
  type CutCall,
  checkFormat,
  complaint,
  type Decode,
  deriveSeed,
  Ending,
  type Engine,
  EngineError,
  type FinishReason,
  firstOf,
  firstStop,
  type GenerationRequest,
  Meter,
  OptionError,
  type OutputFormat,
  type PromptOf,
  type RainAnswer,
  type RainStep,
  type Settings,
  stopStrings,
  type Token,
  type Tool,
  type ToolCall,
  type Turn,
} from "../core/index.ts";
import { withDescriptions } from "./descriptions.ts";
import { byLongestName, jsonCalls } from "./families/index.ts";
import { drafting, leadBehindText, leadOf, tryLead, type Ways } from "./lead.ts";
import { markedText, withMarks } from "./marked-text.ts";
import { isPointedOut, timesAnswered, withResultPointedOut } from "./repeated-call.ts";
import { endingBeforeCalls, textCalls, tryTextCalls } from "./text-calls.ts";

/** For models that say nothing of calls: what a conversation with tools as text asks for. */
const PLAIN_CALLS = jsonCalls({ name: "name", arguments: "arguments" });

/** Whether the answer may call tools. */
export function mayCall({ tools, toolChoice }: Settings): boolean {
  return tools.length > 0 && toolChoice !== "none";
}

/** An answer that may call tools: a text, calls, or a text and then calls. Each part is written, judged and released like a whole answer. */
export function withTools(decode: Decode): Decode {
  return async function* (request, judge) {
    const state = begin(request, { decode, judge });
    let isLeft = false;
    do {
      if (state.settings.toolChoice === "auto") {
        const isCalling = (await isCallFirst(state)) || (yield* speak(state));
        if (!isCalling) return conclude(state);
      }
      isLeft = yield* call(state);
    } while (isLeft);
    while (state.finishReason === "tool_calls" && mayCallMore(state.settings) && (await isAnotherDue(state))) yield* call(state);
    return conclude(state);
  };
}

/** An answer on its way, and its account. */
interface ToolState extends Omit<GenerationRequest, "turns"> {
  readonly decode: Decode;
  readonly judge: AnswerJudge;
  /** That may be called here. */
  readonly tools: readonly Tool[];
  readonly callFormat: CallFormat;
  /** Of one call. */
  readonly format: OutputFormat;
  /** With the last result pointed out, where it was passed over. */
  turns: readonly Turn[];
  /** A result was passed over though it was pointed out: the model no longer knows that it may call. */
  isInWords: boolean;
  /** Tools that the model has called in its text already, and no others: each call is still to be made. */
  due: Tool[] | undefined;
  readonly meter: Meter;
  readonly calls: ToolCall[];
  cutCall: CutCall | undefined;
  text: string;
  finishReason: FinishReason;
  value: number | undefined;
  rewinds: number;
  discarded: number;
  readonly promptTokens: number;
}

function begin(request: GenerationRequest, decoding: Pick<ToolState, "decode" | "judge">): ToolState {
  const { engine, turns, settings } = request;
  const { tools, toolChoice } = settings;
  const chosen = typeof toolChoice === "object" ? tools.filter(({ name }) => name === toolChoice.name) : tools;
  if (chosen.length === 0)
    throw new OptionError(
      "toolChoice",
      complaint("toolChoice", `one of ${tools.map(({ name }) => `\`${name}\``).join(", ")}`, toolChoice),
      toolChoice,
    );
  const isAlwaysPointedOut = toolChoice === "auto" && settings.pointOutResults === "always";
  const described = withDescriptions(isAlwaysPointedOut ? withResultPointedOut(turns) : turns, settings);
  const callFormat = callFormatOf(engine);
  const nothing = { meter: new Meter(), text: "", finishReason: "stop", value: undefined, rewinds: 0, discarded: 0 } as const;
  return {
    ...request,
    ...decoding,
    ...nothing,
    calls: [],
    cutCall: undefined,
    due: undefined,
    isInWords: false,
    turns: described,
    tools: chosen,
    callFormat,
    format: callFormat.formatOf(chosen),
    promptTokens: engine.tokenizer.render(described).length,
  };
}

function callFormatOf({ facts }: Engine): CallFormat {
  return facts.callFormat ?? PLAIN_CALLS;
}

/** The text, up to where the model begins a call of its own accord, if it does. */
async function* speak(state: ToolState): AsyncGenerator<RainStep, boolean, void> {
  const { settings, turns } = state;
  // A text of a format holds no calls.
  const { openings, marks, tools } =
    settings.format === undefined && !state.isInWords ? { ...state, ...leadBehindText(state, waysOf(state)) } : NO_CALLS;
  const caller = { engine: withMarks(state.engine, marks), tools };
  const { engine } = caller;
  const promptOf: PromptOf = (...asked) => {
    const prompt = endingAt(openings, state.promptOf)(...asked);
    return { ...prompt, boundary: endingBeforeCalls(prompt.boundary, caller) };
  };
  const hasCalls = (text: string) => firstStop(text, openings) >= 0 || textCalls(text, caller).areWhole;
  const tokens: Token[] = [];
  const part = write({ ...state, engine, promptOf, hasCalls }, turns, settings, state);
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    state.text += next.value.text;
    yield next.value;
  }
  if (state.finishReason !== "stop") return false;
  const whole = engine.tokenizer.detokenize(tokens, engine.tokenizer.render(turns));
  const start = firstStop(whole, openings);
  if (start >= 0 && start <= endOf(whole, settings.stop)) return true;
  const { called, areWhole } = textCalls(whole.slice(0, state.promptOf(engine, turns, settings).boundary.wholeLength(whole)), caller);
  if (!areWhole) return false;
  state.due = [...called];
  // The calls are written anew, and count then.
  const { prefix, boundary } = promptOf(engine, turns, settings);
  const unsaid = tokens.length - new Ending(engine, prefix, { boundary, limit: tokens.length }).readable(tokens).length;
  state.meter.emitted -= unsaid;
  state.discarded += unsaid;
  return true;
}

const NO_CALLS = { openings: [], marks: new Set<Token>(), tools: [] } as const;

/** Whether the model begins with a call: in its own way, or as text. */
async function isCallFirst(state: ToolState): Promise<boolean> {
  if (state.isInWords) return false;
  const lead = leadOf(state, waysOf(state));
  const generation = drafting(state);
  const { drawn, isCall } = await tryLead(lead, generation, state.meter);
  state.discarded += drawn.length;
  if (isCall || state.settings.format !== undefined) return isCall;
  const begun = lead.shared.length === generation.prompt.length ? drawn : [];
  const { called, ...tried } = await tryTextCalls(state, { generation, begun, meter: state.meter });
  state.discarded += tried.drawn.length;
  state.due = called && [...called];
  return called !== undefined;
}

/** Ends texts where a call begins. What is left of a beginning that was cut is no text, either. */
function endingAt(openings: readonly string[], promptOf: PromptOf): PromptOf {
  if (openings.length === 0) return promptOf;
  const stops = stopStrings(openings);
  const wholeLength = (text: string) => {
    const kept = stops.safeLength(text);
    return stops.endOf(text) ?? (/\p{L}/u.test(text.slice(kept)) ? kept : text.length);
  };
  return (...asked) => {
    const prompt = promptOf(...asked);
    return { ...prompt, boundary: firstOf([prompt.boundary, { ...stops, wholeLength }]) };
  };
}

function endOf(text: string, stop: readonly string[]): number {
  const end = firstStop(text, stop);
  return end < 0 ? text.length : end;
}

/**
 * One call, judged as a whole: nothing of it is released before.
 *
 * @returns whether it was left, because its result is there already
 */
async function* call(state: ToolState): AsyncGenerator<RainStep, boolean, void> {
  const { settings, callFormat } = state;
  const due = state.due?.shift();
  const format = due === undefined ? state.format : callFormat.formatOf([due]);
  const onEvent: Settings["onEvent"] = (event) => {
    if (event.type === "rewind") settings.onEvent(event);
  };
  const tokens: Token[] = [];
  let shown = "";
  let visits = 0;
  const rewindsBefore = state.rewinds;
  const writing = { ...settings, format, onEvent, stop: [], logprobs: false };
  const part = write({ ...state, isValid: validity(state) }, turnsUntil(state, true), writing, state);
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    shown += next.value.text;
    visits = next.value.visits;
  }
  const found = { tokens, value: state.value, visits, rewinds: state.rewinds - rewindsBefore };
  if (state.finishReason === "stop") {
    const call = read(tokens, state);
    if (isPassedOver(call, state)) {
      leave(tokens, state);
      return true;
    }
    const step = { ...found, text: "", call };
    state.calls.push(call);
    state.finishReason = "tool_calls";
    settings.onEvent({ type: "commit", step });
    yield step;
  } else if (state.finishReason === "length" && tokens.length > 0) {
    state.cutCall = cut(tokens, state);
    const step = { ...found, text: "", cutCall: state.cutCall };
    settings.onEvent({ type: "commit", step });
    yield step;
  } else if (state.finishReason === "content_filter" && state.text === "" && state.calls.length === 0) {
    state.text = shown;
    yield { ...found, text: shown };
  }
  return false;
}

/**
 * Whether a call opens the answer whose result is there already. Where that was pointed out, one more may be meant, as where a button is to be pressed twice; but not where it was
 * pointed out from the beginning, nor a third.
 */
function isPassedOver(call: ToolCall, { turns, text, calls, settings: { toolChoice, pointOutResults } }: ToolState): boolean {
  if (text !== "" || calls.length > 0 || toolChoice !== "auto" || pointOutResults === "never") return false;
  const meant = pointOutResults === "repeated" && isPointedOut(turns) ? 1 : 0;
  return timesAnswered(call, turns) > meant;
}

/** Goes back behind a call, to its result: that is pointed out, and where it was, nothing is left to call. */
function leave(tokens: readonly Token[], state: ToolState): void {
  const { settings, turns, value = 0 } = state;
  const discarded = settings.revealDiscarded ? { discarded: written(tokens, state) } : {};
  state.rewinds++;
  state.meter.emitted -= tokens.length;
  state.discarded += tokens.length;
  settings.onEvent({ type: "rewind", committed: 0, iteration: 1, value, ...discarded });
  state.due = undefined;
  state.finishReason = "stop";
  state.isInWords = isPointedOut(turns);
  state.turns = state.isInWords ? turns.map(({ tools: _, ...turn }) => turn) : withResultPointedOut(turns);
}

/** What stands in a call, marks and all. */
function written(tokens: readonly Token[], state: ToolState): string {
  const { engine } = state;
  return markedText(engine.tokenizer, tokens, engine.tokenizer.render(turnsUntil(state, true)));
}

/** A call as it was written. */
function read(tokens: readonly Token[], state: ToolState): ToolCall {
  const { turns, tools, calls, settings, callFormat } = state;
  const earlier = turns.flatMap((turn) => turn.calls ?? []).length + calls.length;
  return { id: callId(settings.seed, earlier), ...callFormat.read(written(tokens, state), tools) };
}

/** What is asked of the arguments of a whole call, if something is. */
function validity(state: ToolState): GenerationRequest["isValid"] {
  if (state.tools.every(({ isValid }) => isValid === undefined)) return undefined;
  return async (tokens) => {
    const { name, arguments: values } = read(tokens, state);
    return (await state.tools.find((tool) => tool.name === name)?.isValid?.(values)) ?? true;
  };
}

/** What there is of a call. Its tool is the first that it names. */
function cut(tokens: readonly Token[], state: ToolState): CutCall {
  const { tools, format } = state;
  const text = written(tokens, state).replace(/\uFFFD+$/, "");
  const places = byLongestName(tools).map(({ name }) => ({ name, start: text.indexOf(name) }));
  const [first] = places.filter(({ start }) => start >= 0).toSorted((left, right) => left.start - right.start);
  if (first === undefined) return { name: undefined, arguments: "" };
  const rest = text.slice(first.start + first.name.length);
  const start = rest.indexOf("{");
  // Of JSON, what stands in front of its arguments is none of them.
  return { name: first.name, arguments: start < 0 && format.type === "json" ? "" : rest.slice(Math.max(0, start)) };
}

/** Nine letters and digits, as some models insist on; the same seed gives the same ones. */
function callId(seed: number, number: number): string {
  const parts = [0, 1].map((part) => deriveSeed(seed, number, part).toString(36).padStart(7, "0"));
  return parts.join("").slice(-9);
}

/** Writes one part, and enters it into the account. */
async function* write(
  {
    engine,
    promptOf,
    hasCalls,
    isValid,
    decode,
    judge,
  }: Pick<ToolState, "engine" | "promptOf" | "hasCalls" | "isValid" | "decode" | "judge">,
  turns: readonly Turn[],
  settings: Settings,
  state: ToolState,
): AsyncGenerator<RainStep, void, void> {
  const maxTokens = settings.maxTokens - state.meter.emitted;
  if (maxTokens < 1) {
    state.finishReason = "length";
    return;
  }
  const request = { engine, promptOf, isValid, turns, settings: { ...settings, maxTokens } };
  const part = yield* decode(hasCalls === undefined ? request : { ...request, hasCalls }, judge);
  state.meter.add(part.meter);
  state.finishReason = part.finishReason;
  state.value = part.value;
  state.rewinds += part.rewinds;
  state.discarded += part.discarded;
}

async function isCallNext(state: ToolState): Promise<boolean> {
  const { drawn, isCall } = await tryLead(leadOf(state, waysOf(state)), drafting(state), state.meter);
  state.discarded += drawn.length;
  return isCall;
}

async function isAnotherDue(state: ToolState): Promise<boolean> {
  return state.due === undefined ? await isCallNext(state) : state.due.length > 0;
}

function waysOf(state: ToolState): Ways {
  return { from: state.calls.length === 0 ? state.turns : turnsUntil(state, false), to: turnsUntil(state, true) };
}

/** The conversation with what there is of the answer. An answer that was begun already is continued. */
function turnsUntil({ turns, text, calls }: ToolState, isCalling: boolean): readonly Turn[] {
  const last = turns.at(-1);
  const begun = last?.role === "assistant" ? last : { role: "assistant" as const, text: "" };
  const others = last?.role === "assistant" ? turns.slice(0, -1) : turns;
  // White space in front of calls is the template's.
  return [
    ...others,
    { ...begun, text: (begun.text + text).trimEnd(), calls: [...(begun.calls ?? []), ...calls], ...(isCalling ? { isCalling } : {}) },
  ];
}

function mayCallMore({ parallelCalls, toolChoice }: Settings): boolean {
  return parallelCalls && typeof toolChoice !== "object";
}

function conclude({ text, calls, cutCall, finishReason, value, rewinds, discarded, promptTokens, meter, settings }: ToolState): RainAnswer {
  const made = { calls, ...(cutCall === undefined ? {} : { cutCall }) };
  return { text, ...made, finishReason, value, rewinds, discarded, promptTokens, meter, cost: meter.cost, seed: settings.seed };
}

/**
 * Refuses tools that cannot be called, before anything is computed.
 *
 * @throws {OptionError} when there is no such tool as is to be called, or its arguments are no object
 * @throws {EngineError} `format-unsupported`, when a schema cannot constrain what this engine writes
 */
export function checkTools({ tools, toolChoice }: Settings, engine: Engine): void {
  if (typeof toolChoice === "object" && !tools.some(({ name }) => name === toolChoice.name)) {
    const names = tools.map(({ name }) => `\`${name}\``).join(", ");
    throw new OptionError("toolChoice", complaint("toolChoice", `the name of one of the tools ${names}`, toolChoice.name), toolChoice);
  }
  for (const tool of tools) checkTool(tool, engine);
}

function checkTool(tool: Tool, engine: Engine): void {
  const { name, parameters } = tool;
  const { type } = parameters;
  if (type !== undefined && type !== "object")
    throw new OptionError("tools", complaint(`the parameters of the tool ${name}`, "a schema of an object", type), parameters);
  try {
    checkFormat(engine, { type: "json", schema: parameters });
    checkFormat(engine, callFormatOf(engine).formatOf([tool]));
  } catch (cause) {
    throw cause instanceof EngineError ? unsupported(name, cause) : cause;
  }
}

function unsupported(name: string, cause: EngineError): EngineError {
  return new EngineError(cause.code, `Expected the parameters of the tool \`${name}\` to be a schema to write by: ${cause.message}`, {
    cause,
    tool: name,
  });
}
