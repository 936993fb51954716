import { EventEmitter, once } from "node:events";
import { join } from "node:path";
import { botLog, readConfig, runDiscord } from "rain-align/discord";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { startPlatform } from "../../support/discord/platform.ts";
import { temporaryFolder, writeTinyModel } from "../../support/tiny-model.ts";

// Judges are kept in the home folder: in one of the test's own, none is there yet.
let home: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  home = temporaryFolder();
  for (const name of ["HOME", "USERPROFILE"]) vi.stubEnv(name, home.path);
});
afterEach(() => {
  vi.unstubAllEnvs();
  home[Symbol.dispose]();
});

/** Runs a bot with a random model, without chat template; gives the first lines of its log, once there are so many. */
async function loggedStart(contextSize: number, count: number) {
  await using platform = await startPlatform();
  using folder = temporaryFolder();
  const model = writeTinyModel(join(folder.path, "random.gguf"), { contextSize });
  const engine = { RAIN_DISCORD_MODEL: model, RAIN_DISCORD_GPU: "none", RAIN_DISCORD_CONTEXT_SIZE: String(contextSize) };
  const home = { RAIN_DISCORD_DATABASE_URL: ":memory:", RAIN_DISCORD_DATA_FOLDER: folder.path };
  const environment = { RAIN_DISCORD_TOKEN: platform.token, RAIN_DISCORD_API_URL: platform.api, ...home, ...engine };
  const config = readConfig({ environment });
  const lines: string[] = [];
  const written = new EventEmitter();
  const write = (line: string) => {
    lines.push(line);
    written.emit("line");
  };
  const enough = new AbortController();
  const input = { config, log: botLog(config, { write }), clock: () => platform.now(), now: () => performance.now() };
  const running = runDiscord({ ...input, signal: enough.signal }).catch((error: unknown) => written.emit("error", error));
  while (lines.length < count) await once(written, "line");
  const first = lines.slice(0, count);
  written.on("error", () => undefined);
  enough.abort(new Error("enough"));
  await running;
  return first.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

it("A model that is no fit judge of itself is started, and whoever runs the bot is told how bad it is, and what then happens", async () => {
  const lines = await loggedStart(4096, 14);
  const [reading] = lines.filter(({ msg }) => String(msg).startsWith("Reading"));
  expect(reading).toMatchObject({ level: "warn", msg: expect.stringMatching(/^Reading 200 labelled answers with tiny random model/) });
  expect(lines.filter(({ msg }) => msg === "reading labelled answers").map(({ percent }) => percent)).toEqual([
    10, 20, 30, 40, 50, 60, 70, 80, 90, 100,
  ]);
  expect(lines.slice(-3)).toMatchObject([
    { level: "info", auroc: expect.any(Number), low: expect.any(Number), high: expect.any(Number), count: 200 },
    { level: "warn", msg: expect.stringMatching(/^tiny random model is no fit judge of its own answers by "harmless".*AUROC 0\.\d\d/) },
    { level: "warn", msg: expect.stringContaining("moderation stays in shadow mode") },
  ]);
});

it("Of a model without chat template it is told that it is shown examples, where they fit", async () => {
  const [first] = await loggedStart(16_384, 1);
  expect(first).toMatchObject({
    level: "info",
    msg: expect.stringMatching(/^tiny random model has no chat template: it is shown examples/),
  });
});
