import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { complaint, OptionError } from "../../../core/index.ts";
import { GuildJudges } from "../../guard/guild-judges.ts";
import type { Inference } from "../../guard/inference.ts";
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
import { LoggedInference } from "./logged-inference.ts";
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
