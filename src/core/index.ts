export { type Answering, type FinishReason, type RainAnswer, type RainEvent, type RainStep, wholeAnswer } from "./answer.ts";
export { type Boundary, stopStrings } from "./boundary.ts";
export { checkOptions, DEFAULTS } from "./check-options.ts";
export { compare, generate, likeliest, prime, sampleMany } from "./decoding.ts";
export { Ending } from "./ending.ts";
export type {
  Call,
  Continuation,
  Engine,
  EngineFacts,
  Formats,
  Formatted,
  FormattedText,
  JsonFormat,
  JsonSchema,
  Lookahead,
  NextTokenQuery,
  NextTokens,
  OutputFormat,
  Passage,
  Prefix,
  Priming,
  Question,
  Role,
  SampledToken,
  Sampling,
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
export {
  type FindJudge,
  type Fitness,
  type FoundJudge,
  isFit,
  type JudgeReport,
  letterJudge,
  UNFIT_BELOW,
  unfitNotice,
} from "./judge/fitness.ts";
export { InPlaceJudge } from "./judge/in-place-judge.ts";
export { Judge, type JudgeSettings } from "./judge/judge.ts";
export { type LetteredOptions, labelsOf, lettered, letteredQuestion, principleOptions } from "./judge/lettered-question.ts";
export { type Logprobs, letteredVerdict } from "./judge/lettered-verdict.ts";
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
export { ORDERS, type Order, shortQuestionText } from "./judge/question.ts";
export { TurnJudge } from "./judge/turn-judge.ts";
export type { AnswerJudge, Verdict } from "./judge/verdict.ts";
export { noVerdict, verdictLimit } from "./judge/verdict-limit.ts";
export { type Cost, Meter, PURPOSES, type Purpose, type Spent } from "./meter.ts";
export {
  between,
  callback,
  checkByRules,
  didYouMean,
  flag,
  isRecord,
  natural,
  oneOf,
  positive,
  type Rule,
  signal,
  uint32,
} from "./option-rules.ts";
export {
  type Explore,
  JUDGINGS,
  type Judging,
  MODES,
  type Mode,
  ON_UNFIT,
  type OnExhausted,
  type OnUnfit,
  type RainOptions,
  type Settings,
  type VerdictForm,
} from "./options.ts";
export { PRESETS, type Preset } from "./presets.ts";
export { promptingNotice, promptLength, promptOf, withPrompting } from "./prompt.ts";
export { AFFIX_PAIRS, type AffixPair, CONTRAST_FAMILIES, type ContrastFamily } from "./prompts/affixes.ts";
export { plainConversation } from "./prompts/chat-turn.ts";
export { CONTRAST_FORMS, type ContrastForm, contrastPrefix, instructedTurns, opposite, type Pole } from "./prompts/contrast.ts";
export { PROMPTINGS, type Prompting, type PromptingOptions, URIAL_LAYOUTS, type UrialLayout } from "./prompts/prompting.ts";
export type { UrialExample } from "./prompts/urial-examples.ts";
export { answer, rain } from "./rain.ts";
export { deriveSeed, randomAt } from "./random.ts";
export { cosine, type Embed, embedText } from "./search/embedding.ts";
export type { SearchedNode, SearchedTree } from "./search/searched-tree.ts";
export { SharedWork } from "./shared-work.ts";
export type { CallKeys, Tool, ToolCall, ToolChoice } from "./tools/tool.ts";
