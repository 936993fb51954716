import { afterEach, expect, it, vi } from "vitest";
import type { Interaction } from "../../support/discord/interactions/interaction.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { STEADY } from "../../support/steady-inference.ts";
import { untilTakenBack, WatchedInference } from "../../support/watched-inference.ts";

const QUESTION = "How do I visit the castle?";
const LATE = /^It took too long: Discord takes answers to a command for fifteen minutes\./;

/** Discord takes no answer any more soon after. */
const ALMOST_EXPIRED_MS = 14.5 * 60_000;

afterEach(() => void vi.useRealTimers());

async function opened(inference: WatchedInference): Promise<Scene> {
  const scene = await Scene.open(inference, {}, { platform: { patienceMs: 3000 } });
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  return scene;
}

/** Time passes, for the bot and on Discord, once the bot works on it. */
async function lateAnswer(scene: Scene, asking: Interaction, isAtWork: () => boolean): Promise<string> {
  await scene.platform.until(isAtWork);
  await scene.platform.idle();
  scene.platform.advance(ALMOST_EXPIRED_MS);
  await vi.advanceTimersByTimeAsync(ALMOST_EXPIRED_MS);
  vi.useRealTimers();
  return (await asking.response()).content;
}

it.each([false, true])("/ask (private: %s) says that it took too long, before Discord takes no answer any more", async (isPrivate) => {
  const inference = new WatchedInference(STEADY);
  inference.beforeAnswer = untilTakenBack;
  await using scene = await opened(inference);
  const asking = scene.ada.uses(scene.general, "/ask", { question: QUESTION, private: isPrivate });
  expect(await lateAnswer(scene, asking, () => inference.asked.length === 1)).toMatch(LATE);
  await scene.running.bot.idle();
  expect(await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 9)).toMatchObject([{ state: "stopped" }]);
});

it("/ask says so while its answer waits for that to an earlier question, and shows it no more", async () => {
  const inference = new WatchedInference(STEADY);
  const gate = new Gate();
  inference.beforeAnswer = async () => {
    if (inference.asked.length === 1) await gate.opened;
  };
  await using scene = await opened(inference);
  const earlier = scene.bob.says(scene.general, scene.mention("Where is the museum?"));
  await scene.platform.until(() => inference.asked.length === 1);
  const asking = scene.ada.uses(scene.general, "/ask", { question: QUESTION });
  expect(await lateAnswer(scene, asking, () => inference.judged.length === 1)).toMatch(LATE);
  gate.open();
  await scene.platform.replyTo(earlier);
  await scene.running.bot.idle();
  for (const { content } of asking.original?.versions ?? []) expect(content).toMatch(LATE);
});

it("commands that are answered in private say so", async () => {
  const inference = new WatchedInference(STEADY);
  inference.beforeJudge = (request, signal) => untilTakenBack(request, { signal });
  await using scene = await opened(inference);
  const asking = scene.mona.uses(scene.general, "/moderate test", { text: QUESTION });
  expect(await lateAnswer(scene, asking, () => inference.judged.length === 1)).toMatch(LATE);
});
