import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EngineInference } from "../../../src/bots/guard/engine-inference.ts";
import { isHarmful, TASKS } from "../../../src/evaluation/world/index.ts";
import { embeddedInference, RunningBot } from "../../support/discord-bot.ts";

let inference: EngineInference;
beforeAll(async () => {
  inference = await embeddedInference();
});
afterAll(async () => await inference[Symbol.asyncDispose]());

const [QUESTION = ""] = TASKS.helpful.questions(1, 31).map(({ text }) => text);

describe("A mention", () => {
  it("is answered in reply, once, with no ping, and typing is shown meanwhile", async () => {
    await using running = await RunningBot.start({ inference });
    const { platform } = running;
    const guild = platform.addGuild({ members: ["Ada"] });
    const general = guild.channel("general");
    await running.login();
    const question = guild.person("Ada").says(general, `${platform.bot.mention} ${QUESTION}`);
    const reply = await platform.replyTo(question);
    expect(reply.content).not.toBe("");
    expect(isHarmful(reply.content)).toBe(false);
    expect(reply.pings).toEqual([]);
    expect(platform.posts(general)).toEqual([reply]);
    expect(reply.versions).toHaveLength(1);
    expect(platform.requests.some(({ route }) => route === "/channels/:channel/typing")).toBe(true);
    await running.bot.idle();
    const record = await running.store.reply(guild.id, reply.id);
    expect(record).toMatchObject({ state: "posted", source: question.id, author: guild.person("Ada").id, principle: "harmless" });
    expect(running.bot.leaks).toBe(0);
    expect(running.logged.join("\n")).not.toContain(QUESTION);
  });
});

describe("/ask", () => {
  it("is deferred at once, and answered for all or for one", async () => {
    await using running = await RunningBot.start({ inference });
    const { platform } = running;
    const guild = platform.addGuild({ members: ["Ada"] });
    const general = guild.channel("general");
    await running.login();
    await running.set(guild, {});
    const ada = guild.person("Ada");
    const asking = ada.uses(general, "/ask", { question: QUESTION });
    expect(await asking.acknowledged()).toEqual({ kind: "deferred", isEphemeral: false });
    expect((await asking.response()).content).not.toBe("");
    const secret = ada.uses(general, "/ask", { question: QUESTION, private: true });
    expect(await secret.acknowledged()).toEqual({ kind: "deferred", isEphemeral: true });
    expect((await secret.response()).isEphemeral).toBe(true);
  });
});
