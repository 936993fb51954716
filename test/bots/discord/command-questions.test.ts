import { expect, it } from "vitest";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

const QUESTION = "How do I visit the castle?";
const WHOLE = [`Ada: ${QUESTION}`, STEADY_ANSWER, "Bob: And the museum?"];

async function asked(): Promise<{
  readonly scene: Scene;
  readonly answer: Message;
  readonly reads: (replyTo: Message) => Promise<readonly string[]>;
}> {
  const inference = new WatchedInference(STEADY);
  const scene = await Scene.open(inference);
  const asking = scene.ada.uses(scene.general, "/ask", { question: QUESTION });
  await scene.settled();
  const reads = async (replyTo: Message) => {
    scene.bob.says(scene.general, scene.mention("And the museum?"), { replyTo });
    await scene.settled();
    return inference.asked.at(-1)?.turns.map(({ text }) => text) ?? [];
  };
  return { scene, answer: await asking.response(), reads };
}

it("A reply to the answer of a command knows the question, for a day", async () => {
  const { scene, answer, reads } = await asked();
  await using _ = scene;
  expect(await reads(answer)).toEqual(WHOLE);
  // Through the answer to a reply, too.
  const further = scene.platform.posts(scene.general).at(-1) as Message;
  expect(await reads(further)).toEqual([...WHOLE, STEADY_ANSWER, "Bob: And the museum?"]);
  scene.platform.advance(86_400_000);
  expect(await reads(answer)).toEqual([STEADY_ANSWER, "And the museum?"]);
});

it("and in private what is said next does, too", async () => {
  const inference = new WatchedInference(STEADY);
  let now = 0;
  // In private, too, people wait between two questions.
  await using scene = await Scene.open(inference, {}, { options: { now: () => (now += 10_000) } });
  const { ada, platform } = scene;
  ada.uses(ada.privately, "/ask", { question: QUESTION });
  await scene.settled();
  await platform.replyTo(ada.says(ada.privately, "And the museum?"));
  expect(inference.asked.at(-1)?.turns.map(({ text }) => text)).toEqual([QUESTION, STEADY_ANSWER, "And the museum?"]);
});

it("until who asked wants it forgotten, or opts out", async () => {
  const { scene, answer, reads } = await asked();
  await using _ = scene;
  await scene.ada.uses(scene.general, "/privacy delete").response();
  expect(await reads(answer)).toEqual([STEADY_ANSWER, "And the museum?"]);
  const second = await asked();
  await using __ = second.scene;
  await second.scene.ada.uses(second.scene.general, "/privacy opt-out").response();
  expect(await second.reads(second.answer)).toEqual([STEADY_ANSWER, "And the museum?"]);
});
