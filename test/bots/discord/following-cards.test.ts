import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

async function moderated(): Promise<Scene> {
  const scene = await Scene.open(STEADY);
  const logChannel = scene.guild.channel("log").id;
  const rules = { harmless: { strictness: "medium", action: "delete" } };
  await scene.running.set(scene.guild, { moderation: { automatic: true, shadow: false, logChannel, rules } });
  return scene;
}

async function settled(scene: Scene): Promise<void> {
  await scene.platform.idle();
  await scene.running.bot.idle();
  await scene.platform.idle();
}

function cards(scene: Scene): readonly Message[] {
  return scene.platform.posts(scene.guild.channel("log"));
}

/** Whether a card still waits for a decision: its buttons work, and it names none. */
function isOpen(card: Message): boolean {
  const [row] = card.components;
  const buttons = row !== undefined && "components" in row ? row.components : [];
  return buttons.every((button) => !("disabled" in button && button.disabled)) && !asText(card).includes("Decision:");
}

describe("Cards in the log channel follow a decision", () => {
  it("that was taken in the queue", async () => {
    await using scene = await moderated();
    scene.ada.says(scene.general, STEADY_BAD);
    await settled(scene);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    await scene.mona.presses(queue, "Reject").response();
    const [card] = cards(scene);
    expect(asText(card as Message)).toContain(`Rejected by ${scene.mona.mention}`);
    expect([isOpen(card as Message), card?.versions.length, card?.pings]).toEqual([false, 2, []]);
  });

  it("that is open again, and the one that follows, after an appeal", async () => {
    await using scene = await moderated();
    scene.ada.says(scene.general, STEADY_BAD);
    await settled(scene);
    const [first] = cards(scene);
    await scene.mona.presses(first as Message, "Reject").response();
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a *play*." }).response();
    expect(cards(scene).map(isOpen)).toEqual([true, true]);
    expect(asText(first as Message)).toContain("It is from a \\*play\\*.");
    await scene.mona.presses(first as Message, "Approve").response();
    for (const card of cards(scene)) expect(asText(card)).toContain(`Approved by ${scene.mona.mention}`);
    expect(cards(scene).map(isOpen)).toEqual([false, false]);
  });

  it("that came while the card was on its way", async () => {
    await using scene = await moderated();
    const hold = scene.platform.holdNext({ method: "POST", route: "/channels/:channel/messages" });
    scene.ada.says(scene.general, STEADY_BAD);
    await hold.arrived;
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    await scene.mona.presses(queue, "Approve").response();
    hold.release();
    await settled(scene);
    expect(cards(scene).map(isOpen)).toEqual([false]);
  });

  it("though one of them is gone", async () => {
    await using scene = await moderated();
    scene.ada.says(scene.general, STEADY_BAD);
    await settled(scene);
    const [first] = cards(scene);
    const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
    await scene.ada.submits(form, { reason: "It is from a play." }).response();
    scene.guild.owner.deletes(first as Message);
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    expect((await scene.mona.presses(queue, "Approve").response()).content).toMatch(/^Review 1: approved\./);
    expect(cards(scene).map(isOpen)).toEqual([false]);
  });
});
