import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

/** Whether a card still waits for a decision: its buttons work, and it names none. */
function isOpen(card: Message): boolean {
  const [row] = card.components;
  const buttons = row !== undefined && "components" in row ? row.components : [];
  return buttons.every((button) => !("disabled" in button && button.disabled)) && !asText(card).includes("Decision:");
}

describe("Cards in the log channel follow a decision", () => {
  it("that was taken in the queue", async () => {
    await using scene = await Scene.moderated(STEADY);
    scene.ada.says(scene.general, STEADY_BAD);
    await scene.settled();
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    await scene.mona.presses(queue, "Reject").response();
    const [card] = scene.cards;
    expect(asText(card as Message)).toContain(`Rejected by ${scene.mona.mention}`);
    expect([isOpen(card as Message), card?.versions.length, card?.pings]).toEqual([false, 2, []]);
  });

  it("that is open again, and the one that follows, after an appeal", async () => {
    await using scene = await Scene.moderated(STEADY);
    scene.ada.says(scene.general, STEADY_BAD);
    await scene.settled();
    const [first] = scene.cards;
    await scene.mona.presses(first as Message, "Reject").response();
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a *play*." }).response();
    expect(scene.cards.map(isOpen)).toEqual([true, true]);
    expect(asText(first as Message)).toContain("It is from a \\*play\\*.");
    await scene.mona.presses(first as Message, "Approve").response();
    for (const card of scene.cards) expect(asText(card)).toContain(`Approved by ${scene.mona.mention}`);
    expect(scene.cards.map(isOpen)).toEqual([false, false]);
  });

  it("that came while the card was on its way", async () => {
    await using scene = await Scene.moderated(STEADY);
    const hold = scene.platform.holdNext({ method: "POST", route: "/channels/:channel/messages" });
    scene.ada.says(scene.general, STEADY_BAD);
    await hold.arrived;
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    await scene.mona.presses(queue, "Approve").response();
    hold.release();
    await scene.settled();
    expect(scene.cards.map(isOpen)).toEqual([false]);
  });

  it("though one of them is gone", async () => {
    await using scene = await Scene.moderated(STEADY);
    scene.ada.says(scene.general, STEADY_BAD);
    await scene.settled();
    const [first] = scene.cards;
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    scene.guild.owner.deletes(first as Message);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect((await scene.mona.presses(queue, "Approve").response()).content).toMatch(/^Review 1: approved\./);
    expect(scene.cards.map(isOpen)).toEqual([false]);
  });
});
