import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Middleware,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import { complaint, DEFAULTS, deriveSeed, type Engine, isRecord, OptionError } from "../../core/index.ts";
import { checked, defaultsOf, TEXT_JUDGING_TABLE, type TextJudgingOptions, type TextJudgingSettings } from "../judging/options.ts";
import {
  EngineJudge,
  isTextJudge,
  type JudgeAbout,
  judgeAbout,
  judgedValue,
  judgeMetadata,
  type TextJudge,
  unfitError,
} from "../judging/text-judge.ts";
import { RainViolationError } from "../judging/violation.ts";
import { isName, isOpaque, withoutWords } from "../judging/wordless.ts";
import { type Content, ContentOfParts, partsOf } from "./content.ts";
import { callText, judgedTurns } from "./prompt.ts";

/** How a model's answers are judged. All but the judge is optional. */
export interface RainMiddlewareOptions extends TextJudgingOptions {
  /** What judges: a local engine, or a judge of your own. */
  readonly judge: Engine | TextJudge;
}

/**
 * RAIN around any model of the AI SDK: its answer is held back until it is judged; one that is judged bad is left and written again. Nothing is released unjudged, in a stream
 * either: what was accepted comes in one piece, and how it came about in `providerMetadata.rain`. Texts and calls are released; thoughts, files, sources, and calls that run at
 * the provider are left out, as nobody judges them, and a warning says so.
 *
 * ```ts
 * await using engine = await loadLlamaEngine({ model: "embedded" });
 * const model = wrapLanguageModel({ model: hosted, middleware: rainMiddleware({ judge: engine }) });
 * ```
 *
 * Calls reject with `RainViolationError` when nothing passes and `onExhausted` is "error", with `JudgeError` when the judge gives no usable verdict, or is unfit and `onUnfit` is
 * "error", and with what the model throws, without its words.
 *
 * @throws {OptionError} for options that cannot be meant
 */
export function rainMiddleware(options: RainMiddlewareOptions): LanguageModelV4Middleware {
  const { judge, ...given } = isRecord(options) ? options : ({} as RainMiddlewareOptions);
  const settings = { ...defaultsOf<TextJudgingSettings>(TEXT_JUDGING_TABLE), ...checked(given, TEXT_JUDGING_TABLE) };
  const textJudge = judgeOf(judge, settings);
  const write = async (model: LanguageModelV4, call: LanguageModelV4CallOptions, draft: DraftOf) =>
    await new JudgedAnswer({ model, call, draft, settings, judge: textJudge }).write();
  return {
    specificationVersion: "v4",
    wrapGenerate: async ({ model, params }) => await write(model, params, generated),
    wrapStream: async ({ model, params }) => streamOf(await write(model, params, streamed)),
  };
}

function judgeOf(judge: Engine | TextJudge, settings: TextJudgingSettings): TextJudge {
  if (isTextJudge(judge)) return judge;
  if (isRecord(judge) && isRecord(judge.tokenizer) && typeof judge.next === "function") return new EngineJudge(judge, settings);
  throw new OptionError("judge", complaint("judge", "an engine, or an object with a method `judge`", judge), judge);
}

/** How a draft is had: as the call was meant, in one piece or as a stream that is read to its end. */
type DraftOf = (model: LanguageModelV4, call: LanguageModelV4CallOptions) => Promise<Draft>;

/** What a model has written. Nobody has read it yet. */
type Draft = Pick<LanguageModelV4GenerateResult, "content" | "finishReason" | "usage" | "providerMetadata" | "response" | "warnings">;

const generated: DraftOf = async (model, call) => await model.doGenerate(call);

const streamed: DraftOf = async (model, call) => {
  const { stream } = await model.doStream(call);
  const parts = new ContentOfParts();
  let draft: Draft = { content: parts.content, finishReason: { unified: "other", raw: undefined }, usage: NO_USAGE, warnings: [] };
  for await (const part of stream as unknown as AsyncIterable<LanguageModelV4StreamPart>) {
    parts.add(part);
    if (part.type === "error") throw part.error;
    if (part.type === "stream-start") draft = { ...draft, warnings: part.warnings };
    if (part.type === "response-metadata") draft = { ...draft, response: part };
    if (part.type === "finish") {
      const { finishReason, usage, providerMetadata } = part;
      draft = { ...draft, finishReason, usage, ...(providerMetadata === undefined ? {} : { providerMetadata }) };
    }
  }
  return draft;
};

interface JudgedCall {
  readonly model: LanguageModelV4;
  readonly call: LanguageModelV4CallOptions;
  readonly draft: DraftOf;
  readonly settings: TextJudgingSettings;
  readonly judge: TextJudge;
}

/** A draft of which all is known. */
interface Judged {
  readonly draft: Draft;
  readonly content: readonly Content[];
  readonly text: string;
  readonly value: number;
}

/** One answer: its drafts, and what they were found to be. */
class JudgedAnswer {
  readonly #asked: JudgedCall;
  #about: Partial<JudgeAbout> = {};
  #rewinds = 0;
  #evaluations = 0;
  #usage = NO_USAGE;
  #best: Judged | undefined;

  constructor(asked: JudgedCall) {
    this.#asked = asked;
  }

  async write(): Promise<LanguageModelV4GenerateResult> {
    const { settings, judge, call } = this.#asked;
    const { principle, onUnfit, onExhausted, retries } = settings;
    this.#about = await judgeAbout(judge, { principle, signal: call.abortSignal });
    const isFit = this.#isFit();
    if (!isFit && (onUnfit === "error" || (onUnfit === "refuse" && onExhausted === "error"))) throw unfitError(principle, this.#about);
    if (!isFit && onUnfit === "refuse") return this.#refusal(0);
    for (;;) {
      const judged = await this.#next();
      if (!isFit) return this.#released(judged, false);
      if (judged.value >= this.#least(judged)) {
        await settings.onRainEvent({ type: "commit", text: judged.text, value: judged.value });
        return this.#released(judged, true);
      }
      if (this.#best === undefined || judged.value > this.#best.value) this.#best = judged;
      if (this.#rewinds >= retries) return await this.#giveUp(this.#best);
      this.#rewinds++;
      const discarded = settings.revealDiscarded ? { discarded: judged.text } : {};
      await settings.onRainEvent({ type: "rewind", rewinds: this.#rewinds, value: judged.value, ...discarded });
    }
  }

  /** Where the judge was measured and guesses, it judges nothing. */
  #isFit(): boolean {
    return judgeMetadata(this.#about).isFit;
  }

  /** Where one draft was flagged the next one is likely bad, too: what is taken in its place has to be likely good. */
  #least({ draft }: Judged): number {
    const threshold = this.#threshold();
    const accepted = this.#rewinds > 0 ? this.#about.acceptance?.(this.#rewinds) : undefined;
    const { threshold: said } = this.#asked.settings;
    // What its limit has cut has no end of its own: it is a beginning.
    const isCut = draft.finishReason.unified === "length" && !draft.content.some(({ type }) => type === "tool-call");
    if (isCut) return Math.max(said ?? this.#about.beginningThreshold ?? threshold, accepted?.beginning ?? -1);
    return Math.max(threshold, accepted?.whole ?? -1);
  }

  #threshold(): number {
    return this.#asked.settings.threshold ?? this.#about.threshold ?? DEFAULTS.threshold;
  }

  async #next(): Promise<Judged> {
    const { model, draft: draftOf, call } = this.#asked;
    call.abortSignal?.throwIfAborted();
    const draft = await this.#wordless(() => draftOf(model, this.#askedAgain()));
    this.#usage = sumOf(this.#usage, draft.usage);
    const content = draft.content.flatMap(releasable);
    const text = content.map((piece) => (piece.type === "text" ? piece.text : wordsOf(piece))).join("\n");
    return { draft, content, text, value: this.#isFit() ? await this.#valueOf(text) : 0 };
  }

  /** Providers quote in their errors what the model wrote. */
  async #wordless<Result>(work: () => PromiseLike<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      this.#asked.call.abortSignal?.throwIfAborted();
      throw withoutWords(error);
    }
  }

  async #valueOf(text: string): Promise<number> {
    // What says and calls nothing is no answer.
    if (text.trim() === "") return -1;
    const { settings, judge, call } = this.#asked;
    const { principle, judgeSignal } = settings;
    const turns = [...judgedTurns(call.prompt), { role: "assistant", text } as const];
    this.#evaluations++;
    return await judgedValue(turns, judge, { principle, judgeSignal, signal: call.abortSignal });
  }

  /** The call that asks for the next draft: behind the first, with guidance, and with another seed where it has one. */
  #askedAgain(): LanguageModelV4CallOptions {
    const { call, settings } = this.#asked;
    if (this.#rewinds === 0) return call;
    const seed = call.seed === undefined ? {} : { seed: deriveSeed(call.seed, this.#rewinds) };
    return { ...call, ...seed, prompt: settings.guidance === "" ? call.prompt : guided(call.prompt, settings.guidance) };
  }

  async #giveUp(best: Judged): Promise<LanguageModelV4GenerateResult> {
    const { onExhausted, onRainEvent, principle } = this.#asked.settings;
    if (onExhausted === "best") return this.#released(best, false);
    const { value } = best;
    await onRainEvent({ type: "violation", stage: "output", value });
    if (onExhausted === "refuse") return this.#refusal(value);
    throw new RainViolationError("output", { principle: principle.name, threshold: this.#threshold(), value, rewinds: this.#rewinds });
  }

  #refusal(value: number): LanguageModelV4GenerateResult {
    return {
      content: [{ type: "text", text: this.#asked.settings.refusal }],
      finishReason: { unified: "content-filter", raw: undefined },
      usage: this.#usage,
      providerMetadata: this.#account(value, false),
      warnings: [],
    };
  }

  #released({ draft, content, value }: Judged, accepted: boolean): LanguageModelV4GenerateResult {
    const { finishReason, providerMetadata, response, warnings } = draft;
    const leftOut = new Set(draft.content.filter((piece) => releasable(piece).length === 0).map(({ type }) => type));
    return {
      content: [...content],
      // A provider's own word for it may be any.
      finishReason: { unified: finishReason.unified, raw: isName(finishReason.raw) ? finishReason.raw : undefined },
      usage: this.#usage,
      providerMetadata: { ...opaqueMetadata(providerMetadata), ...this.#account(value, accepted) },
      ...(response === undefined ? {} : { response: factsOf(response) }),
      warnings: [...warnings, ...[...leftOut].map((type) => ({ type: "other", message: `Left out what nobody judges: ${type}` }) as const)],
    };
  }

  #account(value: number, accepted: boolean): SharedV4ProviderMetadata {
    const { principle } = this.#asked.settings;
    const judge = { ...judgeMetadata({ ...this.#about, threshold: this.#threshold() }) };
    return {
      rain: { mode: "critique", principle: principle.name, value, rewinds: this.#rewinds, evaluations: this.#evaluations, accepted, judge },
    };
  }
}

/** What is released once it is judged: texts, and calls that the caller makes. */
function releasable(piece: LanguageModelV4Content): Content[] {
  const known = piece.providerMetadata === undefined ? {} : { providerMetadata: opaqueMetadata(piece.providerMetadata) };
  if (piece.type === "text") return [{ type: "text", text: piece.text, ...known }];
  if (piece.type !== "tool-call" || piece.providerExecuted === true) return [];
  const { toolCallId, toolName, input } = piece;
  return [{ type: "tool-call", toolCallId, toolName, input, ...known }];
}

/** An id goes along unread, unless it is a text. */
function wordsOf(piece: Content): string {
  if (piece.type !== "tool-call") return piece.text;
  const call = callText(piece.toolName, piece.input);
  return isName(piece.toolCallId) ? call : `${call} ${piece.toolCallId}`;
}

/** Of what a provider says beside an answer, what nobody can read: signatures, ids, counts. */
function opaqueMetadata(metadata: SharedV4ProviderMetadata | undefined): SharedV4ProviderMetadata {
  const known = Object.entries(metadata ?? {}).map(([provider, fields]) => {
    const opaque = Object.entries(fields).filter(([, value]) => typeof value === "number" || isOpaque(value));
    return [provider, Object.fromEntries(opaque)] as const;
  });
  return Object.fromEntries(known.filter(([, fields]) => Object.keys(fields).length > 0));
}

function factsOf({ id, modelId, timestamp }: NonNullable<Draft["response"]>) {
  return {
    ...(isName(id) ? { id } : {}),
    ...(isName(modelId) ? { modelId } : {}),
    ...(timestamp instanceof Date ? { timestamp } : {}),
  };
}

/** Providers want one system message, and want it first. */
function guided(prompt: LanguageModelV4Prompt, guidance: string): LanguageModelV4Prompt {
  const [first, ...others] = prompt;
  if (first?.role !== "system") return [{ role: "system", content: guidance }, ...prompt];
  return [{ ...first, content: `${first.content}\n\n${guidance}` }, ...others];
}

const NO_USAGE: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** What all drafts cost. A count that nobody gives is unknown. */
function sumOf(left: LanguageModelV4Usage, right: LanguageModelV4Usage): LanguageModelV4Usage {
  const sum = (one: number | undefined, other: number | undefined) => (one === undefined ? other : one + (other ?? 0));
  return {
    inputTokens: {
      total: sum(left.inputTokens.total, right.inputTokens.total),
      noCache: sum(left.inputTokens.noCache, right.inputTokens.noCache),
      cacheRead: sum(left.inputTokens.cacheRead, right.inputTokens.cacheRead),
      cacheWrite: sum(left.inputTokens.cacheWrite, right.inputTokens.cacheWrite),
    },
    outputTokens: {
      total: sum(left.outputTokens.total, right.outputTokens.total),
      text: sum(left.outputTokens.text, right.outputTokens.text),
      reasoning: sum(left.outputTokens.reasoning, right.outputTokens.reasoning),
    },
  };
}

function streamOf({
  content,
  finishReason,
  usage,
  providerMetadata,
  response,
  warnings,
}: LanguageModelV4GenerateResult): LanguageModelV4StreamResult {
  const parts: LanguageModelV4StreamPart[] = [
    { type: "stream-start", warnings },
    ...(response === undefined ? [] : [{ type: "response-metadata", ...response } as const]),
    ...partsOf(content as Content[]),
    { type: "finish", finishReason, usage, ...(providerMetadata === undefined ? {} : { providerMetadata }) },
  ];
  return { stream: ReadableStream.from(parts) as ReadableStream<LanguageModelV4StreamPart> };
}
