import { expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

/** A server whose judge takes so long for each text that it is asked about. */
async function sceneOf(seconds: number, moderation: Readonly<Record<string, unknown>> = {}): Promise<Scene> {
  const inference = new WatchedInference(STEADY);
  const clock = { ms: 0 };
  inference.beforeJudge = () => {
    clock.ms += seconds * 1000;
  };
  const scene = await Scene.open(inference, {}, { options: { now: () => clock.ms } });
  await scene.running.set(scene.guild, { moderation: { logChannel: scene.guild.channel("log").id, ...moderation } });
  return scene;
}

/** So many messages in each of some minutes. */
async function write(scene: Scene, aMinute: number, minutes = 10): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    for (let count = 0; count < aMinute; count++) scene.ada.says(scene.general, `${aMinute} in minute ${minute}: ${count}`);
    await scene.settled();
    scene.platform.advance(60_000);
  }
}

async function statusOf(scene: Scene): Promise<string> {
  return asText(await scene.guild.owner.uses(scene.general, "/rain status").response());
}

const SLOW =
  "My model is too slow for this server: in the busiest ten minutes of the last day 20 messages a minute were written here, and at 6 s a verdict it judges 10.";

it("is said to be too much for the model as soon as moderation is switched on, by what was written before and one verdict", async () => {
  await using scene = await sceneOf(6);
  await write(scene, 20);
  expect(await scene.sets("moderation.automatic", "true")).toContain(`⚠️ ${SLOW}`);
  expect(await statusOf(scene)).toContain(SLOW);
});

it("is no matter where the model is quick enough, nor while nothing is to be judged", async () => {
  await using quick = await sceneOf(2);
  await write(quick, 20);
  expect(await quick.sets("moderation.automatic", "true")).not.toContain("too slow");
  await using off = await sceneOf(6);
  await write(off, 20);
  expect(await off.sets("moderation.shadow", "false")).not.toContain("too slow");
});

it("stands in the status: what waits, what was judged of late, how long a verdict takes, how much is written", async () => {
  await using scene = await sceneOf(0.5, { automatic: true });
  expect(await statusOf(scene)).toContain(
    "Pace:\n│   0 messages wait to be judged\n│   judged in the last ten minutes: none\n│   a verdict takes: not measured yet\n│   written here: nothing in the last day",
  );
  await write(scene, 8);
  const status = await statusOf(scene);
  expect(status).toMatch(/judged in the last ten minutes: [78](?:\.\d)? a minute\n/);
  expect(status).toContain("a verdict takes: 0.5 s");
  expect(status).toContain("written here: 8 a minute, in the busiest ten minutes of the last day");
  scene.platform.advance(2 * 86_400_000);
  expect(await statusOf(scene)).toContain("written here: nothing in the last day");
});

it("counts a worker's time once, however many messages are judged at a time", async () => {
  const inference = new WatchedInference(STEADY);
  const clock = { ms: 0 };
  const waiting: (() => void)[] = [];
  inference.beforeJudge = () => new Promise<void>((resolve) => waiting.push(resolve));
  await using scene = await Scene.open(inference, { moderation: { automatic: true } }, { options: { now: () => clock.ms } });
  for (let count = 0; count < 4; count++) scene.ada.says(scene.general, `Good morning ${count}`);
  await scene.platform.until(() => waiting.length === 4 || undefined);
  clock.ms = 8000;
  for (const go of waiting) go();
  await scene.settled();
  expect(await statusOf(scene)).toContain("a verdict takes: 2 s");
});
