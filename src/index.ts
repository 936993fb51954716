/** The public names of rain-align. The llama.cpp engine is another entry, `rain-align/llama`, as it loads native code. */

// Writing an answer
export { answer, rain } from "./rain.ts";
export type { Answering, FinishReason, RainAnswer, RainEvent, RainStep, TokenLogprob, VerdictForm } from "./core/index.ts";
export { AnswerQueue, type AnswerQueueOptions, type QueuedOptions } from "./serving/index.ts";

// Options
export { checkOptions, DEFAULTS, MODES, PRESETS } from "./core/index.ts";
export type {
  Explore,
  Judging,
  Mode,
  OnExhausted,
  OnUnfit,
  PointOutResults,
  Preset,
  RainOptions,
  Settings,
  SuggestedSampling,
  Thoughts,
} from "./core/index.ts";

// What the judge judges, and how well it does
export { HARMLESS, isFit, Judge, PRINCIPLES, principle, SENTIMENT, TRUTHFUL } from "./core/index.ts";
export { letterJudge } from "./judges/index.ts";
export type {
  Acceptance,
  AnswerJudge,
  Example,
  FindJudge,
  Fitness,
  FoundJudge,
  JudgeReport,
  JudgeSettings,
  Verdict,
  Principle,
  PrincipleInput,
  Side,
  Thresholds,
} from "./core/index.ts";
export { type Calibration, type CalibrationOptions, calibrate, measureJudge } from "./judges/index.ts";
export type { Checkup, JudgeChoice, MeasureJudge } from "./judges/index.ts";

// A judge for a model: fitted on labelled answers, or another model
export { answersOf, calibrateJudge, fittedJudge, judgeBy, readLabelledAnswers, readLabelledFile } from "./judges/index.ts";
export type {
  Calibrated,
  CalibrateOptions,
  Candidate,
  FindJudgeOptions,
  FittedJudge,
  LabelFormat,
  LabelledAnswer,
} from "./judges/index.ts";

// Engines: what runs the model, and what is asked of it
export { compare, generate, likeliest, prime, renderOpened, sampleMany } from "./core/index.ts";
export type {
  Call,
  Constrained,
  Continuation,
  Engine,
  EngineFacts,
  Formats,
  Formatted,
  FormattedText,
  JsonFormat,
  JsonSchema,
  LogitsProcessing,
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
  Thinking,
  Token,
  TokenCandidate,
  Tokenizer,
  Turn,
} from "./core/index.ts";
export type { CallFormat, CutCall, FormatPart, PartsFormat, Tool, ToolCall, ToolChoice } from "./core/index.ts";
export { type CallKeys, jsonCalls } from "./tools/families/index.ts";

// How a model without chat training is prompted
export { promptingNotice } from "./prompting/index.ts";
export type { Prompting, PromptingOptions, UrialExample, UrialLayout } from "./core/index.ts";

// Preference pairs
export type { AffixPair, ContrastForm, Pole } from "./core/index.ts";
export { AFFIX_PAIRS, type ContrastFamily } from "./pairs/index.ts";
export { engineSimulator, preferencePairs, promptsAtOnce } from "./pairs/index.ts";
export type {
  EngineSimulation,
  Label,
  LeftOut,
  Pairing,
  PairMessage,
  PairMetadata,
  PairOutcome,
  PreferencePair,
  Simulation,
  Simulator,
} from "./pairs/index.ts";

// Cost
export { Meter, PURPOSES, type Cost, type Purpose, type Spent } from "./core/index.ts";

// Similarity of texts
export { cosine, embedText, type Embed } from "./core/index.ts";

// How an answer came about, as a page
export type { SearchedNode, SearchedTree } from "./core/index.ts";
export { Trace, tracePage, type TraceData, type TraceStep } from "./trace/index.ts";

// Errors
export {
  ContextFullError,
  EmptySearchError,
  EngineError,
  type EngineErrorCode,
  ExhaustedError,
  JudgeError,
  OptionError,
  QueueFullError,
  RainError,
} from "./core/index.ts";
