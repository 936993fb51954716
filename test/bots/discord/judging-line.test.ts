import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { STEADY } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

/** As many as are judged at once: they are with the judge before anything waits. */
const AT_ONCE = 4;

async function floodedScene(messages: number): Promise<{ scene: Scene; gate: Gate; read: () => readonly string[] }> {
  const inference = new WatchedInference(STEADY);
  const scene = await Scene.moderated(inference, "log", { filters: { words: { list: ["nitro"], action: "look" } } });
  scene.platform.advance(2 * 86_400_000);
  const gate = new Gate();
  inference.beforeJudge = () => gate.opened;
  for (let count = 0; count < AT_ONCE; count++) scene.bob.says(scene.general, `First ${count}`);
  await expect.poll(() => inference.judged.length).toBe(AT_ONCE);
  for (let count = 0; count < messages; count++) scene.bob.says(scene.general, `Later ${count}`);
  await scene.platform.idle();
  return { scene, gate, read: () => inference.judged.slice(AT_ONCE).map(({ turns }) => turns.at(-1)?.text ?? "") };
}

describe("What waits to be judged", () => {
  it("is judged in turns of servers, and there first what a filter has found and what newcomers write", async () => {
    const { scene, gate, read } = await floodedScene(5);
    await using _ = scene;
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: [] });
    elsewhere.addMember({ person: scene.ada });
    await scene.running.set(elsewhere, { moderation: { automatic: true } });
    scene.guild.addMember({ name: "New" }).says(scene.general, "Newcomer");
    scene.ada.says(scene.general, "Free nitro");
    scene.ada.says(elsewhere.channel("general"), "Elsewhere");
    await scene.platform.idle();
    await expect.poll(() => scene.running.bot.client.guilds.cache.size).toBe(2);
    gate.open();
    await scene.settled();
    expect(read()).toEqual(["Free nitro", "Elsewhere", "Newcomer", "Later 0", "Later 1", "Later 2", "Later 3", "Later 4"]);
  });

  it("is let go where it is too much, last what a filter has found, and that is said once and counted", { timeout: 60_000 }, async () => {
    const { scene, gate, read } = await floodedScene(2000);
    await using _ = scene;
    scene.ada.says(scene.general, "Free nitro");
    scene.bob.says(scene.general, "One too many");
    await scene.platform.idle();
    const status = await scene.guild.owner.uses(scene.general, "/rain status").response();
    expect(asText(status)).toContain("2 messages of the last day stayed unjudged");
    gate.open();
    await scene.settled();
    expect(scene.cards.filter(({ content }) => content.includes("More is written here than I can judge"))).toHaveLength(1);
    expect([read()[0], read().length]).toEqual(["Free nitro", 2000]);
    expect(read()).not.toContain("One too many");
    expect(await scene.running.bot.metrics.registry.getSingleMetricAsString("rain_unjudged_total")).toContain("rain_unjudged_total 2");
  });
});
