import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS, type EngineInference, InferenceError, type Store, StoreError } from "../../../src/bots/guard/index.ts";
import { TASKS } from "../../../training/world/index.ts";
import type { FaultStatus } from "../../support/discord/rest/faults.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { embeddedInference } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { untilTakenBack, WatchedInference } from "../../support/watched-inference.ts";

let embedded: EngineInference;
let inference: WatchedInference;
beforeAll(async () => {
  embedded = await embeddedInference();
});
beforeEach(() => {
  inference = new WatchedInference(embedded);
});
afterAll(async () => await embedded[Symbol.asyncDispose]());

const QUESTIONS = TASKS.helpful.questions(200, 41).map(({ text }) => text);
const [QUESTION = "", OTHER = ""] = QUESTIONS;
const { failure, refusal } = DEFAULT_SETTINGS.talk;

/** All that the bot ever showed is vetted to the letter, or in words of its own. */
function expectNoLeak(scene: Scene): void {
  const judged = new Set(inference.judged.map(({ turns }) => turns.at(-1)?.text.trim()));
  const shown = scene.platform.everything.flatMap(({ versions }) => versions.map(({ content }) => content.trim()));
  const own = [
    "",
    failure,
    refusal,
    "Stopped.",
    "I have to restart. Please ask again in a moment.",
    "I have to restart. Please try again in a moment.",
  ];
  expect(shown.filter((text) => !own.includes(text) && !judged.has(text) && !/^\d+ questions are before yours\.$/.test(text))).toEqual([]);
  expect(scene.running.bot.leaks).toBe(0);
}

/** When a post became what it is: the number of its last request. */
function finishedAt({ platform }: Scene, { id, replyTo, versions }: Message): number {
  return platform.requests.findLastIndex(({ method, path, body }) => {
    if (versions.length > 1) return method === "PATCH" && path.endsWith(`/messages/${id}`);
    return (
      method === "POST" &&
      (body as { message_reference?: { message_id: string } } | undefined)?.message_reference?.message_id === replyTo?.id
    );
  });
}

async function answered(scene: Scene, text = OTHER): Promise<Message> {
  return await scene.platform.replyTo(scene.bob.says(scene.general, scene.mention(text)));
}

describe("A request to Discord that fails", () => {
  const routes = ["/channels/:channel/messages", "/channels/:channel/typing", "/channels/:channel/messages/:message"] as const;
  const cases = routes.flatMap((route) =>
    ([500, 429, 403, 404, "hang-up", "accepted-then-500"] as const).map((status) => [status, route] as const),
  );

  it.each<readonly [FaultStatus, (typeof routes)[number]]>(cases)(
    "with %s at %s costs at most its answer, and never shows anything unjudged",
    async (status, route) => {
      await using scene = await Scene.open(inference, { talk: { edits: true } }, { rest: { timeout: 300 } });
      scene.platform.failNext({ route, status, times: 1 });
      scene.ada.says(scene.general, scene.mention(QUESTION));
      await scene.platform.until(() => inference.asked.length === 1 || undefined);
      const reply = await answered(scene);
      expect(reply.content).not.toBe("");
      await scene.running.bot.idle();
      expectNoLeak(scene);
      const replies = scene.platform.posts(scene.general).map(({ replyTo }) => replyTo);
      expect(new Set(replies).size).toBe(replies.length);
      for (const { state } of await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 9))
        expect(["posted", "failed"]).toContain(state);
    },
  );

  it.each([500, 403, 404, "hang-up"] as const)("with %s every time leaves the bot alive: it answers when Discord does", async (status) => {
    await using scene = await Scene.open(inference, {}, { rest: { timeout: 100 } });
    const heal = scene.platform.failEvery(() => true, { status });
    scene.ada.says(scene.general, scene.mention(QUESTION));
    await scene.platform.until(() => scene.platform.requests.some(({ method, route }) => method === "POST" && route.endsWith("/messages")));
    await scene.running.bot.idle();
    heal();
    expect((await answered(scene)).content).not.toBe("");
    expectNoLeak(scene);
  });

  it("after Discord has posted the answer is made again, and the answer is there once", async () => {
    await using scene = await Scene.open(inference);
    scene.platform.failNext({ method: "POST", route: "/channels/:channel/messages", status: "accepted-then-500" });
    const reply = await scene.platform.replyTo(scene.ada.says(scene.general, scene.mention(QUESTION)));
    await scene.running.bot.idle();
    expect(scene.platform.posts(scene.general)).toEqual([reply]);
    expect(
      scene.platform.requests.filter(({ method, route }) => method === "POST" && route === "/channels/:channel/messages"),
    ).toHaveLength(2);
  });
});

describe("A gateway", () => {
  it.each<[string, (scene: Scene) => void]>([
    ["that is lost", ({ platform }) => platform.dropGateway()],
    ["that asks to connect anew", ({ platform }) => platform.reconnectAll()],
    ["whose session may be taken up again", ({ platform }) => platform.invalidateSessions({ isResumable: true })],
  ])("%s while an answer is written changes nothing about it, and what was said meanwhile is answered once", async (_, fail) => {
    await using scene = await Scene.open(inference);
    const { platform, ada, bob, general } = scene;
    const gate = new Gate();
    inference.beforeAnswer = () => gate.opened;
    const question = ada.says(general, scene.mention(QUESTION));
    await platform.until(() => inference.asked.length === 1 || undefined);
    fail(scene);
    const meanwhile = bob.says(general, scene.mention(OTHER));
    gate.open();
    await platform.replyTo(question);
    await platform.replyTo(meanwhile);
    await scene.running.bot.idle();
    expect(platform.posts(general).map(({ replyTo }) => replyTo)).toEqual([question, meanwhile]);
    expectNoLeak(scene);
  });

  it("that falls silent is found out and left, and what was said meanwhile is answered", async () => {
    await using scene = await Scene.open(inference, {}, { platform: { heartbeatMs: 400 } });
    const before = scene.platform.logins.length;
    scene.platform.becomeZombie();
    const meanwhile = scene.bob.says(scene.general, scene.mention(OTHER));
    expect((await scene.platform.replyTo(meanwhile)).content).not.toBe("");
    await scene.running.bot.idle();
    expect(scene.platform.logins.length).toBeGreaterThan(before);
    expectNoLeak(scene);
  });

  it("whose session is over is joined anew, and the bot answers again", async () => {
    await using scene = await Scene.open(inference);
    const before = scene.platform.logins.length;
    scene.platform.invalidateSessions();
    await scene.platform.until(() => scene.platform.logins.length > before);
    expect((await answered(scene)).content).not.toBe("");
  });
});

describe("A model or a judge that fails", () => {
  it.each(["model", "late", "away"] as const)("(%s) is told in the guild's own line, and the next question is answered", async (code) => {
    await using scene = await Scene.open(inference);
    inference.beforeAnswer = () => {
      throw new InferenceError(code, "inside");
    };
    expect((await answered(scene, QUESTION)).content).toBe(failure);
    inference.beforeAnswer = () => undefined;
    expect((await answered(scene)).content).not.toBe(failure);
    expectNoLeak(scene);
  });

  it.each(["judge", "late"] as const)("(%s, of the whole answer) posts nothing but that line", async (code) => {
    await using scene = await Scene.open(inference, { talk: { edits: true } });
    inference.beforeJudge = () => {
      throw new InferenceError(code, "inside");
    };
    const reply = await answered(scene, QUESTION);
    await scene.running.bot.idle();
    expect(reply.versions.map(({ content }) => content)).toEqual([failure]);
  });
});

describe("A memory that fails", () => {
  const methods = ["settings", "beginReply", "endReply", "isOptedOut", "countWithin"] as const satisfies readonly (keyof Store)[];

  it.each(methods)("at %s costs the answer, says so, and posts nothing unjudged", async (method) => {
    let isFailing = false;
    const spoil = (store: Store) =>
      new Proxy(store, {
        get(target, name) {
          if (isFailing && name === method) return async () => Promise.reject(new StoreError("locked", "the database is locked"));
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? value.bind(target) : value;
        },
      });
    await using scene = await Scene.open(inference, { talk: { userDailyCap: 9 } }, { spoil });
    isFailing = true;
    expect((await answered(scene, QUESTION)).content).toBe(failure);
    await scene.running.bot.idle();
    isFailing = false;
    expect((await answered(scene)).content).not.toBe(failure);
    expectNoLeak(scene);
  });
});

describe("A clock that is wrong", () => {
  it.each([-36, 36])("by %i hours changes no answer", async (hours) => {
    await using scene = await Scene.open(
      inference,
      { talk: { cooldownSeconds: 1 } },
      { options: { clock: () => Date.UTC(2026, 0, 1) + hours * 3_600_000 } },
    );
    expect((await answered(scene)).content).not.toBe(failure);
  });
});

describe("A hundred people who ask in twenty guilds at once", () => {
  it("are all answered, in each channel in order, no guild before all others, and told their place", async () => {
    await using scene = await Scene.open(inference);
    const { platform, running } = scene;
    const guilds = Array.from({ length: 19 }, (_, index) => platform.addGuild({ name: `Guild of many ${index}`, members: ["A", "B"] }));
    await platform.idle();
    for (const guild of guilds) await running.set(guild, {});
    // One guild asks as much as ten others.
    const crowd = Array.from({ length: 43 }, () => scene.general);
    const channels = [...crowd, ...guilds.flatMap((guild) => Array.from({ length: 3 }, () => guild.channel("general")))];
    const asked = channels.map((channel, index) => {
      const person = channel.guild?.members.values().next().value?.user as typeof scene.ada;
      return person.says(channel, scene.mention(QUESTIONS[index] ?? QUESTION));
    });
    const others = asked.filter(({ channel }) => channel !== scene.general);
    for (const question of asked) await platform.replyTo(question);
    await running.bot.idle();
    expect(platform.everything.filter(({ content }) => content === failure)).toEqual([]);
    for (const channel of new Set(channels)) {
      const inOrder = [...platform.posts(channel)].sort((a, b) => finishedAt(scene, a) - finishedAt(scene, b));
      expect(inOrder.map(({ replyTo }) => replyTo?.id)).toEqual(
        asked.filter((question) => question.channel === channel).map(({ id }) => id),
      );
    }
    const guildsInOrder = inference.finished.map(({ guild }) => guild);
    const lastOfOthers = Math.max(...guilds.map(({ id }) => guildsInOrder.lastIndexOf(id)));
    const ofCrowdBefore = guildsInOrder.slice(0, lastOfOthers).filter((guild) => guild === scene.guild.id).length;
    expect(ofCrowdBefore).toBeLessThan(crowd.length / 2);
    expect(others).toHaveLength(57);
    expect(platform.everything.some(({ versions }) => /^\d+ questions are before yours\.$/.test(versions[0]?.content ?? ""))).toBe(true);
    expectNoLeak(scene);
  }, 120_000);
});

describe("A bot that is told to leave", () => {
  it("lets the answer that it writes end, and takes no other", async () => {
    await using scene = await Scene.open(inference);
    const { platform, running, ada, general } = scene;
    const gate = new Gate();
    inference.beforeAnswer = () => gate.opened;
    const question = ada.says(general, scene.mention(QUESTION));
    await platform.until(() => inference.asked.length === 1 || undefined);
    const left = running.bot.leave(10_000);
    const late = scene.bob.says(general, scene.mention(OTHER));
    scene.bob.says(general, scene.mention(QUESTION));
    const command = await scene.bob.uses(general, "/ask", { question: OTHER }).response();
    expect([command.content, command.isEphemeral]).toEqual(["I have to restart. Please try again in a moment.", true]);
    await platform.idle();
    gate.open();
    await left;
    expect(platform.posts(general).map(({ replyTo }) => replyTo)).toEqual([late, question]);
    expect(platform.posts(general)[0]?.content).toBe("I have to restart. Please ask again in a moment.");
    expectNoLeak(scene);
  });

  it.each([5, 0])("tells those for whom it takes too long, whether their place in line (%i) was told or not", async (place) => {
    await using scene = await Scene.open(inference);
    const { platform, running, general } = scene;
    inference.beforeAnswer = (request, waiting) => {
      waiting.onPosition?.(place);
      return untilTakenBack(request, waiting);
    };
    const question = scene.ada.says(general, scene.mention(QUESTION));
    await platform.until(() => inference.asked.length === 1 || undefined);
    await running.bot.leave(0);
    expect(platform.posts(general).map(({ content, replyTo }) => [content, replyTo])).toEqual([
      ["I have to restart. Please ask again in a moment.", question],
    ]);
    expect(await running.store.lastReplies(scene.guild.id, general.id, 1)).toMatchObject([{ state: "stopped" }]);
  });

  it("leaves those open for its return whom it cannot tell", async () => {
    await using scene = await Scene.open(inference);
    inference.beforeAnswer = untilTakenBack;
    scene.ada.says(scene.general, scene.mention(QUESTION));
    await scene.platform.until(() => inference.asked.length === 1 || undefined);
    scene.platform.failEvery(({ method }) => method === "POST", { status: 403 });
    await scene.running.bot.leave(0);
    expect(await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1)).toMatchObject([{ state: "drafting" }]);
  });
});
