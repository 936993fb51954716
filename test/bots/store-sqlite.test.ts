import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../src/bots/guard/store/open-store.ts";
import { describeStore } from "../contracts/store-contract.ts";

describeStore("The store on SQLite", async () => {
  const folder = await mkdtemp(join(tmpdir(), "rain-store-"));
  return {
    open: () => openStore(`file:${join(folder, "rain.db")}`),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
});
