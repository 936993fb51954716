import {
  type Answering,
  type AnswerJudge,
  answeredAtOnce,
  complaint,
  type Decode,
  deriveSeed,
  type Engine,
  ExhaustedError,
  Generation,
  type GenerationRequest,
  isBegun,
  markToken,
  OptionError,
  openedBy,
  type RainAnswer,
  type RainStep,
  type Settings,
  spelledMarks,
  startGeneration,
  type Thinking,
  type Token,
  type Turn,
  verdictsOn,
} from "../core/index.ts";
import { type Thought, think } from "./think.ts";

/**
 * An answer of a model that thinks aloud. The thought is drawn in front of it, plainly; the answer is decoded behind the thought, which is no part of it.
 * Where the search in an answer has found nothing and nothing is out yet, the model thinks anew.
 */
export function withThoughts(decode: Decode): Decode {
  return async function* (request, judge) {
    const { engine, settings } = request;
    const { thinking } = engine.facts;
    if (thinking === undefined || settings.prompting === "urial") return yield* decode(request, judge);
    const plain = { ...request, settings: endingAtMarks(settings, engine, thinking) };
    if (isBegun(request.turns)) return yield* decode(plain, judge);
    return yield* thoughtful(begin(plain, { thinking, decode, judge }));
  };
}

/** An answer on its way, and its account. */
interface ThoughtState extends GenerationRequest {
  readonly thinking: Thinking;
  readonly decode: Decode;
  readonly judge: AnswerJudge;
  /** The prompt, and the account of what was thought. */
  readonly generation: Generation;
  /** Where a thought is closed, in tokens. */
  readonly limit: number;
  /** Tokens that searches may still draw: in answers, and for thoughts that are thought anew. */
  budget: number;
  rewinds: number;
  discarded: number;
  /** The best value of all that was tried and left. */
  best: number;
}

function begin(request: GenerationRequest, parts: Pick<ThoughtState, "thinking" | "decode" | "judge">): ThoughtState {
  const { engine, settings } = request;
  const isOff = settings.thoughts === "off";
  const turns = isOff ? answeredAtOnce(request.turns, engine) : request.turns;
  // What is thought keeps no format.
  const generation = new Generation({ ...request, turns, settings: { ...settings, format: undefined } });
  // Whatever is thought, the answer keeps its share of the context.
  const room = engine.facts.contextSize - generation.prompt.length;
  const most = room - Math.min(settings.maxTokens, Math.floor(room / 2)) - parts.thinking.closing.length;
  const limit = isOff ? 0 : Math.max(0, Math.min(settings.thinkingBudget, most));
  const account = { budget: settings.searchBudget, rewinds: 0, discarded: 0, best: -1 };
  return { ...request, ...parts, ...account, turns, generation, limit };
}

async function* thoughtful(state: ThoughtState): Answering {
  const { settings } = state;
  for (let attempt = 0; ; attempt++) {
    const seed = attempt === 0 ? settings.seed : deriveSeed(settings.seed, THINKING, attempt);
    const thought = await thinkOnce(state, seed);
    const mayThinkAnew = () => attempt < settings.retries && state.budget > 0 && thought.text !== "";
    const value = await valueOfThought(thought, state);
    const isGood = value !== undefined && value >= settings.threshold;
    if (value !== undefined && !isGood) tellLeft(thought, value, state);
    if (value === undefined || isGood || !mayThinkAnew()) {
      const shown = isGood ? stepOf(thought, value, state) : undefined;
      const answer = yield* answerBehind({ thought, shown, seed, mayThinkAnew }, state);
      if (answer !== undefined) return conclude(answer, { thought, shown }, state);
    }
    state.rewinds++;
    state.discarded += thought.tokens;
    state.budget -= thought.tokens;
  }
}

/** Tells the seeds of thoughts from those of searches. */
const THINKING = 0x7468;

async function thinkOnce(state: ThoughtState, seed: number): Promise<Thought> {
  const { settings, thinking } = state;
  const thought = await think({ ...state, isOpen: thinking.isOpen && settings.thoughts !== "off", seed });
  state.discarded += thought.peeked;
  return thought;
}

/** What the judge thinks of a thought, read as an answer of its own; `undefined` where thoughts are not judged. What it cannot read it does not pass. */
async function valueOfThought({ text }: Thought, state: ThoughtState): Promise<number | undefined> {
  const { engine, settings, judge, turns, generation } = state;
  if (settings.thoughts !== "judged" || settings.mode === "vanilla" || text === "") return undefined;
  const judged = await startGeneration(judge, { ...state, turns: answeredAtOnce(turns, engine) });
  const tokens = engine.tokenizer.tokenize(text);
  const isReadable = tokens.length <= judge.longestAnswer(judged.conversation);
  const [verdict] = isReadable ? await verdictsOn([tokens], judged, [true]) : [];
  generation.meter.add(judged.generation.meter);
  return verdict?.value ?? -1;
}

function tellLeft({ text }: Thought, value: number, state: ThoughtState): void {
  const { settings } = state;
  const discarded = settings.revealDiscarded ? { discarded: text } : {};
  settings.onEvent({ type: "rewind", committed: 0, iteration: state.rewinds + 1, value, ...discarded });
}

function stepOf({ text }: Thought, value: number, { rewinds }: ThoughtState): RainStep {
  return { tokens: [], text: "", thought: text, value, visits: 1, rewinds };
}

interface Behind {
  readonly thought: Thought;
  /** The step that releases the thought: right before the first of the answer, so that until then the model may think anew. */
  readonly shown: RainStep | undefined;
  readonly seed: number;
  readonly mayThinkAnew: () => boolean;
}

/** Decodes the answer to a thought. `undefined`: nothing of it passed and nothing is out, and the model may think anew. */
async function* answerBehind(
  { thought, shown, seed, mayThinkAnew }: Behind,
  state: ThoughtState,
): AsyncGenerator<RainStep, RainAnswer | undefined, void> {
  const { settings, decode, judge } = state;
  let isTold = false;
  const onEvent: Settings["onEvent"] = (event) => {
    if (event.type === "rewind") state.best = Math.max(state.best, event.value);
    else if (!isTold && shown !== undefined) settings.onEvent({ type: "commit", step: shown });
    isTold ||= event.type === "commit";
    settings.onEvent(event);
  };
  // Half of what is left is for the answer: the rest, for thinking anew.
  const searchBudget = mayThinkAnew() ? Math.ceil(state.budget / 2) : Math.max(0, state.budget);
  const onExhausted = settings.onExhausted === "error" ? "refuse" : settings.onExhausted;
  const inner = { ...settings, seed, searchBudget, onExhausted, onEvent };
  const part = decode({ ...state, turns: turnsBehind(thought, state), settings: inner }, judge);
  let refusal: RainStep | undefined;
  let tokens = 0;
  let next = await part.next();
  for (; !next.done; next = await part.next()) {
    // Only a refusal has no tokens.
    if (next.value.tokens.length === 0 && next.value.call === undefined && tokens === 0) {
      refusal = next.value;
      continue;
    }
    if (tokens === 0 && shown !== undefined) yield shown;
    tokens += next.value.tokens.length;
    yield next.value;
  }
  const answer = next.value;
  state.generation.meter.add(answer.meter);
  state.rewinds += answer.rewinds;
  state.discarded += answer.discarded;
  state.budget -= answer.discarded;
  if (answer.finishReason === "content_filter") {
    if (tokens === 0 && mayThinkAnew()) return undefined;
    if (settings.onExhausted === "error") {
      const { principle, threshold } = settings;
      throw new ExhaustedError(principle.name, { committed: tokens, best: state.best, threshold });
    }
  }
  if (refusal !== undefined) yield refusal;
  return answer;
}

function turnsBehind({ opening }: Thought, { turns }: ThoughtState): readonly Turn[] {
  const last = turns.at(-1);
  return last?.role === "assistant" ? openedBy(turns.slice(0, -1), [...(last.opening ?? []), ...opening]) : openedBy(turns, opening);
}

function conclude(answer: RainAnswer, { thought, shown }: Pick<Behind, "thought" | "shown">, state: ThoughtState): RainAnswer {
  const { rewinds, discarded, settings, generation } = state;
  const { prompt, meter } = generation;
  meter.thoughtTokens = thought.tokens;
  const isOut = shown !== undefined && meter.emitted > 0;
  const account = { rewinds, discarded, seed: settings.seed, promptTokens: prompt.length, meter, cost: meter.cost };
  return { ...answer, ...account, ...(isOut ? { thought: thought.text } : {}) };
}

/** An answer ends where a mark of a thought stands that is plain text: one that is a token ends it anyway. */
function endingAtMarks(settings: Settings, engine: Engine, thinking: Thinking): Settings {
  if (settings.format !== undefined) return settings;
  const { open, close } = spelledMarks(thinking, engine.tokenizer);
  const { end } = thinking;
  const isText = (mark: readonly Token[]) => markToken(mark, engine.tokenizer) === undefined;
  const marks = [isText(thinking.open) ? open : "", isText(thinking.close) ? close : "", ...(end === undefined ? [] : [`\n${end}`, end])];
  return { ...settings, stop: [...settings.stop, ...marks.filter((mark) => mark !== "")] };
}

/**
 * Earlier answers as templates want them: without the thought that others have left in front of their text.
 *
 * @throws {OptionError} when an answer that is to be continued ends inside a thought
 */
export function withoutThoughts(
  turns: readonly Turn[],
  { engine, settings }: Pick<GenerationRequest, "engine" | "settings">,
): readonly Turn[] {
  const { thinking } = engine.facts;
  if (thinking === undefined || settings.prompting === "urial") return turns;
  const { open, close } = spelledMarks(thinking, engine.tokenizer);
  return turns.map((turn, index) => {
    const text = turn.text.trimStart();
    const isThought = text.startsWith(open) || (thinking.isOpen && text.includes(close));
    if (turn.role !== "assistant" || !isThought) return turn;
    const end = text.indexOf(close);
    if (end >= 0) return { ...turn, text: text.slice(end + close.length).trimStart() };
    if (index < turns.length - 1) return turn;
    const expected = `an answer, and not the beginning of a thought (leave \`${open}\` out: the model thinks by itself)`;
    throw new OptionError("turns", complaint(`turns[${index}].text`, expected, turn.text), turn.text);
  });
}
