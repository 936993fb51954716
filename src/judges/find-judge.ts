import { fileURLToPath } from "node:url";
import { type Engine, type FindJudge, type FoundJudge, OptionError, type Settings, SharedWork } from "../core/index.ts";
import { withPrompting } from "../prompting/index.ts";
import { AskedJudge } from "./asked-judge.ts";
import { answersOf, balanced, sourceOf } from "./built-in-answers.ts";
import { calibrateJudge, isGround } from "./calibrate.ts";
import { foundJudge } from "./fitted-judge.ts";
import { contentHash, type JudgeKey, judgeFolder, type KeptJudge, readJudge, writeJudge } from "./judge-folder.ts";
import { letterJudge } from "./lettered/letter-judge.ts";

/** What the search for a judge tells. */
export interface FindJudgeOptions {
  /** Where fitted judges are kept. @default `judgeFolder()` */
  readonly folder?: string | undefined;
  /** One line for a person, such as that labelled answers are read, once. */
  readonly onNotice?: ((notice: string) => void) | undefined;
  /** How far the reading is. Range [0, 1]. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

/** Judges that come with the package: the same place seen from `src/judges` and from `dist/judges`. */
const SHIPPED = fileURLToPath(new URL("../../models/judges/", import.meta.url));

/** Labelled answers that are read on first use, without `rain calibrate`: enough for a good judge, few enough to wait for. */
const FIRST_USE = 200;

/** What this process has fitted or is fitting, by file name: never the same twice at once. */
const FITTING = new Map<string, SharedWork<KeptJudge>>();

/**
 * Finds the judge of a model's own answers: one that was fitted before, else one that is fitted now on the principle's labelled answers and kept. A principle
 * with fewer than 20 of them is asked by Yes, No and letters. In `paper` mode the judge is the paper's.
 */
export function fittedJudge(options: FindJudgeOptions = {}): FindJudge {
  return async (engine, given) => {
    if (given.mode === "paper") return await letterJudge(engine, given);
    const settings = withPrompting(engine, given);
    const kept = await keptJudge(engine, settings, options);
    return kept === undefined ? askedJudge(engine, settings) : { ...foundJudge(kept.fitted, engine, settings), source: kept.source };
  };
}

function askedJudge(engine: Engine, settings: Settings): FoundJudge {
  return { judge: new AskedJudge(engine, settings), threshold: settings.threshold };
}

/** A judge by this principle, from the package, from disk, or fitted now; `undefined` where there are too few labelled answers. */
export async function keptJudge(engine: Engine, settings: Settings, options: FindJudgeOptions = {}): Promise<KeptJudge | undefined> {
  const key = await judgeKey(engine, settings);
  const folder = options.folder ?? judgeFolder();
  const known = (await readJudge(folder, key)) ?? (await readJudge(SHIPPED, key));
  if (known !== undefined) return known;
  const answers = await answersOf(settings.principle);
  if (!isGround(answers)) return undefined;
  const name = JSON.stringify([folder, key]);
  const running = FITTING.get(name);
  if (running !== undefined && !running.isLost) return await running.wait(settings.signal);
  const work = new SharedWork(async (signal) => {
    options.onNotice?.(
      `Reading ${Math.min(FIRST_USE, answers.length)} labelled answers with ${engine.facts.model}, to learn how it judges by "${settings.principle.name}". It is remembered.`,
    );
    const calibrated = await calibrateJudge(engine, {
      answers: balanced(answers, FIRST_USE),
      settings,
      signal,
      onProgress: options.onProgress,
    });
    const judge = { ...calibrated, source: sourceOf(settings.principle) };
    await keep(folder, key, { judge, onNotice: options.onNotice });
    return judge;
  });
  FITTING.set(name, work);
  return await work.wait(settings.signal);
}

/** A folder that cannot be written costs the same time again in the next process, and nothing else. */
async function keep(
  folder: string,
  key: JudgeKey,
  { judge, onNotice }: { readonly judge: KeptJudge } & Pick<FindJudgeOptions, "onNotice">,
): Promise<void> {
  try {
    await writeJudge(folder, key, judge);
  } catch (error) {
    onNotice?.(
      `The judge could not be kept in ${folder}, and will be fitted again: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** @throws {OptionError} for an engine whose model has neither a file nor an identity: there is nothing to remember a judge by */
export async function judgeKey(engine: Engine, settings: Settings): Promise<JudgeKey> {
  const { file, identity, model } = engine.facts as Engine["facts"] & { readonly file?: string };
  const known = file === undefined ? identity : await hashOf(file);
  if (known === undefined)
    throw new OptionError("engine", `Expected an engine whose model is a file or has an \`identity\`, got ${model}`, model);
  const { principle } = settings;
  return { model: known, principle, prompting: withPrompting(engine, settings).prompting };
}

const HASHES = new Map<string, Promise<string>>();

async function hashOf(file: string): Promise<string> {
  const known = HASHES.get(file) ?? contentHash(file);
  HASHES.set(file, known);
  try {
    return await known;
  } catch (error) {
    // It may be readable again when the next answer is asked for.
    HASHES.delete(file);
    throw error;
  }
}
