import { afterEach, describe, expect, it, vi } from "vitest";
import type { Answered, AnswerWaiting } from "../../../src/bots/guard/index.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { STEADY, STEADY_ANSWER } from "../../support/steady-inference.ts";
import { untilTakenBack } from "../../support/watched-inference.ts";

/** A scene in which one answer is written as the test says; then it is as steady as ever. */
async function writing(answer: (waiting: AnswerWaiting) => unknown, talk: { readonly edits?: boolean } = {}): Promise<Scene> {
  const inference = {
    ...STEADY,
    answer: async (request: Parameters<typeof STEADY.answer>[0], waiting: AnswerWaiting = {}): Promise<Answered> => {
      await answer(waiting);
      return await STEADY.answer(request);
    },
  };
  return await Scene.open(inference, { talk });
}

function asked(scene: Scene): Message {
  return scene.ada.says(scene.general, scene.mention("Where is the museum?"));
}

/** What stood there, one after the other, and whether it could be stopped by a button. */
function course({ versions }: Message): readonly (readonly [content: string, canBeStopped: boolean])[] {
  return versions.map(({ content, components }) => [content, components.length > 0]);
}

describe("What people see of an answer", () => {
  afterEach(() => void vi.useRealTimers());

  it("changes at most every 1.2 seconds while it is written, and is whole at once when it is done", async () => {
    const done = new Gate();
    const begun = new Gate();
    let write: (text: string) => void = () => expect.fail("Expected an answer that is shown while it is written");
    await using scene = await writing(
      async ({ onText = write }) => {
        write = onText;
        begun.open();
        await done.opened;
      },
      { edits: true },
    );
    const { platform } = scene;
    // Of the bot alone: what discord.js and the platform wait by is not the global one.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const question = asked(scene);
    await begun.opened;
    write("Follow");
    const reply = await platform.replyTo(question);
    write("Follow the");
    write("Follow the river");
    let passed = 0;
    for (; reply.versions.length < 2; passed += 100) {
      await platform.idle();
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(passed).toBeGreaterThanOrEqual(1200);
    write("Follow the river to");
    done.open();
    await platform.until(() => reply.versions.length === 3);
    vi.useRealTimers();
    expect(course(reply)).toEqual([
      ["Follow", true],
      ["Follow the river", true],
      [STEADY_ANSWER, false],
    ]);
  });

  it("is not changed any more when it is done, whatever comes late", async () => {
    let writer: AnswerWaiting = {};
    await using scene = await writing((waiting) => (writer = waiting), { edits: true });
    const reply = await scene.platform.replyTo(asked(scene));
    await scene.running.bot.idle();
    expect(writer.onText).toBeDefined();
    writer.onText?.("Late.");
    writer.onPosition?.(9);
    await scene.platform.idle();
    await scene.running.bot.idle();
    expect(course(reply)).toEqual([[STEADY_ANSWER, false]]);
    expect(scene.platform.everything).toEqual([reply]);
  });

  it("is its place in line, told once, where it waits for more than one other", async () => {
    await using scene = await writing(({ onPosition }) => {
      for (const ahead of [1, 5, 4, 3, 0]) onPosition?.(ahead);
    });
    const reply = await scene.platform.replyTo(asked(scene));
    await scene.running.bot.idle();
    expect(course(reply)).toEqual([
      ["5 questions are before yours.", true],
      [STEADY_ANSWER, false],
    ]);
  });

  it("of 50 who ask at once comes before the notices, which come one at a time, once to each who still waits", async () => {
    const people = 50;
    const waiting: { readonly hears: (ahead: number) => void; readonly ends: Gate }[] = [];
    await using scene = await writing(async ({ onPosition = () => undefined }) => {
      const one = { hears: onPosition, ends: new Gate() };
      waiting.push(one);
      onPosition(waiting.length - 1);
      await one.ends.opened;
    });
    const { platform, guild, general } = scene;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const asked = Array.from({ length: people }, (_, index) =>
      guild.addMember({ name: `Asker ${index}` }).says(general, scene.mention("Where is the museum?")),
    );
    await platform.until(() => waiting.length === people);
    await platform.idle();
    const told = () => platform.posts(general).flatMap(({ content }) => (content.endsWith("questions are before yours.") ? [content] : []));
    const atFirst = told();
    waiting[0]?.ends.open();
    await platform.replyTo(asked[0] as Message);
    const withTheFirstAnswer = told();
    for (const [index, { hears }] of waiting.entries()) if (index > 0) hears(index - 1);
    for (let person = 0; person < people; person++) {
      await vi.advanceTimersByTimeAsync(2500);
      await platform.idle();
    }
    const inTheEnd = told();
    vi.useRealTimers();
    for (const { ends } of waiting) ends.open();
    expect([atFirst, withTheFirstAnswer]).toEqual([["2 questions are before yours."], ["2 questions are before yours."]]);
    // One has its answer, and one is next; another one was told before.
    expect(inTheEnd).toHaveLength(people - 2);
    expect(inTheEnd).toContain("48 questions are before yours.");
    await scene.running.bot.idle();
    const answers = await Promise.all(asked.map((question) => platform.replyTo(question)));
    expect(answers.map(({ content }) => content)).toEqual(asked.map(() => STEADY_ANSWER));
    expect(Math.max(...answers.map(({ versions }) => versions.length))).toBe(2);
  });

  it("is taken away where its place in line was told and the question is gone", async () => {
    await using scene = await writing(async (waiting) => {
      waiting.onPosition?.(3);
      await untilTakenBack(undefined, waiting);
    });
    const question = asked(scene);
    const line = await scene.platform.replyTo(question);
    scene.ada.deletes(question);
    await scene.platform.until(() => line.isDeleted || undefined);
    await scene.running.bot.idle();
    expect(scene.platform.posts(scene.general)).toEqual([]);
  });

  it("is a line in the place of a command's answer that is given up before anything stood there", async () => {
    const begun = new Gate();
    await using scene = await writing(async (waiting) => {
      begun.open();
      await untilTakenBack(undefined, waiting);
    });
    const asking = scene.ada.uses(scene.general, "/ask", { question: "Where is the museum?" });
    await begun.opened;
    await scene.running.bot.leave(0);
    expect(course(await asking.response()).at(-1)).toEqual(["I have to restart. Please ask again in a moment.", false]);
  });

  it("is given although its place could not be told", async () => {
    await using scene = await writing(({ onPosition }) => onPosition?.(3));
    scene.platform.failNext({ method: "POST", route: "/channels/:channel/messages", status: 403 });
    const reply = await scene.platform.replyTo(asked(scene));
    await scene.running.bot.idle();
    expect(course(reply)).toEqual([[STEADY_ANSWER, false]]);
  });
});
