import {
  type AnswerJudge,
  CALL_KEYS,
  type CallKeys,
  checkFormat,
  complaint,
  type Decode,
  deriveSeed,
  type Engine,
  EngineError,
  type FinishReason,
  firstStop,
  type GenerationRequest,
  generate,
  Meter,
  OptionError,
  type Prefix,
  prime,
  type RainAnswer,
  type RainStep,
  type Settings,
  type Token,
  type Tool,
  type ToolCall,
  type Turn,
} from "../core/index.ts";

/** Whether the answer may call tools. */
export function mayCall({ tools, toolChoice }: Settings): boolean {
  return tools.length > 0 && toolChoice !== "none";
}

/** The turns, of which the first says what may be called. */
export function withDescriptions(turns: readonly Turn[], { tools }: Pick<Settings, "tools">): readonly Turn[] {
  return turns.map((turn, index) => (index === 0 ? { ...turn, tools } : turn));
}

/** An answer that may call tools: a text, calls, or a text and then calls. Each part is written, judged and released like a whole answer. */
export function withTools(decode: Decode): Decode {
  return async function* (request, judge) {
    const state = begin(request, { decode, judge });
    if (state.settings.toolChoice === "auto" && !(await isCallNext(state))) {
      const isCalling = yield* speak(state);
      if (!isCalling) return conclude(state);
    }
    do yield* call(state);
    while (state.finishReason === "tool_calls" && mayCallMore(state.settings) && (await isCallNext(state)));
    return conclude(state);
  };
}

/** An answer on its way, and its account. */
interface ToolState extends GenerationRequest {
  readonly decode: Decode;
  readonly judge: AnswerJudge;
  /** That may be called here. */
  readonly tools: readonly Tool[];
  readonly meter: Meter;
  readonly calls: ToolCall[];
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
  const described = withDescriptions(turns, settings);
  const nothing = { meter: new Meter(), text: "", finishReason: "stop", value: undefined, rewinds: 0, discarded: 0 } as const;
  return {
    ...request,
    ...decoding,
    ...nothing,
    calls: [],
    turns: described,
    tools: chosen,
    promptTokens: engine.tokenizer.render(described).length,
  };
}

/** The text, up to where the model begins a call of its own accord, if it does. */
async function* speak(state: ToolState): AsyncGenerator<RainStep, boolean, void> {
  const { engine, settings, turns } = state;
  const opening = openingOf(leadOf(state));
  // A text of a format holds no calls.
  const stop = settings.format === undefined ? [...settings.stop, opening] : settings.stop;
  const tokens: Token[] = [];
  const part = write(state, turns, { ...settings, stop }, opening);
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    state.text += next.value.text;
    yield next.value;
  }
  const whole = engine.tokenizer.detokenize(tokens, engine.tokenizer.render(turns));
  const start = firstStop(whole, [opening]);
  return state.finishReason === "stop" && start >= 0 && settings.format === undefined && start <= endOf(whole, settings.stop);
}

function endOf(text: string, stop: readonly string[]): number {
  const end = firstStop(text, stop);
  return end < 0 ? text.length : end;
}

/** One call, judged as a whole: nothing of it is released before. */
async function* call(state: ToolState): AsyncGenerator<RainStep, void, void> {
  const { engine, settings, tools } = state;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const format = { type: "json", schema: callSchema(tools, keys) } as const;
  const onEvent: Settings["onEvent"] = (event) => {
    if (event.type === "rewind") settings.onEvent(event);
  };
  const tokens: Token[] = [];
  let json = "";
  let visits = 0;
  const rewindsBefore = state.rewinds;
  const part = write(state, turnsUntil(state, true), { ...settings, format, onEvent, stop: [] });
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    json += next.value.text;
    visits = next.value.visits;
  }
  const found = { tokens, value: state.value, visits, rewinds: state.rewinds - rewindsBefore };
  if (state.finishReason === "stop") {
    const step = { ...found, text: "", call: made(JSON.parse(json) as Record<string, unknown>, state) };
    settings.onEvent({ type: "commit", step });
    yield step;
  } else if (state.finishReason === "content_filter" && state.text === "" && state.calls.length === 0) {
    state.text = json;
    yield { ...found, text: json };
  }
}

/** A call as it was written. */
function made(written: Readonly<Record<string, unknown>>, state: ToolState): ToolCall {
  const { engine, turns, calls, settings } = state;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const earlier = turns.flatMap((turn) => turn.calls ?? []).length + calls.length;
  const made = {
    id: callId(settings.seed, earlier),
    name: String(written[keys.name]),
    arguments: written[keys.arguments] as ToolCall["arguments"],
  };
  calls.push(made);
  state.finishReason = "tool_calls";
  return made;
}

/** Nine letters and digits, as some models insist on; the same seed gives the same ones. */
function callId(seed: number, number: number): string {
  const parts = [0, 1].map((part) => deriveSeed(seed, number, part).toString(36).padStart(7, "0"));
  return parts.join("").slice(-9);
}

/** Writes one part, and enters it into the account. */
async function* write(
  state: ToolState,
  turns: readonly Turn[],
  settings: Settings,
  callOpening?: string,
): AsyncGenerator<RainStep, void, void> {
  const { engine, promptOf, decode, meter } = state;
  const maxTokens = settings.maxTokens - meter.emitted;
  if (maxTokens < 1) {
    state.finishReason = "length";
    return;
  }
  const request = { engine, promptOf, turns, settings: { ...settings, maxTokens } };
  const part = yield* decode(callOpening === undefined ? request : { ...request, callOpening }, state.judge);
  meter.add(part.meter);
  state.finishReason = part.finishReason;
  state.value = part.value;
  state.rewinds += part.rewinds;
  state.discarded += part.discarded;
}

async function isCallNext(state: ToolState): Promise<boolean> {
  const { drawn, isCall } = await tryLead(leadOf(state), state.meter, state.settings);
  state.discarded += drawn;
  return isCall;
}

function leadOf(state: ToolState): Lead {
  const { engine } = state;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const from = engine.tokenizer.render(state.calls.length === 0 ? state.turns : turnsUntil(state, false));
  return { engine, from, to: engine.tokenizer.render(turnsUntil(state, true)), text: `{"${keys.name}"` };
}

/** The conversation with what there is of the answer. An answer that was begun already is continued. */
function turnsUntil({ turns, text, calls }: ToolState, isCalling: boolean): readonly Turn[] {
  const last = turns.at(-1);
  const begun = last?.role === "assistant" ? last : { role: "assistant" as const, text: "" };
  const others = last?.role === "assistant" ? turns.slice(0, -1) : turns;
  return [...others, { ...begun, text: begun.text + text, calls: [...(begun.calls ?? []), ...calls], ...(isCalling ? { isCalling } : {}) }];
}

function mayCallMore({ parallelCalls, toolChoice }: Settings): boolean {
  return parallelCalls && typeof toolChoice !== "object";
}

function conclude({ text, calls, finishReason, value, rewinds, discarded, promptTokens, meter, settings }: ToolState): RainAnswer {
  return { text, calls, finishReason, value, rewinds, discarded, promptTokens, meter, cost: meter.cost, seed: settings.seed };
}

type Schema = Readonly<Record<string, unknown>>;

/** A JSON schema of one call of any of these tools. */
function callSchema(tools: readonly Tool[], keys: CallKeys): Schema {
  const calls = tools.map(({ name }, index) => ({
    type: "object",
    properties: { [keys.name]: { const: name }, [keys.arguments]: { $ref: pointer(index) } },
    required: [keys.name, keys.arguments],
    additionalProperties: false,
  }));
  const definitions = Object.fromEntries(tools.map(({ parameters }, index) => [key(index), rebased(parameters, pointer(index))]));
  return { ...(calls.length === 1 ? calls[0] : { anyOf: calls }), $defs: definitions };
}

function key(index: number): string {
  return `tool${index}`;
}

function pointer(index: number): string {
  return `#/$defs/${key(index)}`;
}

/** Inside of another schema, what refers to the root must refer to where the schema stands now. */
function rebased(value: unknown, root: string): unknown {
  if (Array.isArray(value)) return value.map((part) => rebased(part, root));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => {
    if (name === "$ref" && typeof part === "string" && part.startsWith("#")) return [name, root + part.slice(1)];
    return [name, DATA.has(name) ? part : rebased(part, root)];
  });
  return Object.fromEntries(entries);
}

/** Keywords whose values are no schemas. */
const DATA: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"]);

/** Two ways to go on: as the model is, and as it would be if it called a tool. */
interface Lead {
  readonly engine: Engine;
  readonly from: Prefix;
  readonly to: Prefix;
  /** What must follow behind `to`. */
  readonly text: string;
}

/** What a call looks like before its name: all that follows what the two prefixes share. */
function openingOf({ engine, from, to, text }: Lead): string {
  const shared = to.slice(0, commonLength(from, to));
  return engine.tokenizer.detokenize(to.slice(shared.length), shared).trimStart() + text;
}

/** White space that a model may put where a template has none. */
const LEEWAY = 4;

/**
 * Draws tokens as the model would, until they differ from what a call looks like; usually the first one does.
 *
 * @returns what was drawn, and whether it is the beginning of a call
 */
async function tryLead(lead: Lead, meter: Meter, settings: Settings): Promise<{ readonly drawn: number; readonly isCall: boolean }> {
  const { engine, from, to, text } = lead;
  const shared = to.slice(0, commonLength(from, to));
  const rest = to.slice(shared.length);
  const opening = withoutSpace(openingOf(lead));
  const read = (tokens: readonly Token[]) => withoutSpace(engine.tokenizer.detokenize(tokens, shared));
  // Tokens that read as nothing, such as a mark in front of calls, must be drawn too.
  const special = rest.filter((token, index) => engine.tokenizer.detokenize([token], [...shared, ...rest.slice(0, index)]) === "");
  const { temperature, topK, topP, seed, signal } = settings;
  const continuation = {
    prefix: shared,
    sampling: { temperature, topK, topP, seed },
    maxTokens: rest.length + text.length + LEEWAY,
    until: (tokens: readonly Token[]) => !isBeginning(read(tokens), opening),
  };
  await prime(engine, [shared], { purpose: "prompt", meter, signal });
  const drawn: Token[] = [];
  for await (const { token } of generate(engine, continuation, { purpose: "draft", meter, signal })) drawn.push(token);
  return { drawn: drawn.length, isCall: read(drawn).startsWith(opening) && special.every((token) => drawn.includes(token)) };
}

function withoutSpace(text: string): string {
  return text.replaceAll(/\s/g, "");
}

function isBeginning(text: string, whole: string): boolean {
  return text.length < whole.length && whole.startsWith(text);
}

function commonLength(left: Prefix, right: Prefix): number {
  const parting = left.findIndex((token, index) => token !== right[index]);
  return parting < 0 ? left.length : parting;
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

function checkTool({ name, parameters }: Tool, engine: Engine): void {
  const { type } = parameters;
  if (type !== undefined && type !== "object")
    throw new OptionError("tools", complaint(`the parameters of the tool ${name}`, "a schema of an object", type), parameters);
  try {
    checkFormat(engine, { type: "json", schema: parameters });
  } catch (cause) {
    throw cause instanceof EngineError ? unsupported(name, cause) : cause;
  }
}

function unsupported(name: string, cause: EngineError): EngineError {
  return new EngineError(cause.code, `Expected the parameters of the tool \`${name}\` to be a schema to write by: ${cause.message}`, {
    cause,
  });
}
