import { createHash } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  checkOptions,
  DEFAULTS,
  type Engine,
  type FindJudge,
  type FoundJudge,
  isFit,
  type Preset,
  type Principle,
  type Prompting,
  type Turn,
} from "../../core/index.ts";
import {
  foundJudge,
  type JudgeKey,
  judgeFile,
  judgeKey,
  type KeptJudge,
  letterJudge,
  readJudge,
  TurnJudge,
  writeJudge,
} from "../../judges/index.ts";
import { withPrompting } from "../../prompting/index.ts";
import { calibrateGuild } from "./calibrate-guild.ts";
import type { CalibrationReport, CalibrationRequest, CalibrationWaiting, JudgesRequest, KnownJudge, TextVerdict } from "./inference.ts";
import { InferenceError } from "./inference-error.ts";

/** Examples that a judge by letters reads first. */
const JUDGE_EXAMPLES = 10;

/** Guilds whose own judges are remembered; of the others they are read again. */
const MOST_GUILDS = 500;

/** Judges of the model's that are remembered: principles are as many as guilds write. */
const MOST_FOUND = 1000;

/** Principles that are remembered: each holds a judge with a preamble. */
const MOST_PRINCIPLES = 500;

/** Which judge is meant, and how answers are asked for that it judges while they are written. */
interface WantedJudge {
  readonly principle: Principle;
  readonly preset: Preset;
  readonly prompting?: Prompting | undefined;
}

/** A judge that is there. */
interface ReadyJudge {
  readonly known: KnownJudge;
  readonly verdict: (turns: readonly Turn[], signal: AbortSignal, isWhole: boolean) => Promise<TextVerdict>;
}

/** The judges on one engine: the model's own, and those that guilds have taught. What belongs to one guild is never looked up for another. */
export class Judges {
  readonly #engine: Engine;
  readonly #guilds: GuildJudges | undefined;
  readonly #life: AbortSignal;
  readonly #find: FindJudge | undefined;
  /** The model's judges of whole texts, by how they ask. */
  readonly #models = new Map<Preset, TurnJudge>();
  readonly #found = new Map<string, Promise<FoundJudge>>();
  /** By guild, and then by principle. */
  readonly #own = new Map<string, Map<string, Promise<ReadyJudge | undefined>>>();
  readonly #principles = new Map<string, Principle>();
  readonly #versions = new WeakMap<Pick<FoundJudge, "fitness" | "source">, string>();

  /** @param life aborted when the engine is not used any more */
  constructor(engine: Engine, { guilds, life }: { readonly guilds: GuildJudges | undefined; readonly life: AbortSignal }) {
    const { findJudge } = engine;
    this.#engine = engine;
    this.#guilds = guilds;
    this.#life = life;
    // Finding it is for all who ask: no single one's signal ends it.
    this.#find = findJudge && ((writer, settings) => findJudge(writer, { ...settings, signal: life }));
  }

  /** Principles come as data, often from another process, and preambles are kept by principle: equal ones are made one. */
  same(principle: Principle): Principle {
    return remembered(this.#principles, MOST_PRINCIPLES, JSON.stringify(principle), () => principle);
  }

  /**
   * The model's judge, which at its first use reads labelled answers, and goes on doing so when its caller leaves.
   *
   * @throws the reason of `signal`, at once
   */
  async found({ principle, preset, prompting }: WantedJudge, signal?: AbortSignal): Promise<FoundJudge> {
    const key = JSON.stringify([principle, preset, prompting]);
    const settings = checkOptions({ principle, preset, signal: this.#life, ...(prompting === undefined ? {} : { prompting }) });
    const find = this.#find ?? letterJudge;
    const found = remembered(this.#found, MOST_FOUND, key, async () => await find(this.#engine, withPrompting(this.#engine, settings)));
    // The next caller tries again.
    found.catch(() => this.#found.delete(key));
    return await waited(found, signal);
  }

  /**
   * The judges for what people of this guild write, which always ask; without one, for what the bot writes, which ask as while it was written: else it
   * would pass two judges, and be refused by either.
   */
  async ready({ principles, guild, preset = presetFor(guild) }: JudgesRequest, signal?: AbortSignal): Promise<readonly ReadyJudge[]> {
    const ready: ReadyJudge[] = [];
    for (const principle of principles) ready.push(await this.#readyBy({ principle, preset }, guild, signal));
    return ready;
  }

  /** Teaches a guild's own judge. */
  async calibrate(request: CalibrationRequest, waiting: CalibrationWaiting & { readonly signal: AbortSignal }): Promise<CalibrationReport> {
    const { guild, decisions } = request;
    const guilds = this.#guilds;
    if (guilds === undefined) throw new InferenceError("model", "Expected a folder for the judges of guilds (`dataFolder`), got none");
    const principle = this.same(request.principle);
    const key = await this.#keyOf(principle);
    const { known } = await this.#readyBy({ principle, preset: "strict" }, guild, waiting.signal);
    const calibration = { engine: this.#engine, principle, decisions, model: this.#model("strict"), isFitNow: known.isFit, ...waiting };
    const [report, judge] = await calibrateGuild(calibration);
    waiting.signal.throwIfAborted();
    if (judge !== undefined) await guilds.write(guild, key, judge);
    this.forget(guild);
    return report;
  }

  /** What is remembered of a guild's judges: they are read again. */
  forget(guild: string): void {
    this.#own.delete(guild);
  }

  async #readyBy(wanted: WantedJudge, guild: string | undefined, signal: AbortSignal | undefined): Promise<ReadyJudge> {
    const principle = this.same(wanted.principle);
    const own = guild === undefined ? undefined : await waited(this.#ownOf(guild, principle), signal);
    if (own !== undefined) return own;
    const found = await this.found({ ...wanted, principle }, signal);
    return readyJudge(this.#model(wanted.preset), principle, { ...found, isOwn: false, version: await this.#versionOf(principle, found) });
  }

  #model(preset: Preset): TurnJudge {
    const known = this.#models.get(preset) ?? new TurnJudge(this.#engine, { preset, judgeExamples: JUDGE_EXAMPLES, judge: this.#find });
    this.#models.set(preset, known);
    return known;
  }

  /** A judge that is fitted anew is measured anew, on whatever it was fitted to. */
  async #versionOf(principle: Principle, found: Pick<FoundJudge, "fitness" | "source">): Promise<string> {
    const known = this.#versions.get(found) ?? versionOf([await this.#nameOf(principle), found.fitness, found.source]);
    this.#versions.set(found, known);
    return known;
  }

  /** By model and wording. A model that is no file has its name alone to be told by. */
  async #nameOf(principle: Principle): Promise<string> {
    return await this.#keyOf(principle).then(judgeFile, () => JSON.stringify([this.#engine.facts.model, principle]));
  }

  async #ownOf(guild: string, principle: Principle): Promise<ReadyJudge | undefined> {
    const guilds = this.#guilds;
    if (guilds === undefined) return undefined;
    const ofGuild = remembered(this.#own, MOST_GUILDS, guild, () => new Map<string, Promise<ReadyJudge | undefined>>());
    return await remembered(ofGuild, MOST_PRINCIPLES, JSON.stringify(principle), () => this.#readOwn(guilds, guild, principle));
  }

  async #readOwn(guilds: GuildJudges, guild: string, principle: Principle): Promise<ReadyJudge | undefined> {
    // A model that is no file has none: there is nothing to tell it from another one.
    const key = await this.#keyOf(principle).catch(() => undefined);
    const kept = key && (await guilds.read(guild, key));
    if (key === undefined || kept === undefined) return undefined;
    const { fitted, source } = kept;
    const judge = new TurnJudge(this.#engine, { judge: (engine, settings) => foundJudge(fitted, engine, settings) });
    const settings = withPrompting(this.#engine, checkOptions({ principle, preset: "strict" }));
    return readyJudge(judge, principle, {
      ...foundJudge(fitted, this.#engine, settings),
      source,
      isOwn: true,
      version: versionOf([judgeFile(key), fitted, guild]),
    });
  }

  /** As the judge of whole texts is prompted. */
  async #keyOf(principle: Principle): Promise<JudgeKey> {
    return await judgeKey(this.#engine, checkOptions({ principle, preset: "strict" }));
  }
}

function presetFor(guild: string | undefined): Preset {
  return guild === undefined ? DEFAULTS.preset : "strict";
}

function readyJudge(judge: TurnJudge, principle: Principle, found: FoundJudge & Pick<KnownJudge, "isOwn" | "version">): ReadyJudge {
  const { fitness, source, isOwn, version, threshold, beginningThreshold = threshold } = found;
  const known = { version, isFit: isFit({ fitness }), fitness, source, isOwn, threshold, beginningThreshold };
  return { known, verdict: async (turns, ...how) => ({ value: await judge.value(turns, principle, ...how), judge: known }) };
}

function versionOf(facts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
}

/** Judges that guilds have taught, on disk: a folder for each guild, so that none can be another's, and all of one go at once. */
export class GuildJudges {
  readonly #folder: string;

  /** @param folder of the bot's data; made when there is something to keep */
  constructor(folder: string) {
    this.#folder = join(folder, "guilds");
  }

  /** `undefined`: it has taught none for this model and principle. */
  read(guild: string, key: JudgeKey): Promise<KeptJudge | undefined> {
    return readJudge(this.#folderOf(guild), key);
  }

  write(guild: string, key: JudgeKey, judge: KeptJudge): Promise<void> {
    return writeJudge(this.#folderOf(guild), key, judge);
  }

  async forget(guild: string): Promise<void> {
    await rm(this.#folderOf(guild), { recursive: true, force: true });
  }

  /** Forgets what belongs to other guilds than these. How many there were. */
  async keepOnly(guilds: readonly string[]): Promise<number> {
    const known = new Set(guilds.map(nameOf));
    const others = (await namesIn(this.#folder)).filter((name) => NAME.test(name) && !known.has(name));
    for (const name of others) await rm(join(this.#folder, name), { recursive: true, force: true });
    return others.length;
  }

  #folderOf(guild: string): string {
    return join(this.#folder, nameOf(guild));
  }
}

const NAME = /^[0-9a-f]{32}$/;

/** Whatever an id holds, it leads nowhere else. */
function nameOf(guild: string): string {
  return createHash("sha256").update(guild).digest("hex").slice(0, 32);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    // None was taught yet.
    return [];
  }
}

/** What is known by this name, or made now. Only so many are known: those that were asked for last. */
function remembered<Value>(known: Map<string, Value>, most: number, name: string, make: () => Value): Value {
  const value = known.get(name) ?? make();
  // The one that was used last stands last.
  known.delete(name);
  known.set(name, value);
  const [oldest] = known.keys();
  if (known.size > most && oldest !== undefined) known.delete(oldest);
  return value;
}

/** Waits for work that others wait for, too: an abort ends this waiting at once, with the signal's reason, and the work goes on. */
export async function waited<Result>(work: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return await work;
  // A failure after all have left is no unhandled rejection.
  work.catch(() => undefined);
  signal.throwIfAborted();
  let leave: (() => void) | undefined;
  const left = new Promise<never>((_, reject) => {
    leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return await Promise.race([work, left]);
  } finally {
    if (leave !== undefined) signal.removeEventListener("abort", leave);
  }
}
