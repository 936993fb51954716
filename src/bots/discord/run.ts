import { GuildJudges } from "../guard/guild-judges.ts";
import { openStore } from "../guard/store/open-store.ts";
import { checkAccount } from "./discord-api.ts";
import { startModel } from "./model.ts";
import { offer, type RunInput, serve } from "./serve.ts";
import { Upkeep } from "./upkeep.ts";
import { Vitals } from "./vitals.ts";

/**
 * Runs the bot until its signal is aborted: all of its shards and the model, in this process. Resolves when it has left.
 *
 * @throws {LoginError} when Discord does not let it in, or not any more
 * @throws {StoreError} when there is no database to be had
 * @throws {EngineError} when the model cannot be loaded
 * @throws {MissingPeerError} when the driver of the database is not installed
 */
export async function runDiscord(input: RunInput): Promise<void> {
  const { config, log, clock } = input;
  // Before a model is loaded, which may take its time: a wrong token is found at once.
  await checkAccount(config, input.signal);
  await using store = await openStore(config.databaseUrl);
  await using _upkeep = await Upkeep.begin({ store, judges: new GuildJudges(config.dataFolder), log, clock });
  const vitals = new Vitals(store);
  await using _http = await offer(vitals, input);
  await using inference = await startModel(input);
  vitals.inference = inference;
  await serve(input, { store, inference, vitals });
}
