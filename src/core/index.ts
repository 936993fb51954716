export {
  type Answering,
  type FinishReason,
  type RainAnswer,
  type RainEvent,
  type RainStep,
  type TokenLogprob,
  wholeAnswer,
} from "./answer.ts";
export {
  between,
  callback,
  checkByRules,
  checkOptions,
  DEFAULTS,
  didYouMean,
  flag,
  integerBetween,
  isRecord,
  natural,
  oneOf,
  positive,
  type Rule,
  signal,
  uint32,
} from "./check-options.ts";
export { readTurns, roomToJudge, shiftedTurns } from "./context-shift.ts";
export { compare, generate, likeliest, prime, sampleMany } from "./decoding.ts";
export { EitherSignal } from "./either-signal.ts";
export { type Boundary, Ending, firstOf, firstStop, possibleStop, stopStrings } from "./ending.ts";
export type {
  Call,
  Constrained,
  Continuation,
  Engine,
  EngineFacts,
  LogitsProcessing,
  Lookahead,
  NextTokenQuery,
  NextTokens,
  Passage,
  Prefix,
  Priming,
  Question,
  Role,
  SampledToken,
  Sampling,
  Thinking,
  Token,
  TokenCandidate,
  Tokenizer,
  Turn,
} from "./engine.ts";
export {
  ContextFullError,
  complaint,
  EmptySearchError,
  EngineError,
  type EngineErrorCode,
  ExhaustedError,
  JudgeError,
  OptionError,
  QueueFullError,
  RainError,
} from "./errors.ts";
export { checkFormat } from "./format-mask.ts";
export { type Decode, Generation, type GenerationRequest, type Prompt, type PromptOf } from "./generation.ts";
export {
  asRead,
  canAnswer,
  decidedMass,
  Judge,
  type JudgeSettings,
  judgedText,
  LETTERED,
  margin,
  ORDERS,
  type Order,
  offered,
  SHORT,
  shortQuestionText,
  type VerdictQuery,
  verdictQueries,
} from "./judge/judge.ts";
export { noVerdict, startGeneration, verdictLimit, verdictsOn } from "./judge/judged-generation.ts";
export {
  type Example,
  HARMLESS,
  isPrinciple,
  PRINCIPLES,
  type Principle,
  type PrincipleInput,
  principle,
  SENTIMENT,
  type Side,
  TRUTHFUL,
} from "./judge/principle.ts";
export {
  type Acceptance,
  type AnswerJudge,
  type FindJudge,
  type Fitness,
  type FoundJudge,
  isFit,
  type JudgeReport,
  type Thresholds,
  UNFIT_BELOW,
  unfitNotice,
  type Verdict,
  verdictFrom,
} from "./judge/verdict.ts";
export { type Cost, Meter, PURPOSES, type Purpose, type Spent } from "./meter.ts";
export {
  answeredAtOnce,
  isBegun,
  markToken,
  markTokens,
  openedBy,
  renderOpened,
  spelled,
  spelledMarks,
  withoutOpening,
} from "./opening.ts";
export {
  type Explore,
  JUDGINGS,
  type Judging,
  MODES,
  type Mode,
  ON_UNFIT,
  type OnExhausted,
  type OnUnfit,
  POINT_OUT_RESULTS,
  type PointOutResults,
  PRESETS,
  PROMPTINGS,
  type Preset,
  type Prompting,
  type PromptingOptions,
  type RainOptions,
  type Settings,
  type SuggestedSampling,
  THOUGHTS,
  type Thoughts,
  URIAL_LAYOUTS,
  type UrialExample,
  type UrialLayout,
  type VerdictForm,
} from "./options.ts";
export type { FormatPart, Formats, Formatted, FormattedText, JsonFormat, JsonSchema, OutputFormat, PartsFormat } from "./output-format.ts";
export { NEXT_PLAIN_TURN, type PlainTurn, plainConversation, withoutTools } from "./plain-conversation.ts";
export { decode } from "./rain.ts";
export { deriveSeed, randomAt } from "./sampler.ts";
export { checkPlaces } from "./schedule.ts";
export {
  type AffixPair,
  CONTRAST_FORMS,
  type ContrastForm,
  contrastPrefix,
  instructedTurns,
  opposite,
  type Pole,
} from "./search/contrast.ts";
export { cosine, type Embed, embedText } from "./search/embedding.ts";
export type { SearchedNode, SearchedTree } from "./search/searched-tree.ts";
export { SharedWork } from "./shared-work.ts";
export type { CallFormat, CutCall, Tool, ToolCall, ToolChoice } from "./tool.ts";
