/** The bot without Discord: what guilds decide, what the bot remembers, how a question becomes a vetted answer and a message a finding. */

export { ACTIONS, type Action } from "./actions.ts";
export { dayBefore } from "./days.ts";
export { decisionsBy } from "./decisions.ts";
export { EngineInference, type EngineInferenceOptions } from "./engine-inference.ts";
export { everySettings, hasUsualLimit, settingsFor } from "./exceptions.ts";
export { choice, id, ids, numberOf, onOrOff, type Picks, typed, whole } from "./fields.ts";
export { decidedByFilters, type FilterHit, filterActions, filterHits, type Heard, newcomerWords, withFindings } from "./filters/filter.ts";
export { cooldown, dailyCaps, failures, fewAtOnce, guarded, judgedQuestions, shortQuestions } from "./guards.ts";
export { expectedHits, isBeyond } from "./hit-rate.ts";
export type {
  Account,
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  CoursePoint,
  Decision,
  Inference,
  JudgeFigures,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "./inference.ts";
export { InferenceError, type InferenceErrorCode } from "./inference-error.ts";
export { GuildJudges } from "./judges.ts";
export type { TextKey } from "./languages/language.ts";
export {
  isSaid,
  LANGUAGES,
  numeral,
  oneOrMany,
  type PlainKey,
  retold,
  type Said,
  say,
  saying,
  sayUnlessOwn,
  together,
  type Words,
} from "./languages/say.ts";
export { belowLimit, hundredthsOf, isLow, limitFor, limitOf, type Values, valuesBy } from "./limits.ts";
export { actsBy, type Judgement, judgeMessage, NOTHING_JUDGED, type UnfitJudge } from "./moderate.ts";
export { normalise, withoutUnseen } from "./normalise.ts";
export { own } from "./own.ts";
export { MOST_BYTES, ProblemsError, readPlainYaml } from "./plain-yaml.ts";
export { type Incoming, type Outcome, type Reason, type Respond, responding, type Utterance, Vetted } from "./respond.ts";
export { DEFAULT_SETTINGS, type GuildSettings, guildPrinciple, principleNames, USUAL } from "./settings.ts";
export { type SettingFacts, type SettingsPage, settingFacts, settingsPage } from "./settings-pages.ts";
export {
  changedAt,
  checkSettings,
  exportSettings,
  importSettings,
  SettingsError,
  settingPaths,
  textAt,
} from "./settings-text.ts";
export { excerptOf, hashOf, isCutJudged, judgedText } from "./store/excerpts.ts";
export { openStore } from "./store/open-store.ts";
export type {
  AuditEntry,
  AuditRecord,
  AuditWanted,
  CardPlace,
  DayCounts,
  Finding,
  Judged,
  JudgedMessage,
  LowMessage,
  NewReview,
  PersonalData,
  Presence,
  ReplyEnd,
  ReplyRecord,
  ReviewRecord,
  SanctionRecord,
  SettingsVersion,
  Store,
  Unfinished,
} from "./store/store.ts";
export { SANCTIONS } from "./store/store.ts";
export { SettingsConflictError, StoreError, type StoreErrorCode } from "./store/store-error.ts";
