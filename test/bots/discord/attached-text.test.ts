import { MessageType } from "discord.js";
import { describe, expect, it, vi } from "vitest";
import { checkSettings, type Inference, InferenceError, judgeMessage } from "../../../src/bots/guard/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_ANSWER, STEADY_BAD, verdictOf } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

/** Finds bad what has these words in it, wherever they are. */
const BAD = "goods under your coat";
const FINDING: Inference = {
  ...STEADY,
  judge: async ({ turns, principles }) => principles.map(() => verdictOf(turns.at(-1)?.text.includes(BAD) ? -1 : 1)),
};

async function posted(file: { readonly name: string; readonly content: string; readonly contentType: string }): Promise<Message> {
  await using scene = await Scene.moderated(FINDING);
  const message = scene.ada.says(scene.general, "Look.", { attachments: [{ ...file, content: Buffer.from(file.content) }] });
  await scene.settled();
  return message;
}

describe("What is with a message is judged with it", () => {
  it.each([
    ["a text file", { name: "message.txt", content: `Hello.\n${STEADY_BAD}\n`, contentType: "text/plain; charset=utf-8" }],
    ["the name of a picture", { name: "goods_under-your.coat.png", content: "a picture", contentType: "image/png" }],
  ])("%s", async (_, file) => {
    expect((await posted(file)).isDeleted).toBe(true);
  });

  it.each([
    ["a text file that says nothing bad", { name: "message.txt", content: "Hello.", contentType: "text/plain" }],
    ["a picture, whose bytes are no text", { name: "IMG_2034.png", content: STEADY_BAD, contentType: "image/png" }],
  ])("and %s changes nothing", async (_, file) => {
    expect((await posted(file)).isDeleted).toBe(false);
  });

  it("and a text file in what somebody forwards", async () => {
    await using scene = await Scene.moderated(FINDING);
    const elsewhere = scene.platform.addGuild({ channels: ["general"], members: ["Zoe"] });
    const file = { name: "message.txt", content: Buffer.from(STEADY_BAD), contentType: "text/plain" };
    const said = elsewhere.person("Zoe").says(elsewhere.channel("general"), "Look.", { attachments: [file] });
    const message = scene.ada.says(scene.general, "", { forwards: said });
    await scene.settled();
    expect(message.isDeleted).toBe(true);
  });

  it("also where a moderator asks for it", async () => {
    await using scene = await Scene.moderated(FINDING, "delete", { automatic: false });
    const file = { name: "message.txt", content: Buffer.from(STEADY_BAD), contentType: "text/plain" };
    const picture = { name: "IMG_1.png", content: Buffer.from("a picture"), contentType: "image/png" };
    const message = scene.ada.says(scene.general, "Look.", { attachments: [file, picture] });
    const asked = asText(await scene.mona.usesOnMessage(message, "Judge this message").response());
    expect(asked).toContain("✗ harmless -1.00");
    expect(asked).toContain("1 file was not judged, or not to its end");
  });

  it.each([
    ["pictures", { name: "IMG_1.png", content: Buffer.from("a picture"), contentType: "image/png" }],
    ["more than 64 KiB", { name: "message.txt", content: Buffer.alloc(70_000, "Hello. "), contentType: "text/plain" }],
  ])("and the card says what was not: %s", async (_, file) => {
    await using scene = await Scene.moderated(FINDING, "log");
    scene.ada.says(scene.general, STEADY_BAD, { attachments: [file, { ...file, name: "IMG_2.png" }] });
    scene.bob.says(scene.general, STEADY_BAD, {
      attachments: [{ name: "a.txt", content: Buffer.from("Hello."), contentType: "text/plain" }],
    });
    await scene.settled();
    const cards = scene.cards.map(asText);
    expect(cards[0]).toContain("2 files were not judged, or not to their end: what is no text, or more than 64 KiB in all");
    expect(cards[1]).not.toContain("not judged");
    expect(asText(await scene.mona.uses(scene.general, "/moderate queue").response())).toContain("2 files were not judged");
  });

  it("and a file that cannot be read leaves the rest to be judged", async () => {
    await using scene = await Scene.moderated(FINDING);
    const file = { name: "message.txt", content: Buffer.from("Hello."), contentType: "text/plain" };
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    const message = scene.ada.says(scene.general, STEADY_BAD, { attachments: [file] });
    await scene.settled();
    vi.restoreAllMocks();
    expect(message.isDeleted).toBe(true);
    expect(scene.running.logged.some((line) => line.includes("a file was not read"))).toBe(true);
  });
});

describe("What people read beside what somebody writes is judged", () => {
  const link = "Look: https://example.com/goods";
  const preview = { title: "Goods", description: "Take the goods under your coat." };

  it("in the preview of a link, which comes later, and is no edit by its author", async () => {
    await using scene = await Scene.moderated(FINDING);
    const message = scene.ada.says(scene.general, link);
    const harmless = scene.bob.says(scene.general, link);
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    message.unfurl([preview]);
    harmless.unfurl([{ title: "Warm colours" }]);
    await scene.settled();
    expect([message.isDeleted, harmless.isDeleted]).toEqual([true, false]);
    expect(scene.cards).toHaveLength(1);
  });

  it("in the preview of a question, whose answer goes on", async () => {
    await using scene = await Scene.moderated(FINDING, "log");
    const question = scene.ada.says(scene.general, scene.mention(link));
    question.unfurl([preview]);
    await scene.settled();
    expect(scene.platform.posts(scene.general)).toHaveLength(1);
    expect(scene.cards).toHaveLength(1);
  });

  it("in the preview of a message that discord.js has forgotten", async () => {
    await using scene = await Scene.moderated(FINDING);
    const message = scene.ada.says(scene.general, link);
    await scene.settled();
    const channel = scene.running.bot.client.channels.cache.get(scene.general.id);
    if (channel?.isTextBased()) channel.messages.cache.clear();
    message.unfurl([preview]);
    await scene.settled();
    expect(message.isDeleted).toBe(true);
  });

  it("by a webhook, which nobody can time out or tell", async () => {
    await using scene = await Scene.moderated(FINDING, "timeout");
    const message = scene.general.addWebhook("Feed").says(STEADY_BAD);
    const harmless = scene.general.addWebhook("News").says("Hello.");
    await scene.settled();
    expect([message.isDeleted, harmless.isDeleted]).toEqual([true, false]);
    expect(scene.cards[0]?.embeds[0]?.fields?.[2]?.value).toBe("Not timed out: a webhook posted it");
    expect(scene.running.logged.filter((line) => line.includes("author not told"))).toEqual([]);
  });

  it("in the title of a thread, be it posted in a forum or by itself; and the title stays", async () => {
    await using scene = await Scene.moderated(FINDING);
    const thread = scene.general.addThread({ name: STEADY_BAD, owner: scene.ada });
    const first = thread.post({ id: thread.id, author: scene.ada, content: "Hello." });
    const alone = scene.general.post({ author: scene.bob, content: STEADY_BAD, type: MessageType.ThreadCreated });
    const answer = thread.post({ author: scene.bob, content: "Hello, too." });
    await scene.settled();
    expect([first.isDeleted, alone.isDeleted, answer.isDeleted]).toEqual([true, true, false]);
    for (const card of scene.cards) expect(card.embeds[0]?.fields?.[2]?.value).toBe("The thread and its title stay");
  });
});

describe("The title of a thread that begins at a message which stood there before", () => {
  it("is judged as what its author wrote: moderators are told, and the message stays", async () => {
    await using scene = await Scene.moderated(FINDING);
    const { bob, ada, general } = scene;
    const message = bob.says(general, "Hello.");
    general.addThread({ name: "Warm colours", from: bob.says(general, "Hello again."), owner: ada });
    general.addThread({ name: STEADY_BAD, from: message, owner: ada });
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    const [card, ...others] = scene.cards.map(asText);
    expect(others).toEqual([]);
    expect(card).toContain(`Author:\n│   ${ada.mention}`);
    expect(card).toContain("It is the title of a thread, which stays as it is.");
    await scene.mona.presses(scene.cards[0] as Message, "Reject").response();
    expect([message.isDeleted, (await scene.running.store.review(scene.guild.id, 1))?.decision]).toEqual([false, "rejected"]);
  });

  it("is left out where its author or its channel is, and while nothing is judged by itself", async () => {
    await using scene = await Scene.moderated(FINDING);
    const { bob, ada, general, guild } = scene;
    general.addThread({ name: STEADY_BAD, from: bob.says(general, "Hello."), owner: guild.owner });
    await scene.running.set(guild, { moderation: { automatic: true, ignore: { channels: [general.id] } } });
    general.addThread({ name: STEADY_BAD, from: bob.says(general, "Hello."), owner: ada });
    await scene.settled();
    await scene.running.set(guild, {});
    general.addThread({ name: STEADY_BAD, from: bob.says(general, "Hello."), owner: ada });
    await scene.settled();
    expect(await scene.running.store.pendingReviews(guild.id, 9)).toEqual([]);
  });

  it("is left alone where moderation is switched off while it is judged", async () => {
    const inference = new WatchedInference(FINDING);
    await using scene = await Scene.moderated(inference);
    const { bob, ada, general, guild } = scene;
    const message = bob.says(general, "Hello.");
    await scene.settled();
    inference.beforeJudge = async () => {
      inference.beforeJudge = () => undefined;
      await scene.running.set(guild, {});
    };
    general.addThread({ name: STEADY_BAD, from: message, owner: ada });
    await scene.settled();
    expect(inference.judged.at(-1)?.turns.at(-1)?.text).toContain(BAD);
    expect(await scene.running.store.pendingReviews(guild.id, 9)).toEqual([]);
  });
});

describe("The title of a thread that is changed later", () => {
  it("is judged as a new one is, in every kind of thread; all stays, and the card says that it may be another's", async () => {
    await using scene = await Scene.moderated(FINDING, "timeout");
    const { bob, ada, general } = scene;
    const message = bob.says(general, "Hello.");
    const threads = [{ from: message }, {}].map((begun) => general.addThread({ name: "Warm colours", owner: ada, ...begun }));
    await scene.settled();
    for (const thread of threads) thread.rename("Cold colours");
    await scene.settled();
    expect(scene.cards).toEqual([]);
    threads[0]?.rename(STEADY_BAD);
    await scene.settled();
    scene.platform.advance(11 * 60_000);
    threads[1]?.rename(`${STEADY_BAD} Now.`);
    await scene.settled();
    expect([message.isDeleted, scene.cards.length]).toEqual([false, 2]);
    for (const card of scene.cards.map(asText)) {
      expect(card).toContain(`Author:\n│   ${ada.mention}`);
      expect(card).toContain("It is the title of a thread, which stays as it is. It was changed: by who began the thread, or by somebody");
    }
    // What else changes is no title.
    threads[1]?.rename(`${STEADY_BAD} Now.`);
    await scene.settled();
    expect(scene.cards).toHaveLength(2);
  });

  it("is left out as a new one is: its author, its channel, a bot's, and while nothing is judged by itself", async () => {
    await using scene = await Scene.moderated(FINDING);
    const { ada, general, guild } = scene;
    const [owners, adas, bots] = [guild.owner, ada, scene.platform.bot].map((owner) => general.addThread({ name: "Warm colours", owner }));
    await scene.settled();
    owners?.rename(STEADY_BAD);
    bots?.rename(STEADY_BAD);
    await scene.running.set(guild, { moderation: { automatic: true, ignore: { channels: [general.id] } } });
    adas?.rename(STEADY_BAD);
    await scene.settled();
    await scene.running.set(guild, {});
    adas?.rename(`${STEADY_BAD} 2`);
    await scene.settled();
    expect(await scene.running.store.pendingReviews(guild.id, 9)).toEqual([]);
  });

  it("is judged as it is by then: one that is changed while it is judged has no card, but for what it was changed to", async () => {
    const inference = new WatchedInference(FINDING);
    await using scene = await Scene.moderated(inference);
    const { ada, general, running, guild } = scene;
    const thread = general.addThread({ name: "Warm colours", owner: ada });
    await scene.settled();
    inference.beforeJudge = async () => {
      // The verdict on the first title waits for that on the second one.
      const later = new Promise<void>((resolve) => {
        inference.beforeJudge = () => resolve();
      });
      thread.rename("Cold colours");
      await later;
    };
    thread.rename(STEADY_BAD);
    await scene.settled();
    expect(await running.store.pendingReviews(guild.id, 9)).toEqual([]);
    thread.rename(`${STEADY_BAD} 3`);
    await scene.settled();
    expect((await running.store.pendingReviews(guild.id, 9)).map(({ text }) => text)).toEqual([`${STEADY_BAD} 3`]);
  });
});

describe("Files that are with a question", () => {
  const text = { name: "message.txt", content: Buffer.from("The tower is clean."), contentType: "text/plain" };
  const picture = { name: "tower.png", content: Buffer.from("a picture"), contentType: "image/png" };
  const NOT_READ = "(I did not read a file with it, or not to the end: I read text files, of 64 KiB in all, and no pictures.)";

  async function asking(): Promise<{ readonly scene: Scene; readonly inference: WatchedInference; readonly read: () => unknown }> {
    const inference = new WatchedInference(STEADY);
    const scene = await Scene.open(inference);
    return { scene, inference, read: () => inference.asked.at(-1)?.turns.map((turn) => turn.text) };
  }

  it.each([
    ["a picture", picture],
    ["a text that is too long", { ...text, content: Buffer.alloc(70_000, "Hello. ") }],
  ])("and are not read are told of: %s", async (kind, file) => {
    const { scene } = await asking();
    await using _ = scene;
    scene.ada.says(scene.general, scene.mention("What is this?"), { attachments: [file] });
    await scene.settled();
    const last = scene.platform.posts(scene.general).map(({ content }) => content);
    const line = kind === "a picture" ? STEADY_ANSWER : "That is longer than I can read. Please ask in at most 8000 characters.";
    expect(last).toEqual([line, NOT_READ]);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("and cannot be had are told of", async () => {
    const { scene, read } = await asking();
    await using _ = scene;
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    scene.ada.says(scene.general, scene.mention("What is this?"), { attachments: [text] });
    await scene.settled();
    vi.restoreAllMocks();
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual([STEADY_ANSWER, NOT_READ]);
    expect(read()).toEqual(["What is this?"]);
  });

  it("and are read are not spoken of", async () => {
    const { scene } = await asking();
    await using _ = scene;
    scene.ada.says(scene.general, scene.mention("What is this?"), { attachments: [text] });
    await scene.settled();
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual([STEADY_ANSWER]);
  });

  it.each([false, true])("by a command are read with it (in private: %s)", async (isPrivate) => {
    const { scene, read } = await asking();
    await using _ = scene;
    scene.ada.uses(scene.general, "/ask", { question: "What is this?", file: text, private: isPrivate });
    await scene.settled();
    expect(read()).toEqual(["What is this?\nThe tower is clean."]);
  });

  it("or with the message that it replies to are read, and not those of who opted out", async () => {
    const { scene, read } = await asking();
    await using _ = scene;
    const first = scene.bob.says(scene.general, "Look.", { attachments: [text, picture] });
    scene.ada.says(scene.general, scene.mention("What is this?"), { replyTo: first });
    await scene.settled();
    expect(read()).toEqual(["Bob: Look.\n  The tower is clean.\nAda: What is this?"]);
    expect(scene.platform.posts(scene.general).map(({ content }) => content)).toEqual([STEADY_ANSWER, NOT_READ]);
    await scene.running.store.setOptedOut(scene.bob.id, true);
    scene.ada.says(scene.general, scene.mention("What is this?"), { replyTo: first });
    await scene.settled();
    expect(read()).toEqual(["What is this?"]);
  });
});

describe("What people read beside a question is read with it", () => {
  const asked = "What is this?";

  async function read(says: (scene: Scene) => Message | undefined): Promise<{ readonly text: string; readonly posted: readonly string[] }> {
    const inference = new WatchedInference(STEADY);
    await using scene = await Scene.open(inference);
    const replyTo = says(scene);
    await scene.settled();
    if (replyTo !== undefined) scene.ada.says(scene.general, scene.mention(asked), { replyTo });
    await scene.settled();
    const text = inference.asked.at(-1)?.turns.at(-1)?.text ?? "";
    return { text, posted: scene.platform.posts(scene.general).map(({ content }) => content) };
  }

  const poll = { question: "Which tower do we clean?", answers: ["The old one", "The new one"] };
  const preview = { title: "Towers", description: "All about towers." };

  it.each<[string, (scene: Scene) => Message | undefined, string]>([
    [
      "a poll",
      ({ bob, general }) => bob.says(general, "", { poll }),
      "Bob: Which tower do we clean?\n  The old one\n  The new one\nAda: What is this?",
    ],
    [
      "the preview of a link",
      ({ bob, general }) => bob.says(general, "Look: https://e.example", { embeds: [preview] }),
      "Bob: Look: https://e.example\n  Towers\n  All about towers.\nAda: What is this?",
    ],
    [
      "a title",
      ({ bob, general }) => {
        const message = bob.says(general, "Hello.");
        general.addThread({ name: "Clean towers", from: message, owner: bob });
        return message;
      },
      "Bob: Clean towers\n  Hello.\nAda: What is this?",
    ],
    [
      "what was forwarded",
      ({ bob, general, guild }) => bob.says(general, "", { forwards: bob.says(guild.channel("other"), "The tower is clean.") }),
      "Bob: The tower is clean.\nAda: What is this?",
    ],
    [
      "a poll of its own",
      (scene) => void scene.ada.says(scene.general, scene.mention(asked), { poll }),
      "What is this?\nWhich tower do we clean?\nThe old one\nThe new one",
    ],
  ])("%s", async (_, says, expected) => {
    expect(await read(says)).toEqual({ text: expected, posted: [STEADY_ANSWER] });
  });

  it("text files in what was forwarded, and what cannot be read is told of", async () => {
    const files = [
      { name: "message.txt", content: Buffer.from("The tower is clean."), contentType: "text/plain" },
      { name: "tower.png", content: Buffer.from("a picture"), contentType: "image/png" },
    ];
    const { text, posted } = await read(({ bob, general, guild }) =>
      bob.says(general, "", { forwards: bob.says(guild.channel("other"), "Look.", { attachments: files }) }),
    );
    expect(text).toBe("Bob: Look.\n  The tower is clean.\nAda: What is this?");
    expect(posted).toEqual([STEADY_ANSWER, expect.stringMatching(/^\(I did not read a file with it/)]);
  });
});

describe("A text that is too long for the judge", () => {
  it.each([0, 0.2, 0.5, 0.77, 1])("is judged in parts, whatever part is bad (at %d of it)", async (place) => {
    const judge: Inference["judge"] = async (request) => {
      if ((request.turns[0]?.text.length ?? 0) > 500) throw new InferenceError("long", "Expected a shorter text");
      return await FINDING.judge(request);
    };
    const words = Array.from({ length: 800 }, (_, index) => `word${index}`);
    const text = [...words.slice(0, place * 800), BAD, ...words.slice(place * 800)].join(" ");
    const judged = (what: string) => judgeMessage({ ...STEADY, judge }, { guild: "1", text: what, settings: checkSettings({}) });
    expect((await judged(text)).against).toHaveLength(1);
    expect((await judged(words.join(" "))).against).toEqual([]);
  });
});
