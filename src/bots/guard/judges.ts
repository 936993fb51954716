import {
  checkOptions,
  type Engine,
  type FindJudge,
  type FoundJudge,
  isFit,
  type Preset,
  type Principle,
  type Prompting,
  type Turn,
} from "../../core/index.ts";
import { foundJudge, judgeKey, type KeptJudge, letterJudge, TurnJudge } from "../../judges/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { calibrateGuild } from "./calibrate-guild.ts";
import type { GuildJudges } from "./guild-judges.ts";
import type { CalibrationReport, CalibrationRequest, CalibrationWaiting, KnownJudge, TextVerdict } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";
import { Latest } from "./latest.ts";
import { waited } from "./waited.ts";

/** Examples that a judge by letters reads first. */
const JUDGE_EXAMPLES = 10;

/** Guilds whose own judges are remembered; of the others they are read again. */
const MOST_GUILDS = 500;

/** Judges of the model's that are remembered: principles are as many as guilds write. */
const MOST_FOUND = 1000;

/** Which judge is meant, and how answers are asked for that it judges while they are written. */
export interface WantedJudge {
  readonly principle: Principle;
  readonly preset: Preset;
  readonly prompting?: Prompting | undefined;
}

/** A judge that is there. */
export interface ReadyJudge {
  readonly known: KnownJudge;
  readonly verdict: (turns: readonly Turn[], signal: AbortSignal) => Promise<TextVerdict>;
}

/** A judge that a guild has taught, as it was kept. */
type OwnJudge = Promise<ReadyJudge | undefined>;

/** The judges on one engine: the model's own, and those that guilds have taught. What belongs to one guild is never looked up for another. */
export class Judges {
  readonly #engine: Engine;
  readonly #guilds: GuildJudges | undefined;
  readonly #life: AbortSignal;
  readonly #find: FindJudge | undefined;
  /** The model's judge of whole texts. */
  readonly #model: TurnJudge;
  readonly #found = new Latest<Promise<FoundJudge>>(MOST_FOUND);
  readonly #own = new Latest<Map<string, OwnJudge>>(MOST_GUILDS);

  /** @param life aborted when the engine is not used any more */
  constructor(engine: Engine, { guilds, life }: { readonly guilds: GuildJudges | undefined; readonly life: AbortSignal }) {
    const { findJudge } = engine;
    this.#engine = engine;
    this.#guilds = guilds;
    this.#life = life;
    // Finding it is for all who ask: no single one's signal ends it.
    this.#find = findJudge && ((writer, settings) => findJudge(writer, { ...settings, signal: life }));
    this.#model = new TurnJudge(engine, JUDGE_EXAMPLES, this.#find);
  }

  /**
   * The model's judge, which at its first use reads labelled answers, and goes on doing so whoever leaves.
   *
   * @throws the reason of `signal`, at once
   */
  async found({ principle, preset, prompting }: WantedJudge, signal?: AbortSignal): Promise<FoundJudge> {
    const key = JSON.stringify([principle, preset, prompting]);
    const settings = checkOptions({ principle, preset, signal: this.#life, ...(prompting === undefined ? {} : { prompting }) });
    const found = this.#found.get(key) ?? Promise.resolve((this.#find ?? letterJudge)(this.#engine, withPrompting(this.#engine, settings)));
    this.#found.set(key, found);
    // Who comes next tries again.
    found.catch(() => this.#found.delete(key));
    return await waited(found, signal);
  }

  /** The judge for what people of this guild write; without one, for what the bot writes. */
  async ready(wanted: WantedJudge, guild?: string, signal?: AbortSignal): Promise<ReadyJudge> {
    const own = guild === undefined ? undefined : await waited(this.#ownOf(guild, wanted.principle), signal);
    return own ?? (await this.#modelJudge(wanted, signal));
  }

  /** Teaches a guild's own judge. */
  async calibrate(
    { guild, principle, decisions }: CalibrationRequest,
    { signal, onProgress }: CalibrationWaiting & { readonly signal: AbortSignal },
  ): Promise<CalibrationReport> {
    const guilds = this.#guilds;
    if (guilds === undefined) throw new InferenceError("model", "Expected a folder for the judges of guilds (`dataFolder`), got none");
    const key = await this.#keyOf(principle);
    const { known } = await this.ready({ principle, preset: "strict" }, guild, signal);
    const calibration = { engine: this.#engine, principle, decisions, model: this.#model, isFitNow: known.isFit, signal, onProgress };
    const [report, judge] = await calibrateGuild(calibration);
    signal.throwIfAborted();
    if (judge !== undefined) await guilds.write(guild, key, judge);
    this.forget(guild);
    return report;
  }

  /** What is remembered of a guild's judges: they are read again. */
  forget(guild: string): void {
    this.#own.delete(guild);
  }

  async #modelJudge(wanted: WantedJudge, signal: AbortSignal | undefined): Promise<ReadyJudge> {
    return readyJudge(this.#model, wanted.principle, { ...(await this.found(wanted, signal)), isOwn: false });
  }

  async #ownOf(guild: string, principle: Principle): OwnJudge {
    const guilds = this.#guilds;
    if (guilds === undefined) return undefined;
    const ofGuild = this.#own.get(guild) ?? new Map<string, OwnJudge>();
    this.#own.set(guild, ofGuild);
    const key = JSON.stringify(principle);
    const own = ofGuild.get(key) ?? this.#readOwn(guilds, guild, principle);
    ofGuild.set(key, own);
    return await own;
  }

  async #readOwn(guilds: GuildJudges, guild: string, principle: Principle): OwnJudge {
    // A model that is no file has none: there is nothing to tell it from another one.
    const key = await this.#keyOf(principle).catch(() => undefined);
    const kept = key && (await guilds.read(guild, key));
    return kept && this.#ready(kept, principle);
  }

  #ready({ fitted, source }: KeptJudge, principle: Principle): ReadyJudge {
    const judge = new TurnJudge(this.#engine, JUDGE_EXAMPLES, (engine, settings) => foundJudge(fitted, engine, settings));
    const settings = withPrompting(this.#engine, checkOptions({ principle, preset: "strict" }));
    return readyJudge(judge, principle, { ...foundJudge(fitted, this.#engine, settings), source, isOwn: true });
  }

  /** As the judge of whole texts is prompted. */
  async #keyOf(principle: Principle) {
    return await judgeKey(this.#engine, checkOptions({ principle, preset: "strict" }));
  }
}

function readyJudge(judge: TurnJudge, principle: Principle, found: FoundJudge & Pick<KnownJudge, "isOwn">): ReadyJudge {
  const { fitness, source, isOwn, threshold, beginningThreshold = threshold } = found;
  const known = { isFit: isFit({ fitness }), fitness, source, isOwn, threshold, beginningThreshold };
  return { known, verdict: async (turns, signal) => ({ value: await judge.value(turns, principle, signal), judge: known }) };
}
