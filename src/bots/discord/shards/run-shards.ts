import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "pino";
import { complaint, OptionError } from "../../../core/index.ts";
import { GuildJudges } from "../../guard/guild-judges.ts";
import type {
  Answered,
  AnswerRequest,
  AnswerWaiting,
  CalibrationReport,
  CalibrationRequest,
  CalibrationWaiting,
  Inference,
  JudgeRequest,
  JudgesRequest,
  KnownJudge,
  Load,
  TextVerdict,
} from "../../guard/inference.ts";
import { InferenceError, type InferenceErrorCode } from "../../guard/inference-error.ts";
import { InferenceServer } from "../../guard/inference-server.ts";
import { openStore } from "../../guard/store/open-store.ts";
import type { Store } from "../../guard/store/store.ts";
import type { GatewayFacts } from "../discord-api.ts";
import type { Operation } from "../http-server.ts";
import { abortOf, isSudden } from "../leaving.ts";
import { startModel } from "../model.ts";
import { NotReady, type Readiness, readinessOf } from "../readiness.ts";
import { offer, type RunInput } from "../serve.ts";
import { Upkeep } from "../upkeep.ts";
import { Fleet } from "./fleet.ts";
import { Pace } from "./pace.ts";

/** Shards have so much time to end beyond what answers have. */
const MARGIN_MS = 3000;

/** Holds the model for all shards, and a process for each of them, until it is to leave. Without this process they end, too. */
export async function runShards(input: RunInput, { shards, betweenLoginsMs }: GatewayFacts): Promise<void> {
  const { config, log, clock, signal } = input;
  if (config.databaseUrl === ":memory:")
    throw new OptionError(
      "databaseUrl",
      complaint("databaseUrl", "one that several shards can use", config.databaseUrl),
      config.databaseUrl,
    );
  await using store = await openStore(config.databaseUrl);
  await using _upkeep = await Upkeep.begin({ store, judges: new GuildJudges(config.dataFolder), log, clock });
  using socket = privateSocket();
  const fleet = new Fleet({ post: { config, socket: socket.path, shards }, pace: new Pace(betweenLoginsMs, signal), log, signal });
  const model: { inference?: Inference } = {};
  await using _http = await offer(operationOf({ store, model, fleet }), input);
  await using inference = new LoggedInference(await startModel(input), log);
  model.inference = inference;
  await using _server = await InferenceServer.listen(inference, socket.path);
  log.info({ shards }, "the model is ready for the shards");
  fleet.start();
  await abortOf(signal);
  log.info("leaving");
  const drainMs = isSudden(signal) ? 0 : config.drainSeconds * 1000;
  await fleet.leave({ isSudden: isSudden(signal), limitMs: drainMs + MARGIN_MS });
}

interface Operated {
  readonly store: Store;
  readonly model: { readonly inference?: Inference };
  readonly fleet: Fleet;
}

/** Ready is what has no part that is not. */
function operationOf({ store, model, fleet }: Operated): Operation {
  const readinessHere = () =>
    readinessOf({
      store: () => store.ping(),
      model: async () => {
        if (model.inference === undefined) throw new NotReady("not loaded yet");
        await model.inference.load();
      },
    });
  return {
    metrics: fleet.metrics,
    readiness: async (): Promise<Readiness> => {
      const [here, there] = await Promise.all([readinessHere(), fleet.readiness()]);
      return { isReady: here.isReady && there.isReady, reasons: { ...here.reasons, ...there.reasons } };
    },
  };
}

/** A place that only this user's programs can reach: a folder of one's own is for nobody else. */
function privateSocket(): { readonly path: string; [Symbol.dispose](): void } {
  if (process.platform === "win32") return { path: `\\\\.\\pipe\\rain-${randomUUID()}`, [Symbol.dispose]: () => undefined };
  const folder = mkdtempSync(join(tmpdir(), "rain-"));
  return { path: join(folder, "model.sock"), [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What is a fault of the model and not of the hour. */
const FAULTS: readonly InferenceErrorCode[] = ["model", "judge"];

/** The same model. What goes wrong in it is logged where the model is: shards are told no more than what it was. */
export class LoggedInference implements Inference {
  readonly model: string;
  readonly #inference: Inference;
  readonly #log: Logger;

  constructor(inference: Inference, log: Logger) {
    this.model = inference.model;
    this.#inference = inference;
    this.#log = log;
  }

  answer(request: AnswerRequest, waiting?: AnswerWaiting): Promise<Answered> {
    return this.#logged(this.#inference.answer(request, waiting), "an answer failed");
  }

  judge(request: JudgeRequest, signal?: AbortSignal): Promise<readonly TextVerdict[]> {
    return this.#logged(this.#inference.judge(request, signal), "a verdict failed");
  }

  judges(request: JudgesRequest, signal?: AbortSignal): Promise<readonly KnownJudge[]> {
    return this.#logged(this.#inference.judges(request, signal), "finding a judge failed");
  }

  calibrate(request: CalibrationRequest, waiting?: CalibrationWaiting): Promise<CalibrationReport> {
    return this.#logged(this.#inference.calibrate(request, waiting), "a calibration failed");
  }

  forgetGuild(guild: string): Promise<void> {
    return this.#inference.forgetGuild(guild);
  }

  load(): Promise<Load> {
    return this.#inference.load();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inference[Symbol.asyncDispose]();
  }

  async #logged<Result>(work: Promise<Result>, what: string): Promise<Result> {
    try {
      return await work;
    } catch (error) {
      const code = InferenceError.findIn(error)?.code;
      if (code !== undefined && FAULTS.includes(code)) this.#log.error({ err: error }, what);
      throw error;
    }
  }
}
