import { describe, expect, it } from "vitest";
import type { Message } from "../../support/discord/world/message.ts";
import { RunningBot } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";
import { newReview } from "../../support/store-records.ts";

const DELETING = { method: "DELETE", route: "/channels/:channel/messages/:message" } as const;

describe("A decision that comes while the rule is carried out", () => {
  it("is carried out afterwards: what was hidden is shown again", async () => {
    await using scene = await Scene.moderated(STEADY, "hide");
    const deleting = scene.platform.holdNext(DELETING);
    const message = scene.ada.says(scene.general, STEADY_BAD);
    await deleting.arrived;
    const queue = await scene.mona.uses(scene.general, "/moderate queue").response();
    const reads = () => scene.platform.requests.filter(({ method, route }) => method === "GET" && route === DELETING.route);
    const before = reads().length;
    const approving = scene.mona.presses(queue, "Approve");
    await approving.acknowledged();
    // It is not to look whether the message stands there yet, and has had the time to.
    let looks = 0;
    await scene.platform.until(() => ++looks > 10 || reads().length > before);
    await scene.platform.until(() => reads().every(({ status }) => status !== undefined));
    deleting.release();
    expect((await approving.response()).content).toBe("Review 1: approved. The message is shown again.");
    await scene.settled();
    expect(message.isDeleted).toBe(true);
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual([expect.stringContaining(STEADY_BAD)]);
    expect((await scene.running.store.review(scene.guild.id, 1))?.text).toBeUndefined();
  });
});

describe("A message whose deletion Discord has carried out and not confirmed", () => {
  it("is taken away, and no problem", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    scene.platform.failNext({ ...DELETING, status: "accepted-then-500" });
    scene.ada.says(scene.general, STEADY_BAD);
    await scene.settled();
    expect(scene.cards[0]?.embeds[0]?.fields?.find(({ name }) => name === "Done")?.value).toBe("Deleted");
    expect(scene.platform.posts(scene.ada.privately)).toHaveLength(1);
  });
});

/** A bot comes back after it was killed when Mona had decided about what Ada wrote, and before anything came of it. */
async function returning(decision: "approved" | "rejected") {
  const running = await RunningBot.start({ inference: STEADY });
  const { platform, store } = running;
  const guild = platform.addGuild({ channels: ["general"], members: ["Ada"] });
  const general = guild.channel("general");
  const message = guild.person("Ada").says(general, STEADY_BAD);
  if (decision === "approved") message.delete();
  const review = newReview({ guild: guild.id, channel: general.id, message: message.id, author: message.author.id, text: STEADY_BAD });
  const id = (await store.addReview({ ...review, action: "hide", shadow: false, createdAt: platform.now() })) as number;
  await store.decide({ guild: guild.id, id, decision, by: guild.owner.id, at: platform.now() });
  return {
    running,
    platform,
    general,
    message,
    text: async () => (await store.review(guild.id, id))?.text,
    posts: () => platform.posts(general).map(({ content }: Message) => content),
    back: async () => {
      await running.login();
      await platform.idle();
      await running.bot.idle();
      expect(running.bot.leaks).toBe(0);
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

describe("A bot that was killed between a decision and what follows from it", () => {
  it("shows what was hidden and approved, when it is back, and forgets the text then", async () => {
    await using scene = await returning("approved");
    expect(await scene.text()).toBe(STEADY_BAD);
    await scene.back();
    expect(scene.posts()).toEqual([`${scene.message.author.mention} wrote, and a moderator approved:\n${STEADY_BAD}`]);
    expect(await scene.text()).toBeUndefined();
  });

  it("shows nothing twice", async () => {
    await using scene = await returning("approved");
    const content = `${scene.message.author.mention} wrote, and a moderator approved:\n${STEADY_BAD}`;
    scene.general.post({ author: scene.platform.bot, content });
    await scene.back();
    expect(scene.posts()).toEqual([content]);
    expect(await scene.text()).toBeUndefined();
  });

  it("keeps it for the next time where it cannot be shown", async () => {
    await using scene = await returning("approved");
    const heal = scene.platform.failEvery(({ method, route }) => method === "POST" && route === "/channels/:channel/messages", {
      status: 403,
    });
    await scene.back();
    heal();
    expect([scene.posts(), await scene.text()]).toEqual([[], STEADY_BAD]);
  });

  it("takes away what was rejected, when it is back", async () => {
    await using scene = await returning("rejected");
    await scene.back();
    expect([scene.message.isDeleted, await scene.text()]).toEqual([true, undefined]);
  });

  it("does nothing when a day has passed, and forgets the text", async () => {
    await using scene = await returning("approved");
    scene.platform.advance(25 * 3_600_000);
    await scene.back();
    expect([scene.posts(), await scene.text()]).toEqual([[], undefined]);
  });
});
