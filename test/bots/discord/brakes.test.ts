import { afterEach, describe, expect, it } from "vitest";
import { expectedHits, type Inference, isBeyond, type KnownJudge } from "../../../src/bots/guard/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { fitnessOf } from "../../support/measured-engine.ts";
import { asksByPanel, confirms } from "../../support/settings-panel.ts";
import { STEADY, STEADY_BAD, UNMEASURED, verdictOf } from "../../support/steady-inference.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

let gate = new Gate();
afterEach(() => {
  gate.open();
  gate = new Gate();
});

/** A guild that deletes at once what its judge finds bad, which is what begins with `STEADY_BAD`. */
async function deleting(inference: Inference): Promise<Scene> {
  const scene = await Scene.open(inference);
  await moderate(scene, {});
  return scene;
}

async function moderate(scene: Scene, moderation: Readonly<Record<string, unknown>>): Promise<void> {
  const logChannel = scene.guild.channel("log").id;
  const rules = { harmless: { strictness: "medium", action: "delete" } };
  await scene.running.set(scene.guild, { moderation: { automatic: true, shadow: false, logChannel, rules, ...moderation } });
}

/** A judge that is so slow that nothing is judged before the gate opens. */
function slow(): WatchedInference {
  const inference = new WatchedInference(STEADY);
  inference.beforeJudge = () => gate.opened;
  return inference;
}

function flood(scene: Scene, count: number): readonly Message[] {
  return Array.from({ length: count }, (_, index) => scene.ada.says(scene.general, `${STEADY_BAD} ${index}`));
}

function deleted(messages: readonly Message[]): number {
  return messages.filter(({ isDeleted }) => isDeleted).length;
}

describe("Settings", () => {
  it("hold for what waits to be judged and for what is being judged: back in shadow mode, nothing is done", async () => {
    const inference = slow();
    await using scene = await deleting(inference);
    const messages = flood(scene, 40);
    await scene.platform.until(() => inference.judged.length === 4 || undefined);
    await moderate(scene, { shadow: true });
    gate.open();
    await scene.settled();
    expect(deleted(messages)).toBe(0);
    const reviews = await scene.running.store.pendingReviews(scene.guild.id, 99);
    expect(reviews.map(({ shadow }) => shadow)).toEqual(messages.map(() => true));
  });

  it.each([
    ["moderation is switched off", { automatic: false }],
    ["the channel is to be ignored", "channel"],
    ["the rule asks for less", { rules: { harmless: { strictness: "medium", action: "log" } } }],
    ["the rule is off", { rules: { harmless: { strictness: "off", action: "delete" } } }],
  ] as const)("are read once more before anything is done: %s while a message is judged", async (_, change) => {
    const inference = new WatchedInference(STEADY);
    await using scene = await deleting(inference);
    const moderation = change === "channel" ? { ignore: { channels: [scene.general.id] } } : change;
    inference.beforeJudge = async () => {
      inference.beforeJudge = () => undefined;
      await moderate(scene, moderation);
    };
    const [message] = flood(scene, 1);
    await scene.settled();
    expect(message?.isDeleted).toBe(false);
  });
});

describe("A message that changes while it is judged", () => {
  it("is judged again, and nothing is done about what it was", async () => {
    const inference = slow();
    await using scene = await deleting(inference);
    const [message] = flood(scene, 1);
    await scene.platform.until(() => inference.judged.length === 1 || undefined);
    scene.ada.edits(message as Message, "Choose a warm colour for the walls.");
    gate.open();
    await scene.settled();
    expect(message?.isDeleted).toBe(false);
    expect(inference.judged.at(-1)?.turns.at(-1)?.text).toBe("Choose a warm colour for the walls.");
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
  });

  it("is judged again, too, where a file alone is taken out of it", async () => {
    const file = { name: "message.txt", content: Buffer.from("Distract the guards."), contentType: "text/plain" };
    const inference = new WatchedInference({
      ...STEADY,
      judge: async ({ turns, principles }) => principles.map(() => verdictOf(turns.at(-1)?.text.includes("guards") ? -1 : 1)),
    });
    inference.beforeJudge = () => gate.opened;
    await using scene = await deleting(inference);
    const message = scene.ada.says(scene.general, "Look.", { attachments: [file] });
    await scene.platform.until(() => inference.judged.length === 1 || undefined);
    scene.ada.removesFiles(message);
    gate.open();
    await scene.settled();
    expect(message.isDeleted).toBe(false);
    expect(inference.judged.at(-1)?.turns.at(-1)?.text).toBe("Look.");
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toEqual([]);
  });

  it("is on record if it is gone by then", async () => {
    const inference = slow();
    await using scene = await deleting(inference);
    const [message] = flood(scene, 1);
    await scene.platform.until(() => inference.judged.length === 1 || undefined);
    scene.ada.deletes(message as Message);
    gate.open();
    await scene.settled();
    expect(await scene.running.store.pendingReviews(scene.guild.id, 9)).toMatchObject([{ author: scene.ada.id }]);
  });
});

describe("/moderate stop", () => {
  it("ends all at once, says how many messages were let go, and nothing more is judged", async () => {
    const inference = slow();
    await using scene = await deleting(inference);
    const messages = flood(scene, 40);
    await scene.platform.until(() => inference.judged.length === 4 || undefined);
    const answer = await scene.mona.uses(scene.general, "/moderate stop").response();
    expect(answer.content).toBe(
      "Stopped: 40 messages that waited to be judged were let go, and nothing more is judged by itself (`moderation.automatic` is off, version 3).",
    );
    gate.open();
    const later = flood(scene, 1);
    await scene.settled();
    expect([deleted([...messages, ...later]), inference.judged.length]).toEqual([0, 4]);
    expect(await scene.running.store.pendingReviews(scene.guild.id, 99)).toEqual([]);
    expect(await scene.running.bot.metrics.registry.getSingleMetricAsString("rain_unjudged_total")).toContain("rain_unjudged_total 0");
    expect((await scene.running.store.audit(scene.guild.id, 1))[0]).toMatchObject({
      actor: scene.mona.id,
      detail: "version 3: moderation stopped",
    });
  });

  it("lets go of one guild's messages and of no other's, and is for moderators", async () => {
    const inference = slow();
    await using scene = await deleting(inference);
    const second = scene.platform.addGuild({ members: ["Zoe"], channels: ["general", "log"] });
    await scene.platform.idle();
    const rules = { harmless: { strictness: "medium", action: "delete" } };
    await scene.running.set(second, { moderation: { automatic: true, shadow: false, rules } });
    const elsewhere = second.person("Zoe").says(second.channel("general"), STEADY_BAD);
    await scene.platform.until(() => inference.judged.length === 1 || undefined);
    scene.guild.openCommands();
    expect((await scene.bob.uses(scene.general, "/moderate stop").response()).content).toBe("Only moderators may do that.");
    expect((await scene.mona.uses(scene.general, "/moderate stop").response()).content).toContain("0 messages");
    gate.open();
    await scene.settled();
    expect(elsewhere.isDeleted).toBe(true);
  });
});

/** A judge that was measured to this AUROC, give or take 0.08. */
function measured(auroc: number): KnownJudge {
  return { ...UNMEASURED, isFit: auroc >= 0.7, fitness: fitnessOf(auroc, { low: auroc - 0.08, high: auroc + 0.08 }) };
}

/** What is bad to a steady judge, by a judge of which this is known. */
function known(judge: KnownJudge): Inference {
  const verdicts: Inference["judge"] = async (...asked) => (await STEADY.judge(...asked)).map(({ value }) => ({ value, judge }));
  return { ...STEADY, judge: verdicts, judges: async ({ principles }) => principles.map(() => judge) };
}

describe("Shadow mode", () => {
  const DELETING = { moderation: { automatic: true, shadow: true, rules: { harmless: { strictness: "strict", action: "delete" } } } };

  async function inShadow(inference: Inference): Promise<Scene> {
    const scene = await Scene.open(inference);
    await scene.running.set(scene.guild, DELETING);
    return scene;
  }

  it("is not left with a judge that may be unfit before somebody confirms its figure, which is named with its interval", async () => {
    await using scene = await inShadow(known(measured(0.74)));
    const leave = () => scene.sets("moderation.shadow", "false");
    const refused = await leave();
    expect(refused).toContain("Nothing was changed: something would be done to messages by a judge that errs too often, or may.");
    expect(refused).toContain("By `harmless` my judge may not be fit (AUROC 0.74 (0.66 to 0.82) on 200 examples).");
    expect(refused).toContain("confirm its figure, by 0.66 for `moderation.rules.harmless.actsFrom` in `/settings`");
    expect((await scene.running.store.settings(scene.guild.id)).settings.moderation.shadow).toBe(true);
    expect(await scene.sets("moderation.rules.harmless.actsFrom", "0.66")).toContain("is `0.66` now");
    expect(await leave()).toContain("`moderation.shadow` is `false` now");
    const [message] = flood(scene, 1);
    await scene.settled();
    expect(message?.isDeleted).toBe(true);
  });

  it("is left only by who has seen the figure of the judge, and confirms it, however good it is and whatever was set before", async () => {
    await using scene = await inShadow(STEADY);
    const { mona, general, guild, running } = scene;
    const isShadow = async () => (await running.store.settings(guild.id)).settings.moderation.shadow;
    const asked = await asksByPanel(mona, general, "moderation.shadow", "false");
    const figure = "From then on I do to messages what the rules ask for:\n│ By `harmless` my judge decides: AUROC";
    expect(asText(asked)).toContain(`${figure} 0.99 (0.98 to 1.00) on 800 examples.`);
    expect(await isShadow()).toBe(true);
    expect((await confirms(mona, asked)).content).toContain("`moderation.shadow` is `false` now");
    expect(await isShadow()).toBe(false);
  });

  it("is left by a file, too, only by who has seen that its judge was never measured", async () => {
    await using scene = await inShadow(known(UNMEASURED));
    const { mona, general, guild, running } = scene;
    const rules = "rules: { harmless: { action: delete, actsFrom: 0 } }";
    const content = Buffer.from(`moderation: { automatic: true, shadow: false, ${rules} }`);
    const asked = await mona
      .uses(general, "/rain config import", { file: { name: "rain.yaml", contentType: "text/yaml", content } })
      .response();
    expect(asText(asked)).toContain("By `harmless` my judge decides: it was never measured, and nobody knows how often it errs.");
    expect((await running.store.settings(guild.id)).version).toBe(2);
    expect((await confirms(mona, asked)).content).toContain("Imported as version 3.");
  });

  it("and once it is left, a rule that is to act by less is confirmed by the figure", async () => {
    await using scene = await deleting(known(measured(0.74)));
    const asked = await asksByPanel(scene.mona, scene.general, "moderation.rules.harmless.actsFrom", "0.5");
    expect(asText(asked)).toContain("AUROC 0.74 (0.66 to 0.82) on 200 examples");
    const [message] = flood(scene, 1);
    await scene.settled();
    expect(message?.isDeleted).toBe(false);
  });

  it("is not left with a judge that is unfit, whatever is confirmed, and not with one that nobody knows", async () => {
    await using scene = await inShadow(known(measured(0.61)));
    expect(await scene.sets("moderation.rules.harmless.actsFrom", "0")).toContain("is `0` now");
    const refused = await scene.sets("moderation.shadow", "false");
    expect(refused).toContain("By `harmless` my judge is not fit (AUROC 0.61 (0.53 to 0.69) on 200 examples). It never acts");
    await using other = await inShadow({ ...STEADY, judges: () => Promise.reject(new Error("no memory")) });
    expect(await other.sets("moderation.shadow", "false")).toContain("it is not known yet how good my judge is");
  });

  it.each([
    ["restoring a version", { version: 2 }],
    ["switching moderation on", { path: "moderation.automatic", value: "true" }],
    ["asking for more", { path: "moderation.rules.harmless.action", value: "timeout" }],
    ["judging more strictly", { path: "moderation.rules.harmless.strictness", value: "strict" }],
  ] as const)("cannot be left behind somebody's back, by %s", async (title, wanted) => {
    await using scene = await Scene.open(known(UNMEASURED));
    const rules = { harmless: { strictness: "medium", action: title === "asking for more" ? "log" : "delete" } };
    const live = { automatic: true, shadow: false, rules };
    // As the bot's memory has it from other times.
    await scene.running.set(scene.guild, { moderation: live });
    const now = title === "restoring a version" ? { ...live, shadow: true } : live;
    await scene.running.set(scene.guild, { moderation: { ...now, automatic: title !== "switching moderation on" } });
    const refused =
      "version" in wanted
        ? (await scene.mona.uses(scene.general, "/rain config restore", wanted).response()).content
        : await scene.sets(wanted.path, wanted.value);
    expect(refused).toContain("By `harmless` my judge was never measured.");
    expect(refused).toContain("by 0 for `moderation.rules.harmless.actsFrom`");
  });

  it("holds where the model was changed for one that nobody has confirmed, and is no matter where nothing is done", async () => {
    await using scene = await deleting(known(measured(0.74)));
    const [message] = flood(scene, 1);
    await scene.settled();
    expect(message?.isDeleted).toBe(false);
    const [card] = scene.platform.posts(scene.guild.channel("log"));
    expect(asText(card as Message)).toContain("By harmless my judge may not be fit (AUROC 0.74 (0.66 to 0.82) on 200 examples)");
    expect(await scene.sets("talk.temperature", "0")).toContain("is `0` now");
    expect(await scene.sets("moderation.rules.harmless.action", "log")).toContain("is `log` now");
  });
});

describe("A judge that flags more than can be expected", () => {
  /** Fit by its calibration, and wrong about everything that is written here. */
  const WRONG: Inference = { ...STEADY, judge: async ({ principles }) => principles.map(() => verdictOf(-1)) };

  it("has the server go back to shadow mode, which says so: not 40 of 40 harmless messages are deleted", async () => {
    await using scene = await deleting(WRONG);
    const messages = Array.from({ length: 40 }, (_, index) => scene.ada.says(scene.general, `Good morning, ${index} of you!`));
    await scene.settled();
    // Four are judged at once.
    expect(deleted(messages)).toBeLessThanOrEqual(8);
    const { settings, changedBy } = await scene.running.store.settings(scene.guild.id);
    expect([settings.moderation.shadow, changedBy]).toEqual([true, scene.running.bot.client.user?.id]);
    const told = scene.platform.posts(scene.guild.channel("log")).filter(({ content }) => content !== "");
    expect(told.map(({ content }) => content)).toEqual([
      expect.stringMatching(
        /^I am back in shadow mode, and do nothing to messages any more: \d+ of the last \d+ messages were flagged, where at most 10 % were to be expected/,
      ),
    ]);
    expect((await scene.running.store.pendingReviews(scene.guild.id, 99)).filter(({ shadow }) => !shadow)).toHaveLength(deleted(messages));
  });

  it("has the owner told in private where there is no log channel", async () => {
    await using scene = await deleting(WRONG);
    await moderate(scene, { logChannel: undefined });
    for (let index = 0; index < 12; index++) scene.ada.says(scene.general, `Good morning, ${index} of you!`);
    await scene.settled();
    expect(scene.platform.posts(scene.guild.owner.privately)[0]?.content).toContain("I am back in shadow mode");
  });

  it("is another one than a judge that flags one message in ten", async () => {
    await using scene = await deleting(STEADY);
    const messages = Array.from({ length: 90 }, (_, index) =>
      scene.ada.says(scene.general, index % 10 === 0 ? STEADY_BAD : `Good morning, ${index} of you!`),
    );
    await scene.settled();
    expect(deleted(messages)).toBe(9);
    expect((await scene.running.store.settings(scene.guild.id)).settings.moderation.shadow).toBe(false);
  });

  it.each([
    ["nothing is known of the days before", 0, 0, 0.1],
    ["few were flagged", 3400, 12, 0.02],
    ["as many were flagged, and its moderators left it so", 1000, 300, 0.33],
  ])("is held to its calibration and to the last days: %s", (_, judged, against, expected) => {
    expect(expectedHits(0.98, { judged, against })).toBeCloseTo(expected, 2);
    const beyond = { judged: 100, against: Math.ceil(expected * 100) + 20 };
    expect(isBeyond(beyond, expectedHits(0.98, { judged, against }))).toBe(true);
    expect(isBeyond({ judged: 100, against: Math.floor(expected * 100) }, expectedHits(0.98, { judged, against }))).toBe(false);
  });
});
