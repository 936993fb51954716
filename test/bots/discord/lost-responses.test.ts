import { describe, expect, it } from "vitest";
import type { FaultStatus } from "../../support/discord/rest/faults.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY } from "../../support/steady-inference.ts";

const FOLLOW_UP = { method: "POST", route: "/webhooks/:application/:token" } as const;
const CALLBACK = { method: "POST", route: "/interactions/:interaction/:token/callback" } as const;

const PARTS = ["a", "b", "c"].map((letter) => letter.repeat(1500));
const MISSING = "(A part of this answer may be missing here: Discord did not say whether it took it.)";

function open(): Promise<Scene> {
  const answer: typeof STEADY.answer = async (...asked) => ({ ...(await STEADY.answer(...asked)), text: PARTS.join("\n\n") });
  return Scene.open({ ...STEADY, answer });
}

const LOST: readonly FaultStatus[] = ["accepted-then-500", "accepted-then-hang-up", 500, "hang-up"];

describe("A part of a long answer to /ask whose response is lost", () => {
  it.each(LOST)("stands there once, and the others do (%s)", async (status) => {
    await using scene = await open();
    scene.platform.failNext({ ...FOLLOW_UP, status });
    const asking = scene.ada.uses(scene.general, "/ask", { question: "Where is the museum?" });
    const first = await asking.response();
    await scene.running.bot.idle();
    expect([first, ...asking.followUps].map(({ content }) => content)).toEqual(PARTS);
    const [record] = await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1);
    expect(record).toMatchObject({ state: "posted", messages: [first, ...asking.followUps].map(({ id }) => id) });
    expect(scene.running.bot.leaks).toBe(0);
  });

  it.each(LOST)("and that only one person sees is not sent again, which is said in its place (%s)", async (status) => {
    await using scene = await open();
    scene.platform.failNext({ ...FOLLOW_UP, status });
    const asking = scene.ada.uses(scene.general, "/ask", { question: "Where is the museum?", private: true });
    await asking.response();
    await scene.running.bot.idle();
    const isThere = String(status).startsWith("accepted");
    expect(asking.followUps.map(({ content }) => content)).toEqual([...(isThere ? [PARTS[1]] : []), MISSING, PARTS[2]]);
    expect(asking.followUps.every(({ isEphemeral }) => isEphemeral)).toBe(true);
  });

  it("is given up where it is lost again and again, and nothing stands there twice", async () => {
    await using scene = await open();
    scene.platform.failNext({ ...FOLLOW_UP, status: 500, times: 9 });
    const asking = scene.ada.uses(scene.general, "/ask", { question: "Where is the museum?" });
    await asking.response();
    await scene.running.bot.idle();
    expect(asking.followUps).toEqual([]);
    expect(await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1)).toMatchObject([{ state: "failed" }]);
  });
});

describe("A command whose first response is lost", () => {
  it.each(LOST)("is answered (%s)", async (status) => {
    await using scene = await open();
    scene.platform.failNext({ ...CALLBACK, status });
    const asking = scene.ada.uses(scene.general, "/ask", { question: "Where is the museum?" });
    expect((await asking.response()).content).toBe(PARTS[0]);
    scene.platform.failNext({ ...CALLBACK, status });
    expect((await scene.mona.uses(scene.general, "/moderate queue").response()).content).toBe("Nothing waits for a decision.");
  });

  it("and that another one has answered is left to that one", async () => {
    await using scene = await open();
    const hold = scene.platform.holdNext(CALLBACK);
    const asking = scene.mona.uses(scene.general, "/moderate queue");
    await hold.arrived;
    asking.respond({ author: scene.platform.bot, content: "By another process." });
    hold.release();
    await scene.settled();
    expect((await asking.response()).content).toBe("By another process.");
  });
});
