import {
  type AnswerJudge,
  type Call,
  ContextFullError,
  type Engine,
  type FindJudge,
  type FoundJudge,
  isBegun,
  type Prefix,
  type Settings,
  type Token,
  type Turn,
  type Verdict,
  withoutOpening,
} from "../core/index.ts";
import { type GuardFormat, guardFormat } from "./guard-formats.ts";
import { GuardJudge, wholeCharacters } from "./guard-judge.ts";
import { letterJudge } from "./lettered/letter-judge.ts";

export interface JudgeByOptions {
  /** How the judge is asked: for guards of a family that is not known here. @default found by its name and its chat template */
  readonly guard?: GuardFormat | undefined;
}

/**
 * Another model as the judge: `answer(writer, turns, { judge: judgeBy(engine) })`. A model that was trained to judge is asked in its own
 * words; any other is read in the way that its engine knows for it, else asked by letters. It is the caller's, who disposes of it.
 *
 * The answer is put to it as text, in its own tokens. What they cost is counted as `evaluate`, the first reading of a conversation too.
 *
 * Finding it rejects with an `OptionError` for a principle that a guard cannot be asked by, and with a `JudgeError` for a guard whose
 * template or labels are not its family's.
 */
export function judgeBy(engine: Engine, options: JudgeByOptions = {}): FindJudge {
  return async (writer, settings) => {
    const found = await findInner(engine, settings, options);
    return { ...found, model: engine.facts.model, judge: new JudgeOfAnother({ writer, engine, inner: found.judge }) };
  };
}

async function findInner(engine: Engine, settings: Settings, { guard }: JudgeByOptions): Promise<FoundJudge> {
  const format = guard ?? guardFormat({ model: engine.facts.model, chatTemplate: engine.chatTemplate });
  if (format !== undefined) return { judge: new GuardJudge(engine, format, settings), name: format.name, threshold: settings.threshold };
  const find = (settings.judging === "auto" ? engine.findJudge : undefined) ?? letterJudge;
  // How the writer is prompted says nothing of how the judge is.
  return await find(engine, { ...settings, judge: undefined, prompting: "chat" });
}

interface Parts {
  readonly writer: Engine;
  /** The judging one. */
  readonly engine: Engine;
  /** Judges answers in its tokens. */
  readonly inner: AnswerJudge;
}

interface Translated {
  /** What the inner judge makes of it. */
  readonly inner: unknown;
  /** Behind what the writer writes. */
  readonly prefix: Prefix;
  /** Whether the answer begins a turn. */
  readonly isFresh: boolean;
}

/** Tokens of the judge that are kept free for each one of the writer's. An answer that takes more all the same is not judged in part: it fails. */
const MOST_FOR_ONE = 2;

const ADVICE = "the judge's: give the judging model a larger context, or shorten the conversation or the answer, `maxTokens`";

/** A judge of one engine's answers, on another engine. */
class JudgeOfAnother implements AnswerJudge<Translated> {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  conversation(turns: readonly Turn[]): Translated {
    const { writer, inner } = this.#parts;
    return { inner: inner.conversation(withoutOpening(turns)), prefix: writer.tokenizer.render(turns), isFresh: !isBegun(turns) };
  }

  /** @throws {ContextFullError} when the judge has no room: the numbers are of its own context */
  longestAnswer({ inner }: Translated): number {
    const room = this.#parts.inner.longestAnswer(inner);
    const longest = Math.floor(room / MOST_FOR_ONE);
    if (longest < 1) throw this.#isFull(MOST_FOR_ONE, room);
    return longest;
  }

  async prime(conversation: Translated, call: Call, written?: readonly Token[]): Promise<void> {
    const translated = written && this.#translate(written, conversation);
    await this.#parts.inner.prime(conversation.inner, { ...call, purpose: "evaluate" }, translated);
  }

  /** @throws {ContextFullError} when an answer is longer in the judge's tokens than it has room for: it judges no answer in part */
  async verdicts(
    conversation: Translated,
    answers: readonly (readonly Token[])[],
    call: Call,
    isWhole: readonly boolean[] = [],
  ): Promise<Verdict[]> {
    const translated = answers.map((answer) => this.#translate(answer, conversation));
    const room = this.#parts.inner.longestAnswer(conversation.inner);
    const longest = Math.max(...translated.map(({ length }) => length));
    if (longest > room) throw this.#isFull(longest, room);
    return await this.#parts.inner.verdicts(conversation.inner, translated, { ...call, purpose: "evaluate" }, isWhole);
  }

  /** The same text in the judge's tokens, as it would have begun it: behind `Assistant:` with a space, behind a template without one. */
  #translate(answer: readonly Token[], { prefix, isFresh }: Translated): readonly Token[] {
    const { writer, engine } = this.#parts;
    const text = wholeCharacters(writer.tokenizer.detokenize(answer, prefix));
    if (!isFresh) return engine.tokenizer.tokenize(text);
    const begun = text.trimStart();
    return engine.tokenizer.tokenize(engine.facts.hasChatTemplate || begun === "" ? begun : ` ${begun}`);
  }

  #isFull(needed: number, room: number): ContextFullError {
    const { contextSize } = this.#parts.engine.facts;
    return new ContextFullError(contextSize - room + needed, contextSize, ADVICE);
  }
}
