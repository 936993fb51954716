import { PermissionFlagsBits } from "discord.js";
import { RESTJSONErrorCodes } from "discord-api-types/v10";
import { describe, expect, it } from "vitest";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { writesPrinciple } from "../../support/settings-panel.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

async function flagged(scene: Scene): Promise<{ readonly message: Message; readonly card: Message }> {
  const message = scene.ada.says(scene.general, STEADY_BAD);
  await scene.settled();
  return { message, card: scene.platform.posts(scene.guild.channel("log"))[0] as Message };
}

async function decided(scene: Scene, card: Message, label: "Approve" | "Reject"): Promise<string> {
  return (await scene.mona.presses(card, label).response()).content;
}

const SHADOW = { shadow: true };

describe("A decision", () => {
  it.each([
    ["Approve", "log", {}, "Review 1: approved. The rule asks for nothing but a card: nothing was done to the message."],
    ["Reject", "log", {}, "Review 1: rejected. The rule asks for nothing but a card: nothing is done to the message."],
    ["Approve", "hide", SHADOW, "Review 1: approved. It was in shadow mode: nothing was done to the message."],
    ["Reject", "hide", SHADOW, "Review 1: rejected. It was in shadow mode: nothing is done to the message."],
    ["Approve", "hide", {}, "Review 1: approved. The message is shown again."],
    ["Reject", "hide", {}, "Review 1: rejected. The message is gone already."],
    [
      "Approve",
      "delete",
      {},
      "Review 1: approved. The message stays deleted, as only what was hidden is shown again: its author may post it again.",
    ],
    [
      "Approve",
      "timeout",
      {},
      "Review 1: approved. The time-out is over. The message stays deleted, as only what was hidden is shown again: its author may post it again.",
    ],
  ] as const)("says what came of it (%s, %s, %j)", async (label, action, moderation, said) => {
    await using scene = await Scene.moderated(STEADY, action, moderation);
    const { card } = await flagged(scene);
    expect(await decided(scene, card, label)).toBe(said);
  });

  it("that a time-out has ended says so of one that had ended before", async () => {
    await using scene = await Scene.moderated(STEADY, "timeout", { timeoutMinutes: 1 });
    const { card } = await flagged(scene);
    scene.platform.advance(120_000);
    expect(await decided(scene, card, "Approve")).toContain("The time-out had ended already.");
  });

  it.each(["hide", "timeout"] as const)(
    "about a message that could not be taken away (%s) shows it no second time, or takes it away now",
    async (action) => {
      await using scene = await Scene.moderated(STEADY, action);
      scene.platform.failNext({ method: "DELETE", route: "/channels/:channel/messages/:message", status: 403 });
      const { message, card } = await flagged(scene);
      expect(await decided(scene, card, "Approve")).toContain("The message still stands there.");
      expect([message.isDeleted, scene.platform.posts(scene.general)]).toEqual([false, []]);
      scene.platform.failNext({ method: "DELETE", route: "/channels/:channel/messages/:message", status: 403 });
      const other = scene.bob.says(scene.general, STEADY_BAD);
      await scene.settled();
      expect(await decided(scene, scene.platform.posts(scene.guild.channel("log"))[1] as Message, "Reject")).toBe(
        "Review 2: rejected. The message is deleted now.",
      );
      expect(other.isDeleted).toBe(true);
    },
  );

  it("shows nothing where it cannot be known whether the message still stands there", async () => {
    await using scene = await Scene.moderated(STEADY, "hide");
    const { card } = await flagged(scene);
    const heal = scene.platform.failEvery(({ method, route }) => method === "GET" && route === "/channels/:channel/messages/:message", {
      status: 403,
      code: RESTJSONErrorCodes.MissingAccess,
    });
    expect(await decided(scene, card, "Approve")).toContain("Not shown again:");
    heal();
    expect(scene.platform.posts(scene.general)).toEqual([]);
  });

  it("says why it could not be carried out", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    const overwrites = [{ target: scene.guild.bot.user, deny: PermissionFlagsBits.ManageMessages }];
    const message = scene.ada.says(scene.guild.addChannel({ name: "strict", overwrites }), STEADY_BAD);
    await scene.settled();
    const card = scene.platform.posts(scene.guild.channel("log"))[0] as Message;
    expect(await decided(scene, card, "Reject")).toMatch(/^Review 1: rejected\. The message stays: /);
    expect(message.isDeleted).toBe(false);
  });
});

const FORGOTTEN = "How the message was written was forgotten when it was rejected: its author may post it again.";
const DELETED = "The message stays deleted, as only what was hidden is shown again: its author may post it again.";
const FILES = ["one.png", "two.png"].map((name) => ({ name, content: Buffer.from("a picture"), contentType: "image/png" }));

/** Ada appeals against the first review. */
async function appealed(scene: Scene): Promise<Message> {
  const form = await scene.ada.presses(scene.platform.posts(scene.ada.privately)[0] as Message, "Appeal").modal();
  await scene.ada.submits(form, { reason: "It is from a play." }).response();
  return scene.platform.posts(scene.guild.channel("log")).at(-1) as Message;
}

describe("An appeal that is won", () => {
  it.each([
    ["hide", FORGOTTEN],
    ["delete", DELETED],
    ["timeout", `The time-out is over. ${DELETED}`],
  ] as const)(
    "after a rejection (%s) restores what can be restored, and tells its author and the moderators of the rest",
    async (action, outcome) => {
      await using scene = await Scene.moderated(STEADY, action);
      const { card } = await flagged(scene);
      await decided(scene, card, "Reject");
      const again = await appealed(scene);
      expect(await decided(scene, again, "Approve")).toBe(`Review 1: approved. ${outcome}`);
      const told = scene.platform.posts(scene.ada.privately).at(-1);
      expect(told?.content).toMatch(/in your favour: your message was fine\./);
      expect(told?.content).toContain(outcome);
      expect(scene.guild.memberOf(scene.ada).timedOutUntilMs).toBeUndefined();
      expect(scene.platform.posts(scene.general)).toEqual([]);
    },
  );

  it("before any other decision shows what was hidden, and says so to its author", async () => {
    await using scene = await Scene.moderated(STEADY, "hide");
    await flagged(scene);
    expect(await decided(scene, await appealed(scene), "Approve")).toBe("Review 1: approved. The message is shown again.");
    expect(scene.platform.posts(scene.ada.privately).at(-1)?.content).toContain("your message was fine. The message is shown again.");
    expect(scene.platform.posts(scene.general)).toHaveLength(1);
  });
});

describe("Attachments of a message that is taken away", () => {
  it("are lost, which its card, the decision, what is shown again and its author's message say", async () => {
    await using scene = await Scene.moderated(STEADY, "hide");
    scene.ada.says(scene.general, STEADY_BAD, { attachments: FILES });
    await scene.settled();
    const [card] = scene.platform.posts(scene.guild.channel("log"));
    expect(asText(card as Message)).toContain("Attachments:\n│   2, which I do not keep: they are lost where the message is taken away");
    expect(await decided(scene, await appealed(scene), "Approve")).toBe(
      "Review 1: approved. The message is shown again. Its 2 attachments are lost: its author may post them again.",
    );
    expect(scene.platform.posts(scene.ada.privately).at(-1)?.content).toContain("Its 2 attachments are lost");
    expect(scene.platform.posts(scene.general)[0]?.content).toContain("wrote, and a moderator approved (2 attachments are lost):\n");
  });

  it("are lost with a rejection, which says so, and not where the message stands", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    scene.ada.says(scene.general, STEADY_BAD, { attachments: FILES.slice(1) });
    await scene.settled();
    const cards = () => scene.platform.posts(scene.guild.channel("log"));
    expect(await decided(scene, cards()[0] as Message, "Reject")).toBe(
      "Review 1: rejected. The message is gone already, and its attachment is lost.",
    );
    scene.platform.failNext({ method: "DELETE", route: "/channels/:channel/messages/:message", status: 403 });
    const standing = scene.ada.says(scene.general, STEADY_BAD, { attachments: FILES });
    await scene.settled();
    expect(await decided(scene, cards()[1] as Message, "Approve")).toBe("Review 2: approved. The message still stands there.");
    expect(standing.attachments).toHaveLength(2);
  });
});

describe("What is so already", () => {
  it("is no new version of the settings, however it is set, and is said", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { mona, general, running, guild } = scene;
    const asked = async (line: `/${string}`, values = {}) => (await mona.uses(general, line, values).response()).content;
    const { version } = await running.store.settings(guild.id);
    const unchanged = `nothing was changed (version ${version}).`;
    expect(await scene.sets("talk.maxTokens", "256")).toContain(`\`talk.maxTokens\` is \`256\` already: ${unchanged}`);
    const file = (await mona.uses(general, "/rain config export").response()).attachments[0];
    const yaml = { name: "rain.yaml", contentType: "text/yaml", content: file?.content ?? Buffer.from("") };
    expect(await asked("/rain config import", { file: yaml })).toContain(`The settings are what the file says already: ${unchanged}`);
    expect(await asked("/rain config restore", { version })).toContain(
      `The settings are those of version ${version} already: ${unchanged}`,
    );
    expect((await running.store.settings(guild.id)).version).toBe(version);
    expect(await running.store.audit(guild.id, 9)).toEqual([]);
  });

  it("is said of a principle that says the same as before", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { mona, general } = scene;
    const fields = { name: "polite", question: "Is the message polite?", good: "polite", bad: "rude" };
    const submit = async () => (await writesPrinciple(mona, general, fields)).content;
    expect(await submit()).toContain("The principle `polite` says that now (version 3).");
    expect(await submit()).toBe("The principle `polite` says that already: nothing was changed (version 3).");
  });

  it("is said of moderation that is stopped twice", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const stop = async () => (await scene.mona.uses(scene.general, "/moderate stop").response()).content;
    expect(await stop()).toContain("`moderation.automatic` is off, version 3");
    expect(await stop()).toBe(
      "Nothing was to be stopped: `moderation.automatic` is off already (version 3), and no message waited to be judged.",
    );
  });

  it("is said to who opts out, in or deletes twice", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const asked = async (act: string) => (await scene.ada.uses(scene.general, `/privacy ${act}`).response()).content;
    expect(await asked("opt-in")).toBe("You had not opted out: nothing was changed.");
    await asked("opt-out");
    expect(await asked("opt-out")).toBe("You had opted out already: nothing was changed.");
    expect(await asked("opt-in")).toBe("I answer you again.");
    expect(await asked("delete")).toBe("There was nothing to forget.");
  });
});
