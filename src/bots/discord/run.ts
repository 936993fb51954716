import { GuildJudges } from "../guard/guild-judges.ts";
import { openStore } from "../guard/store/open-store.ts";
import { gatewayFacts } from "./discord-api.ts";
import { startModel } from "./model.ts";
import { offer, type RunInput, serve } from "./serve.ts";
import { runShards } from "./shards/run-shards.ts";
import { Upkeep } from "./upkeep.ts";
import { Vitals } from "./vitals.ts";

/**
 * Runs the bot until its signal is aborted: in this process, or where there are several shards in one more for each. Resolves when it
 * has left.
 *
 * @throws {LoginError} when Discord does not let it in, or not any more
 * @throws {StoreError} when there is no database to be had
 * @throws {EngineError} when the model cannot be loaded
 * @throws {MissingPeerError} when the driver of the database is not installed
 */
export async function runDiscord(input: RunInput): Promise<void> {
  // Before a model is loaded, which may take its time: a wrong token is found at once.
  const { shards: recommended, betweenLoginsMs } = await gatewayFacts(input.config, input.signal);
  const shards = input.config.shards === "auto" ? recommended : input.config.shards;
  if (shards === 1) await runAlone(input);
  else await runShards(input, { shards, betweenLoginsMs });
}

async function runAlone(input: RunInput): Promise<void> {
  const { config, log, clock } = input;
  await using store = await openStore(config.databaseUrl);
  await using _upkeep = await Upkeep.begin({ store, judges: new GuildJudges(config.dataFolder), log, clock });
  const vitals = new Vitals(store);
  await using _http = await offer(vitals, input);
  await using inference = await startModel(input);
  vitals.inference = inference;
  await serve(input, { store, inference, vitals, client: {} });
}
