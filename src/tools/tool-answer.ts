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

/** An answer that may call tools: a text, calls, or a text and then calls. Each part is written, judged and released like a whole answer. */
export function withTools(decode: Decode): Decode {
  return async function* (request, judge) {
    const course = begin(request, { decode, judge });
    if (course.settings.toolChoice === "auto" && !(await isCallNext(course))) {
      const isCalling = yield* speak(course);
      if (!isCalling) return conclude(course);
    }
    do yield* call(course);
    while (course.finishReason === "tool_calls" && mayCallMore(course.settings) && (await isCallNext(course)));
    return conclude(course);
  };
}

interface Manner {
  readonly decode: Decode;
  readonly judge: AnswerJudge;
}

/** An answer on its way, and its account. */
interface Course extends Manner, GenerationRequest {
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

function begin(request: GenerationRequest, manner: Manner): Course {
  const { engine, turns, settings } = request;
  const { tools, toolChoice } = settings;
  const chosen = typeof toolChoice === "object" ? tools.filter(({ name }) => name === toolChoice.name) : tools;
  if (chosen.length === 0)
    throw new OptionError(
      "toolChoice",
      complaint("toolChoice", `one of ${tools.map(({ name }) => `\`${name}\``).join(", ")}`, toolChoice),
      toolChoice,
    );
  const described = turns.map((turn, index) => (index === 0 ? { ...turn, tools } : turn));
  const nothing = { meter: new Meter(), text: "", finishReason: "stop", value: undefined, rewinds: 0, discarded: 0 } as const;
  return {
    ...request,
    ...manner,
    ...nothing,
    calls: [],
    // The tools stand in the first turn.
    turns: described,
    tools: chosen,
    promptTokens: engine.tokenizer.render(described).length,
  };
}

/** The text, up to where the model begins a call of its own accord, if it does. */
async function* speak(course: Course): AsyncGenerator<RainStep, boolean, void> {
  const { engine, settings, turns } = course;
  const opening = openingOf(leadOf(course));
  // A text of a format holds no calls.
  const stop = settings.format === undefined ? [...settings.stop, opening] : settings.stop;
  const tokens: Token[] = [];
  const part = write(course, turns, { ...settings, stop });
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    course.text += next.value.text;
    yield next.value;
  }
  const whole = engine.tokenizer.detokenize(tokens, engine.tokenizer.render(turns));
  const start = firstStop(whole, [opening]);
  return course.finishReason === "stop" && start >= 0 && settings.format === undefined && start <= endOf(whole, settings.stop);
}

function endOf(text: string, stop: readonly string[]): number {
  const end = firstStop(text, stop);
  return end < 0 ? text.length : end;
}

/** One call, judged as a whole: nothing of it is released before. */
async function* call(course: Course): AsyncGenerator<RainStep, void, void> {
  const { engine, settings, tools } = course;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const format = { type: "json", schema: callSchema(tools, keys) } as const;
  const onEvent: Settings["onEvent"] = (event) => {
    if (event.type === "rewind") settings.onEvent(event);
  };
  const tokens: Token[] = [];
  let json = "";
  let visits = 0;
  const rewindsBefore = course.rewinds;
  const part = write(course, turnsUntil(course, true), { ...settings, format, onEvent, stop: [] });
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    tokens.push(...next.value.tokens);
    json += next.value.text;
    visits = next.value.visits;
  }
  const found = { tokens, value: course.value, visits, rewinds: course.rewinds - rewindsBefore };
  if (course.finishReason === "stop") {
    const step = { ...found, text: "", call: made(JSON.parse(json) as Record<string, unknown>, course) };
    settings.onEvent({ type: "commit", step });
    yield step;
  } else if (course.finishReason === "content_filter" && course.text === "" && course.calls.length === 0) {
    course.text = json;
    yield { ...found, text: json };
  }
}

/** A call as it was written. */
function made(written: Readonly<Record<string, unknown>>, course: Course): ToolCall {
  const { engine, turns, calls, settings } = course;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const earlier = turns.flatMap((turn) => turn.calls ?? []).length + calls.length;
  const made = {
    id: callId(settings.seed, earlier),
    name: String(written[keys.name]),
    arguments: written[keys.arguments] as ToolCall["arguments"],
  };
  calls.push(made);
  course.finishReason = "tool_calls";
  return made;
}

/** Nine letters and digits, as some models insist on; the same seed gives the same ones. */
function callId(seed: number, number: number): string {
  const parts = [0, 1].map((part) => deriveSeed(seed, number, part).toString(36).padStart(7, "0"));
  return parts.join("").slice(-9);
}

/** Writes one part, and enters it into the account. */
async function* write(course: Course, turns: readonly Turn[], settings: Settings): AsyncGenerator<RainStep, void, void> {
  const { engine, promptOf, decode, meter } = course;
  const maxTokens = settings.maxTokens - meter.emitted;
  if (maxTokens < 1) {
    course.finishReason = "length";
    return;
  }
  const part = yield* decode({ engine, promptOf, turns, settings: { ...settings, maxTokens } }, course.judge);
  meter.add(part.meter);
  course.finishReason = part.finishReason;
  course.value = part.value;
  course.rewinds += part.rewinds;
  course.discarded += part.discarded;
}

async function isCallNext(course: Course): Promise<boolean> {
  const { drawn, isCall } = await tryLead(leadOf(course), course.meter, course.settings);
  course.discarded += drawn;
  return isCall;
}

function leadOf(course: Course): Lead {
  const { engine } = course;
  const keys = engine.facts.callKeys ?? CALL_KEYS;
  const from = engine.tokenizer.render(course.calls.length === 0 ? course.turns : turnsUntil(course, false));
  return { engine, from, to: engine.tokenizer.render(turnsUntil(course, true)), text: `{"${keys.name}"` };
}

/** The conversation with what there is of the answer. An answer that was begun already is continued. */
function turnsUntil({ turns, text, calls }: Course, isCalling: boolean): readonly Turn[] {
  const last = turns.at(-1);
  const begun = last?.role === "assistant" ? last : { role: "assistant" as const, text: "" };
  const others = last?.role === "assistant" ? turns.slice(0, -1) : turns;
  return [...others, { ...begun, text: begun.text + text, calls: [...(begun.calls ?? []), ...calls], ...(isCalling ? { isCalling } : {}) }];
}

function mayCallMore({ parallelCalls, toolChoice }: Settings): boolean {
  return parallelCalls && typeof toolChoice !== "object";
}

function conclude({ text, calls, finishReason, value, rewinds, discarded, promptTokens, meter, settings }: Course): RainAnswer {
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
