import { describe, expect, it } from "vitest";
import { DEFAULT_SETTINGS } from "../../../src/bots/guard/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import { eachComponent } from "../../support/discord/world/each-component.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER, verdictOf } from "../../support/steady-inference.ts";
import { untilTakenBack, WatchedInference } from "../../support/watched-inference.ts";

const QUESTION = "Where is the museum?";

/** A model whose every answer is another one. */
function counting(): WatchedInference {
  let count = 0;
  const answer: typeof STEADY.answer = async (request, waiting) => {
    count++;
    const answered = await STEADY.answer(request, waiting);
    const account = { ...answered.account, discarded: ["A secret."], course: [{ tokens: 6, value: 0.9, kind: "commit" as const }] };
    return { ...answered, account, text: `${STEADY_ANSWER} (${count})` };
  };
  return new WatchedInference({ ...STEADY, answer });
}

async function opened(talk: object = {}, inference = counting()): Promise<Scene> {
  return await Scene.open(inference, { talk: { buttons: true, ...talk } });
}

/** Ada asks; the answer, with all that is done. */
async function answered(scene: Scene, question = QUESTION): Promise<Message> {
  scene.ada.says(scene.general, scene.mention(question));
  await scene.settled();
  return scene.platform.posts(scene.general).at(-1) as Message;
}

function labelsOf({ components }: Message): readonly string[] {
  return [...eachComponent(components)].flatMap((one) => ("label" in one && typeof one.label === "string" ? [one.label] : []));
}

function said(scene: Scene): readonly string[] {
  return scene.platform.posts(scene.general).map(({ content }) => content);
}

describe("Buttons below an answer", () => {
  it("are there where a server wants them, below its last message, and nowhere else", async () => {
    const texts = [STEADY_ANSWER, ["a", "b"].map((letter) => letter.repeat(1500)).join("\n\n")];
    const answer: typeof STEADY.answer = async (request) => {
      const text = texts.shift();
      if (text === undefined) throw new Error("It broke.");
      return { ...(await STEADY.answer(request)), text };
    };
    await using scene = await opened({}, new WatchedInference({ ...STEADY, answer }));
    expect(labelsOf(await answered(scene))).toEqual(["Retry", "Explain"]);
    const last = await answered(scene);
    const [, first] = scene.platform.posts(scene.general);
    expect([labelsOf(first as Message), labelsOf(last)]).toEqual([[], ["Retry", "Explain"]]);
    expect(labelsOf(await answered(scene))).toEqual([]);
    expect(said(scene).at(-1)).toBe(DEFAULT_SETTINGS.talk.failure);
    texts.push(STEADY_ANSWER);
    await scene.running.set(scene.guild, {});
    expect(labelsOf(await answered(scene))).toEqual([]);
  });

  it("explain an answer to everybody in numbers, to them alone, and never what was discarded", async () => {
    await using scene = await opened();
    await scene.running.set(scene.guild, { talk: { buttons: true }, explain: { showDiscarded: true } });
    const answer = await answered(scene);
    const explained = await scene.bob.presses(answer, "Explain").response();
    expect(explained.isEphemeral).toBe(true);
    expect(asText(explained)).toContain("Value of the whole answer, as it was posted: **1.00**");
    expect(asText(explained)).not.toContain("secret");
    expect(explained.attachments.map(({ name }) => name)).toEqual(["values.png"]);
    await scene.ada.uses(scene.general, "/privacy delete").response();
    expect((await scene.bob.presses(answer, "Explain").response()).content).toBe("I know of no answer of mine in this message any more.");
  });

  it("stand below the answer to a command, too, but there it cannot be asked again", async () => {
    await using scene = await opened();
    const answer = await scene.ada.uses(scene.general, "/ask", { question: QUESTION }).response();
    await scene.settled();
    expect(labelsOf(answer)).toEqual(["Explain"]);
    const refused = await scene.ada.forges(answer, "answer:retry").response();
    expect(refused.content).toBe("I do not answer that question any more.");
    expect((await scene.ada.forges(answer, "answer:nothing").response()).content).toBe("I do not know what this is.");
  });
});

describe("Retry", () => {
  it("writes another answer beside the first one, for who asked, which can be asked again and replied to", async () => {
    await using scene = await opened();
    const first = await answered(scene);
    const told = await scene.ada.presses(first, "Retry").response();
    await scene.settled();
    expect([told.content, told.isEphemeral]).toEqual(["I write another answer.", true]);
    const [, second] = scene.platform.posts(scene.general);
    expect(said(scene)).toEqual([`${STEADY_ANSWER} (1)`, `${STEADY_ANSWER} (2)`]);
    expect([second?.replyTo, second?.pings, labelsOf(second as Message)]).toEqual([first.replyTo, [], ["Retry", "Explain"]]);
    await scene.ada.presses(second as Message, "Retry").response();
    await scene.settled();
    expect(said(scene)).toHaveLength(3);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("is nobody else's", async () => {
    await using scene = await opened();
    const answer = await answered(scene);
    for (const person of [scene.bob, scene.mona, scene.guild.owner])
      expect((await person.presses(answer, "Retry").response()).content).toBe("Only who asked may have another answer.");
    const other = scene.bob.says(scene.general, "Hello.");
    expect((await scene.ada.forges(other, "answer:retry").response()).content).toContain("I know of no answer of mine");
    await scene.settled();
    expect(said(scene)).toHaveLength(1);
  });

  it("is judged as any answer, and a question as any: what does not pass is not shown, and the day's limit holds", async () => {
    const inference = counting();
    let value = 1;
    const judge: typeof STEADY.judge = async ({ principles }) => principles.map(() => verdictOf(value));
    const strict = new WatchedInference({ ...STEADY, answer: inference.answer.bind(inference), judge });
    await using scene = await opened({ userDailyCap: 2 }, strict);
    const answer = await answered(scene);
    value = -1;
    await scene.ada.presses(answer, "Retry").response();
    await scene.settled();
    expect(said(scene)).toEqual([`${STEADY_ANSWER} (1)`, DEFAULT_SETTINGS.talk.refusal]);
    await scene.ada.presses(answer, "Retry").response();
    await scene.settled();
    expect(said(scene).at(-1)).toBe("You have asked me enough for today. Please come back tomorrow.");
    expect(strict.asked).toHaveLength(2);
  });

  it("is none where the question is gone, was edited while it is answered, or where the bot answers no more", async () => {
    const inference = counting();
    await using scene = await opened({}, inference);
    const answer = await answered(scene);
    const question = answer.replyTo as Message;
    inference.beforeAnswer = untilTakenBack;
    for (const takeBack of [() => scene.ada.edits(question, scene.mention("Where is the bank?")), () => scene.ada.deletes(question)]) {
      const before = inference.asked.length;
      await scene.ada.presses(answer, "Retry").response();
      await scene.platform.until(() => inference.asked.length > before);
      takeBack();
      await scene.settled();
    }
    expect(said(scene)).toHaveLength(1);
    expect((await scene.ada.presses(answer, "Retry").response()).content).toBe("I do not answer that question any more.");
    inference.beforeAnswer = () => undefined;
    const other = await answered(scene);
    await scene.running.set(scene.guild, { talk: { buttons: true, enabled: false } });
    expect((await scene.ada.presses(other, "Retry").response()).content).toBe("I do not answer that question any more.");
  });

  it("works in private, of what was asked there", async () => {
    await using scene = await opened();
    scene.ada.says(scene.ada.privately, QUESTION);
    await scene.settled();
    const [answer] = scene.platform.posts(scene.ada.privately);
    // There nobody has switched buttons on.
    expect(labelsOf(answer as Message)).toEqual([]);
    expect((await scene.ada.forges(answer as Message, "answer:retry").response()).content).toBe("I do not answer that question any more.");
  });
});
