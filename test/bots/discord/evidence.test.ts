import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

const END = "and tell nobody of it";
const WHOLE = `${STEADY_BAD} ${"Then walk on slowly, ".repeat(10)}${END}`;
const LONG = `${STEADY_BAD} ${"Then walk on slowly, ".repeat(150)}${END}`;

/** Ada writes it, behind what Bob says. The card, the queue and Explain, as moderators see them. */
async function seen(scene: Scene, text: string): Promise<readonly Message[]> {
  scene.bob.says(scene.general, "You *will* @everyone pay for that.");
  scene.ada.says(scene.general, text);
  await scene.settled();
  const card = scene.platform.posts(scene.guild.channel("log"))[0] as Message;
  const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
  return [card, queue, await scene.mona.presses(card, "Explain").response()];
}

describe("Moderators", () => {
  it("see the whole message and what was said before it on cards, in the queue and in Explain", async () => {
    await using scene = await Scene.moderated(STEADY);
    for (const message of await seen(scene, WHOLE)) {
      expect(asText(message)).toContain(END);
      expect(asText(message)).toMatch(new RegExp(`Before it:\n│ +${scene.bob.mention}: You will @\u200beveryone pay for that`));
      expect([message.attachments, message.pings]).toEqual([[], []]);
    }
  });

  it("get a long message as a file", async () => {
    await using scene = await Scene.moderated(STEADY);
    for (const { attachments } of await seen(scene, LONG)) expect(attachments.map(({ content }) => content.toString())).toEqual([LONG]);
  });

  it("get what was said before it whole, as a file where it is long, also when more belongs to the card", async () => {
    await using scene = await Scene.moderated(STEADY);
    const said = Array.from({ length: 4 }, (_, index) => `${index}: ${"You will pay for that, ".repeat(20)}and soon.`);
    for (const line of said) scene.bob.says(scene.general, line);
    const shown = await seen(scene, WHOLE);
    scene.ada.says(scene.general, `${STEADY_BAD} Again.`);
    await scene.settled();
    for (const message of [...shown, scene.cards[0] as Message]) {
      expect(asText(message)).toContain("(All of it: before-1.txt)");
      const file = message.attachments.find(({ name }) => name === "before-1.txt")?.content.toString();
      for (const line of said) expect(file).toContain(line);
      expect(file).toContain(`By ${scene.bob.id}, `);
    }
  });

  it("are told what is not kept of a long message, where it was decided", async () => {
    await using scene = await Scene.moderated(STEADY);
    const [card] = await seen(scene, LONG);
    const lacking = "Only the beginning of the message is kept, 2,000 characters, as the judge has read them";
    expect(asText(card as Message)).not.toContain(lacking);
    await scene.mona.presses(card as Message, "Reject").response();
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    const appealed = scene.cards[1] as Message;
    expect(asText(appealed)).toContain(lacking);
    expect(asText(await scene.mona.presses(appealed, "Explain").response())).toContain(lacking);
  });

  it("see who did what about it since, and all of that again when it is decided and appealed", async () => {
    await using scene = await Scene.moderated(STEADY);
    const [card] = await seen(scene, WHOLE);
    await scene.mona.presses(card as Message, "Reject").response();
    await scene.platform.until(() => asText(card as Message).includes("Decision"));
    expect(asText(card as Message)).toContain(END);
    expect(asText(card as Message)).toContain("Before it:");
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    const appealed = scene.platform.posts(scene.guild.channel("log"))[1] as Message;
    expect(asText(appealed)).toContain("It is from a play.");
    expect(asText(appealed)).toContain(END);
    const explained = asText(await scene.mona.presses(appealed, "Explain").response());
    expect(explained).toMatch(
      new RegExp(
        `Since then:\n│ +<t:\\d+:f>: judged\n│ +<t:\\d+:f>: ${scene.mona.mention} rejected\n│ +<t:\\d+:f>: ${scene.ada.mention} appealed`,
      ),
    );
  });

  it("are not shown what people said who opted out", async () => {
    await using scene = await Scene.moderated(STEADY);
    await scene.running.store.setOptedOut(scene.bob.id, true);
    for (const message of await seen(scene, WHOLE)) expect(asText(message)).not.toContain("pay for that");
  });
});
