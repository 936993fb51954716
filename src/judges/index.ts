export { judgeBy } from "./another-model.ts";
export { answersOf, balanced, besides } from "./built-in-answers.ts";
export { cacheFolder } from "./cache-folder.ts";
export { type Calibrated, type CalibrateOptions, calibrateJudge, checkAnswers, isGround } from "./calibrate.ts";
export {
  type Calibration,
  type CalibrationOptions,
  type Checkup,
  calibrate,
  type JudgeChoice,
  type MeasureJudge,
  measureJudge,
} from "./calibration.ts";
export { type Candidate, candidate, type MeasuredJudge } from "./candidate.ts";
export { type FindJudgeOptions, fittedJudge, judgeKey, keptJudge } from "./find-judge.ts";
export { type FittedJudge, foundJudge, overChecks } from "./fitted-judge.ts";
export { guardFormat } from "./guard-formats.ts";
export { type JudgeKey, judgeFile, judgeFolder, type KeptJudge, readJudge, writeJudge } from "./judge-folder.ts";
export {
  ASKED_NAME,
  type JudgedAnswers,
  judgedBy,
  judgedByFitted,
  judgedByLetters,
  type UnjudgedAnswers,
} from "./judged-answers.ts";
export {
  LABEL_FORMATS,
  type LabelFormat,
  type LabelledAnswer,
  promptKey,
  readLabelledAnswers,
  readLabelledFile,
} from "./labelled-answers.ts";
export { BEHIND_EXAMPLES, findJudge, IN_PLACE, letterJudge } from "./lettered/letter-judge.ts";
export {
  type LetteredOptions,
  type Logprobs,
  labelsOf,
  lettered,
  letteredQuestion,
  letteredVerdict,
  principleOptions,
} from "./lettered/lettered-question.ts";
export { TurnJudge } from "./lettered/turn-judge.ts";
export * from "./metrics.ts";
export { PLACES, type PlaceName } from "./places/place.ts";
export { type Cut, cutsOf, panelOf, type ReadAnswers, type ReadOptions, readAnswers, readingsOf } from "./read-answers.ts";
export { fitReadout, logistic, logOdds, type Reading, sigmoid } from "./readout.ts";
export { thresholdsFor } from "./thresholds.ts";
