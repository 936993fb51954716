import { describe, expect, it } from "vitest";
import type { AnswerWaiting, Inference } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY } from "../../support/steady-inference.ts";
import { untilTakenBack } from "../../support/watched-inference.ts";

/** Answers what a person asks with the same words, if it begins with "Where"; of all else it writes until it is taken back. */
function echo(asked: string[], talk: object = {}): Promise<Scene> {
  const answer: Inference["answer"] = async (request, waiting: AnswerWaiting = {}) => {
    const text = request.turns.at(-1)?.text ?? "";
    asked.push(text);
    waiting.onPosition?.(3);
    if (!text.startsWith("Where")) await untilTakenBack(request, waiting);
    return { ...(await STEADY.answer(request, waiting)), text };
  };
  return Scene.open({ ...STEADY, answer }, { talk });
}

/** What Ada has asked, and the bot has begun to answer. */
async function begun(scene: Scene, asked: string[], channel = scene.general): Promise<Message> {
  const question = scene.ada.says(channel, channel.guild === undefined ? "Who?" : scene.mention("Who?"));
  await scene.platform.until(() => asked.length === 1 || undefined);
  return question;
}

describe("A question that is edited while it is being answered", () => {
  it.each([
    ["", {}],
    [", also within the cooldown", { cooldownSeconds: 3600 }],
  ])("is answered anew, once, and nothing of the first answer is left%s", async (_, talk) => {
    const asked: string[] = [];
    await using scene = await echo(asked, talk);
    const question = await begun(scene, asked);
    scene.ada.edits(question, scene.mention("Where is it?"));
    await scene.settled();
    expect(scene.platform.posts(scene.general).map(({ content, replyTo }) => [content, replyTo])).toEqual([["Where is it?", question]]);
    expect(asked).toEqual(["Who?", "Where is it?"]);
    const records = await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 9);
    expect(records).toMatchObject([{ source: question.id, state: "posted", messages: [scene.platform.posts(scene.general)[0]?.id] }]);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("several times is answered once, as it was edited last", async () => {
    const asked: string[] = [];
    await using scene = await echo(asked);
    const question = await begun(scene, asked);
    for (const place of ["the bank", "the tower", "the museum"]) scene.ada.edits(question, scene.mention(`Where is ${place}?`));
    await scene.settled();
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual(["Where is the museum?"]);
    scene.ada.edits(question, scene.mention("Where is the cow?"));
    await scene.settled();
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual(["Where is the museum?"]);
  });

  it("is answered anew in private, too", async () => {
    const asked: string[] = [];
    await using scene = await echo(asked);
    const question = await begun(scene, asked, scene.ada.privately);
    scene.ada.edits(question, "Where is it?");
    await scene.settled();
    expect(scene.platform.posts(scene.ada.privately).map(({ content }) => content)).toEqual(["Where is it?"]);
  });

  it("so that it is none any more is not answered", async () => {
    const asked: string[] = [];
    await using scene = await echo(asked);
    scene.ada.edits(await begun(scene, asked), "Never mind.");
    await scene.settled();
    expect(scene.platform.posts(scene.general)).toEqual([]);
    expect(await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 9)).toMatchObject([{ state: "stopped", messages: [] }]);
  });
});
