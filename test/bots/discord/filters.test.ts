import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

const INVITED = "Join us: https://discord.gg/abcdef";
const DAY_MS = 86_400_000;

async function filtered(filters: object, moderation: object = {}): Promise<{ scene: Scene; inference: WatchedInference }> {
  const inference = new WatchedInference(STEADY);
  const scene = await Scene.moderated(inference, "log", { filters, ...moderation });
  scene.platform.advance(2 * DAY_MS);
  return { scene, inference };
}

describe("A filter", () => {
  it("takes a message away without asking a judge, says which one on the card and in the audit, and its author may appeal", async () => {
    const { scene, inference } = await filtered({ invitations: { action: "delete" } });
    await using _ = scene;
    const message = scene.ada.says(scene.general, INVITED);
    await scene.settled();
    expect([message.isDeleted, inference.judged]).toEqual([true, []]);
    expect(asText(scene.cards[0] as Message)).toContain("✗ filters.invitations: an invitation to a server");
    expect(await scene.running.store.audit(scene.guild.id, 1)).toMatchObject([{ event: "filters.invitations", detail: "review 1" }]);
    const explained = await scene.mona.presses(scene.cards[0] as Message, "Explain").response();
    expect(asText(explained)).toContain("I found it by the filter invitations");
    const [told] = scene.platform.posts(scene.ada.privately);
    expect(told?.content).toContain("against filters.invitations");
    await scene.ada.presses(told as Message, "Appeal").modal();
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("acts while a slow judge has not answered about what was said before", async () => {
    const { scene, inference } = await filtered({ words: { list: ["nitro"], action: "delete" } });
    await using _ = scene;
    const gate = new Gate();
    inference.beforeJudge = () => gate.opened;
    for (let count = 0; count < 12; count++) scene.bob.says(scene.general, `Good morning ${count}.`);
    const message = scene.ada.says(scene.general, "Nitro!");
    await expect.poll(() => message.isDeleted).toBe(true);
    gate.open();
    await scene.settled();
  });

  it("only says what it would do, in shadow mode, and is decided like all else", async () => {
    const { scene, inference } = await filtered({ invitations: { action: "timeout" } }, { shadow: true });
    await using _ = scene;
    const message = scene.ada.says(scene.general, INVITED);
    await scene.settled();
    expect([message.isDeleted, inference.judged]).toEqual([false, []]);
    expect(asText(scene.cards[0] as Message)).toContain("Would have been deleted, and its author timed out");
    const said = await scene.mona.presses(scene.cards[0] as Message, "Approve").response();
    expect(said.content).toContain("Review 1: approved.");
  });

  it("that only logs leaves the rest to the judges: what they say counts as well", async () => {
    const inference = new WatchedInference(STEADY);
    await using scene = await Scene.moderated(inference, "delete", { filters: { words: { list: ["goods"], action: "log" } } });
    const message = scene.ada.says(scene.general, STEADY_BAD);
    const harmless = scene.bob.says(scene.general, "Fresh goods.");
    await scene.settled();
    expect([message.isDeleted, harmless.isDeleted]).toEqual([true, false]);
    expect(scene.cards.map((card) => asText(card)).join("\n")).toMatch(/✗ filters\.words: "goods"[\s\S]*✗ harmless/);
    expect(scene.cards).toHaveLength(2);
  });

  it("that only logs is not lost where no judge can be asked", async () => {
    const { scene, inference } = await filtered({ words: { list: ["goods"], action: "log" } });
    await using _ = scene;
    inference.beforeJudge = () => {
      throw new Error("no model");
    };
    scene.ada.says(scene.general, "Fresh goods.");
    await scene.settled();
    expect(asText(scene.cards[0] as Message)).toContain('✗ filters.words: "goods"');
  });

  it("counts what one person says again and again in all channels, and an edit once", async () => {
    const { scene } = await filtered({ repeats: { most: 2, seconds: 60, action: "delete" } });
    await using _ = scene;
    const says = (channel: string, text: string) => scene.ada.says(scene.guild.channel(channel), text);
    const messages = [says("general", "Buy now"), says("other", "buy  NOW"), says("general", "b\u200buy now")];
    const others = [scene.bob.says(scene.general, "Buy now"), says("general", "Something else")];
    await scene.settled();
    expect(messages.map(({ isDeleted }) => isDeleted)).toEqual([false, false, true]);
    expect(others.map(({ isDeleted }) => isDeleted)).toEqual([false, false]);
    scene.platform.advance(61_000);
    const later = says("general", "Buy now");
    await scene.settled();
    expect(later.isDeleted).toBe(false);
  });

  it("sees who has joined lately, and counts mentions", async () => {
    const { scene } = await filtered({
      newcomers: { accountDays: 0, memberHours: 24, action: "hide" },
      mentions: { most: 1, action: "delete" },
    });
    await using _ = scene;
    const newcomer = scene.guild.addMember({ name: "New" });
    const [first, older] = [newcomer.says(scene.general, "Hello"), scene.ada.says(scene.general, "Hello")];
    const pinged = scene.ada.says(scene.general, `${scene.bob.mention} ${scene.mona.mention} ${scene.bob.mention}`);
    await scene.settled();
    expect([first, older, pinged].map(({ isDeleted }) => isDeleted)).toEqual([true, false, true]);
  });

  it("looks at what an edit makes of a message", async () => {
    const { scene } = await filtered({ invitations: { action: "delete" } });
    await using _ = scene;
    const message = scene.ada.says(scene.general, "Hello");
    await scene.settled();
    message.edit({ content: INVITED });
    await scene.settled();
    expect(message.isDeleted).toBe(true);
  });

  it("does nothing to whom a server does not have judged, nor in another server", async () => {
    const { scene } = await filtered({ invitations: { action: "delete" } });
    await using _ = scene;
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: [] });
    elsewhere.addMember({ person: scene.ada });
    await scene.running.set(elsewhere, { moderation: { automatic: true, shadow: false } });
    const messages = [scene.guild.owner.says(scene.general, INVITED), scene.ada.says(elsewhere.channel("general"), INVITED)];
    await scene.settled();
    expect(messages.map(({ isDeleted }) => isDeleted)).toEqual([false, false]);
  });

  it("that finds nearly all that people write returns the server to shadow mode, and says so", async () => {
    const { scene } = await filtered({ patterns: { all: { pattern: ".", action: "delete" } } });
    await using _ = scene;
    const messages = Array.from({ length: 20 }, (_one, index) => scene.bob.says(scene.general, `Good morning ${index}.`));
    await scene.settled();
    expect(messages.filter(({ isDeleted }) => isDeleted).length).toBeLessThan(12);
    expect((await scene.running.store.settings(scene.guild.id)).settings.moderation.shadow).toBe(true);
    const said = scene.cards.map(({ content }) => content).join("\n");
    expect(said).toMatch(/back in shadow mode[\s\S]*taken away by filters[\s\S]*a filter finds too much/);
  });

  it("goes on in a raid of newcomers, whatever they write", async () => {
    const { scene } = await filtered({ invitations: { action: "delete" } });
    await using _ = scene;
    const raiders = Array.from({ length: 20 }, (_one, index) => scene.guild.addMember({ name: `New${index}` }));
    const messages = raiders.map((raider) => raider.says(scene.general, INVITED));
    await scene.settled();
    expect(messages.every(({ isDeleted }) => isDeleted)).toBe(true);
    expect((await scene.running.store.settings(scene.guild.id)).settings.moderation.shadow).toBe(false);
  });

  it("is tried by moderators beforehand", async () => {
    const { scene } = await filtered({ invitations: { action: "delete" }, words: { list: ["join"], action: "look" } });
    await using _ = scene;
    const answer = await scene.mona.uses(scene.general, "/moderate test", { text: INVITED }).response();
    expect(asText(answer)).toMatch(
      /filters\.words: "join" \(judged before others\)[\s\S]*filters\.invitations[\s\S]*The rules would ask for: delete/,
    );
  });
});
