import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readConfig } from "../../../src/bots/discord/config.ts";
import { createLog } from "../../../src/bots/discord/log.ts";
import { startModel } from "../../../src/bots/discord/model.ts";
import { TOKEN } from "../../support/discord/machinery.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

it("A model that is no fit judge of itself is started, and whoever runs the bot is told once for each judge", async () => {
  using folder = temporaryFolder();
  const model = writeTinyModel(join(folder.path, "random.gguf"), { contextSize: 4096 });
  const config = readConfig({ environment: { RAIN_DISCORD_TOKEN: TOKEN, RAIN_DISCORD_MODEL: model, RAIN_DISCORD_GPU: "none" } });
  const lines: string[] = [];
  const written = new EventEmitter();
  const write = (line: string) => {
    lines.push(line);
    written.emit("line");
  };
  const log = createLog({ level: "warn", secrets: [], destination: { write } });
  const { signal } = new AbortController();
  await using inference = await startModel({ config, log, clock: () => 0, now: () => performance.now(), signal });
  expect(inference.model).toBe("tiny random model");
  while (lines.length < 2) await once(written, "line");
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: "warn", msg: expect.stringContaining("is no fit judge") });
});
