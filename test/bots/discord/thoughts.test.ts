import { describe, expect, it } from "vitest";
import { EngineInference } from "../../../src/bots/guard/index.ts";
import { LIMITS } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { MARKS, says, thinkingEngine } from "../../support/thinking-world.ts";

const THOUGHT = "A SECRET plot.";
const PIECES = [" Take", " the", " bus"];
const TRACES = /SECRET|plot|think|THINK|DONE|analysis|final|<\|/;

describe("A thought", () => {
  it.each(Object.entries(MARKS))("is never posted, whatever marks it stands between: %s", async (_, marks) => {
    const lead = "lead" in marks ? marks.lead : "";
    const pieces = [...PIECES, ...marks.specials];
    const load = async () =>
      thinkingEngine({
        pieces,
        goOn: says(`${marks.open}${THOUGHT}${marks.close}${lead} Take the bus.`, pieces),
        goodness: () => 0.9,
        thinking: marks,
      });
    await using inference = await EngineInference.start(load, LIMITS);
    await using scene = await Scene.open(inference);
    const questions = [1, 2, 3].map(() => scene.ada.says(scene.general, scene.mention("How do I come home?")));
    for (const question of questions) await scene.platform.replyTo(question);
    await scene.running.bot.idle();
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual(questions.map(() => "Take the bus."));
    expect(scene.platform.sentTexts().filter((text) => TRACES.test(text))).toEqual([]);
    expect(scene.running.bot.leaks).toBe(0);
  });
});
