import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../../../src/bots/discord/config.ts";
import { createLog } from "../../../src/bots/discord/log.ts";
import { startModel } from "../../../src/bots/discord/model.ts";
import { TOKEN } from "../../support/discord/machinery.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

/** Starts a random model, without chat template, as the bot does; gives the lines of its log from this level on, once there are so many. */
async function loggedStart(contextSize: number, level: "info" | "warn", count: number) {
  using folder = temporaryFolder();
  const model = writeTinyModel(join(folder.path, "random.gguf"), { contextSize });
  const environment = { RAIN_DISCORD_MODEL: model, RAIN_DISCORD_GPU: "none", RAIN_DISCORD_CONTEXT_SIZE: String(contextSize) };
  const config = readConfig({ environment: { RAIN_DISCORD_TOKEN: TOKEN, ...environment } });
  const lines: string[] = [];
  const written = new EventEmitter();
  const write = (line: string) => {
    lines.push(line);
    written.emit("line");
  };
  const log = createLog({ level, secrets: [], destination: { write } });
  const { signal } = new AbortController();
  await using inference = await startModel({ config, log, clock: () => 0, now: () => performance.now(), signal });
  expect(inference.model).toBe("tiny random model");
  while (lines.length < count) await once(written, "line");
  return lines.map((line) => JSON.parse(line) as unknown);
}

it("A model that is no fit judge of itself is started, and whoever runs the bot is told once for each judge", async () => {
  const unfit = { level: "warn", msg: expect.stringContaining("is no fit judge") };
  expect(await loggedStart(4096, "warn", 2)).toMatchObject([unfit, unfit]);
});

it("Of a model without chat template it is told that it is shown examples, where they fit", async () => {
  const [first] = await loggedStart(16_384, "info", 1);
  expect(first).toMatchObject({
    level: "info",
    msg: expect.stringMatching(/^tiny random model has no chat template: it is shown examples/),
  });
});
