import { readdirSync } from "node:fs";
import { join } from "node:path";
import { GatewayDispatchEvents, PermissionFlagsBits } from "discord.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EngineInference, type Inference } from "../../../src/bots/guard/index.ts";
import { letterJudge } from "../../../src/judges/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Person } from "../../support/discord/people/person.ts";
import type { Guild } from "../../support/discord/world/guild.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { LIMITS } from "../../support/discord-bot.ts";
import { Scene } from "../../support/discord-scene.ts";
import { Gate } from "../../support/gate.ts";
import { fitnessOf, measuredEngine } from "../../support/measured-engine.ts";
import { STEADY, UNMEASURED } from "../../support/steady-inference.ts";
import { NOON, newReview } from "../../support/store-records.ts";
import { CIVIL, has, messageOf, mindingWord, numbersFrom, type TeaShop, teaShop } from "../../support/tea-shop.ts";
import { WatchedInference } from "../../support/watched-inference.ts";

const { name: _name, question, good, bad } = CIVIL;
const CIVIL_GUILD = {
  principles: { civil: { question, good, bad } },
  // By itself the model finds what has no moss in it a little good, and no more.
  moderation: { automatic: true, shadow: false, rules: { civil: { strictness: "strict", action: "delete", actsFrom: 0 } } },
};

let shop: TeaShop;
beforeEach(() => {
  shop = teaShop();
});
afterEach(() => shop[Symbol.dispose]());

async function opened(inference: Inference, settings: object = CIVIL_GUILD): Promise<Scene> {
  const scene = await Scene.open(inference);
  await scene.running.set(scene.guild, settings as typeof CIVIL_GUILD);
  return scene;
}

async function withShop(work: (scene: Scene, inference: WatchedInference) => Promise<void>, settings: object = CIVIL_GUILD): Promise<void> {
  await using inference = await EngineInference.start(shop.load, { ...LIMITS, dataFolder: shop.folder.path });
  const watched = new WatchedInference(inference);
  await using scene = await opened(watched, settings);
  await work(scene, watched);
}

/** What moderators decided, as the queue leaves it. */
async function decided(scene: Scene, guild: Guild, decisions = mindingWord("tea", numbersFrom(0, 40))): Promise<void> {
  const { store } = scene.running;
  for (const [index, { text, isGood }] of decisions.entries()) {
    const findings = [{ principle: "civil", value: 0.2, threshold: 0.3 }];
    const id = await store.addReview(newReview({ guild: guild.id, message: `${index}`, author: scene.ada.id, judged: text, findings }));
    const decision = isGood ? "approved" : "rejected";
    await store.decide({ guild: guild.id, id: id ?? 0, decision, by: scene.mona.id, at: NOON + index });
  }
}

async function says(scene: Scene, person: Person, command: `/${string}`, options: Record<string, string> = {}): Promise<string> {
  const answer = person.uses(scene.general, command, options);
  await scene.settled();
  return asText(await answer.response());
}

/** A message with or without tea in it, that nobody has decided about. */
function teaMessage(hasTea: boolean): string {
  return (
    numbersFrom(2000, 80)
      .map(messageOf)
      .find((text) => has(text, "tea") === hasTea && !has(text, "moss")) ?? ""
  );
}

describe("/rain calibrate", () => {
  it("teaches the server's judge by what its moderators decided, says what came of it, and moderates by it from then on", async () => {
    await withShop(async (scene) => {
      const { guild, general, ada } = scene;
      await decided(scene, guild);
      const answer = await says(scene, guild.owner, "/rain calibrate");
      expect(answer).toMatch(/^By `civil`, on 40 decisions, each asked about without having learned of it/);
      expect(answer).toMatch(/- before, as the model comes: \*\*0\.[3-6]\d\*\* \(/);
      expect(answer).toMatch(/- after learning of the others: \*\*(1\.00|0\.9\d)\*\* \(/);
      expect(answer).toContain("judges this server's messages from now on");
      const [tea, none] = [ada.says(general, teaMessage(true)), ada.says(general, teaMessage(false))];
      await scene.settled();
      expect([tea.isDeleted, none.isDeleted]).toEqual([true, false]);
      expect(await scene.running.store.audit(guild.id, 1)).toMatchObject([
        {
          event: "judge.calibrated",
          actor: guild.owner.id,
          detail: expect.stringMatching(/^civil: taken, AUROC 0\.\d\d before, \d\.\d\d after, on 40 decisions$/),
        },
      ]);
      const status = await says(scene, guild.owner, "/rain status");
      expect(status).toMatch(
        /`civil`: taught by this server, AUROC (1\.00|0\.9\d) \(.*\) on 40 examples, from 40 decisions of this server's moderators/,
      );
      expect(status).toContain("Learned last:");
    });
  });

  it("learns of the server's own decisions and of no other's, and changes no other's verdicts", async () => {
    await withShop(async (scene, inference) => {
      const { guild, platform } = scene;
      const elsewhere = platform.addGuild({ channels: ["general"], name: "Elsewhere", members: ["Eve"] });
      await platform.idle();
      await scene.running.set(elsewhere, CIVIL_GUILD as never);
      await decided(scene, guild);
      await decided(scene, elsewhere, mindingWord("cats", numbersFrom(100, 30)));
      expect(await says(scene, guild.owner, "/rain calibrate")).toContain("on 40 decisions");
      expect(inference.calibrated).toMatchObject([{ guild: guild.id, principle: { name: "civil" } }]);
      expect(inference.calibrated[0]?.decisions).toEqual(mindingWord("tea", numbersFrom(0, 40)));
      const [tea, none] = [true, false].map((is) => elsewhere.person("Eve").says(elsewhere.channel("general"), teaMessage(is)));
      await scene.settled();
      // By the model alone both are not good enough for the rule.
      expect([tea?.isDeleted, none?.isDeleted]).toEqual([true, true]);
    });
  });

  it("learns of what people wrote as the judge read it, once a moderator has decided, and not of whom they forgot", async () => {
    await withShop(async (scene, inference) => {
      const { guild, general, ada, bob, mona, platform } = scene;
      const moderation = { ...CIVIL_GUILD.moderation, logChannel: guild.channel("log").id };
      await scene.running.set(guild, { ...CIVIL_GUILD, moderation } as never);
      ada.says(general, " I like te\u200ba");
      bob.says(general, " I like sand");
      await scene.settled();
      const cards = platform.posts(guild.channel("log"));
      expect(cards).toHaveLength(2);
      await mona.presses(cards[0] as Message, "Reject").response();
      await mona.presses(cards[1] as Message, "Approve").response();
      expect(await says(scene, guild.owner, "/rain calibrate", { principle: "civil" })).toBe(
        "There are too few decisions about different messages by `civil`: 23 more are needed, of them at least 4 approved and at least 4 rejected. Press *Approve* or *Reject* in `/moderate queue`.",
      );
      expect(inference.calibrated[0]?.decisions).toEqual([
        { text: "I like tea", isGood: false },
        { text: "I like sand", isGood: true },
      ]);
      expect(await says(scene, guild.owner, "/rain status")).toContain("`civil` 2 (1 approved, 1 rejected)");
      // What was found fine is forgotten, with where it stands as of a low value, and what was not stays: nobody takes away what speaks against them.
      expect(await says(scene, bob, "/privacy delete")).toBe("Forgotten: 2 records.");
      expect(await says(scene, ada, "/privacy delete")).toContain("Forgotten: 1 record. What stays: 1 message of yours");
      await says(scene, guild.owner, "/rain calibrate");
      expect(inference.calibrated[1]?.decisions).toEqual([{ text: "I like tea", isGood: false }]);
    });
  });

  it("goes on beside everything else, once at a time", async () => {
    const gate = new Gate();
    const inference = new WatchedInference({
      ...STEADY,
      calibrate: async (_, { onProgress } = {}) => {
        onProgress?.(0.4);
        await gate.opened;
        return {
          outcome: "no-better",
          before: { auroc: 0.8, low: 0.7, high: 0.9 },
          after: { auroc: 0.7, low: 0.6, high: 0.8 },
          decisions: 30,
          labelled: 200,
        };
      },
    });
    await using scene = await Scene.open(inference);
    const { guild, platform, general, ada } = scene;
    const first = guild.owner.uses(general, "/rain calibrate");
    await platform.until(() => inference.calibrated.length === 1 || undefined);
    const again = await guild.owner.uses(general, "/rain calibrate").response();
    expect(again.content).toBe("I am learning of this server's decisions already: 40 % are done.");
    expect(asText(await guild.owner.uses(general, "/rain status").response())).toMatch(/Learning now:\n│ {3}40 %/);
    const question = ada.says(general, scene.mention("How do I find the cafe?"));
    expect((await platform.replyTo(question)).content).not.toBe("");
    gate.open();
    await scene.settled();
    expect((await first.response()).content).toContain("It is no better: nothing has changed.");
    expect((await first.response()).content).toContain("and of 200 labelled answers of the package: **0.70** (0.60 to 0.80)");
  });

  it("is for administrators, whatever the server lets everybody use, as is the status; and knows its rules only", async () => {
    await using scene = await Scene.open(STEADY);
    scene.guild.openCommands();
    for (const person of [scene.bob, scene.mona])
      for (const command of ["/rain calibrate", "/rain status"] as const)
        expect(await says(scene, person, command)).toBe("Only administrators of the server may do that.");
    const chief = scene.guild.addMember({
      name: "Chief",
      roles: [scene.guild.addRole({ name: "Chiefs", permissions: PermissionFlagsBits.Administrator })],
    });
    expect(await says(scene, chief, "/rain calibrate")).toContain("There are too few decisions");
    expect(await says(scene, chief, "/rain calibrate", { principle: "no`pe" })).toBe("This server has no rule by `no'pe`.");
    await scene.running.set(scene.guild, { moderation: { rules: { harmless: { strictness: "off" } } } });
    expect(await says(scene, chief, "/rain calibrate")).toContain("all its rules are off");
    expect(await says(scene, chief, "/rain status")).toContain("No rule is on.");
  });

  it("says that it failed, and may be tried again", async () => {
    const inference = new WatchedInference({ ...STEADY, calibrate: () => Promise.reject(new Error("disk full")) });
    await using scene = await Scene.open(inference);
    for (const _ of [1, 2])
      expect(await says(scene, scene.guild.owner, "/rain calibrate")).toBe(
        "Something went wrong on my side. Please try again in a moment.",
      );
    expect(scene.running.logged.filter((line) => line.includes("interaction failed"))).toHaveLength(2);
  });

  it("is undone when the bot leaves the server", async () => {
    await withShop(async (scene, inference) => {
      const { guild, platform } = scene;
      await decided(scene, guild);
      await says(scene, guild.owner, "/rain calibrate");
      expect(readdirSync(join(shop.folder.path, "guilds"))).toHaveLength(1);
      platform.tells(GatewayDispatchEvents.GuildDelete, { id: guild.id });
      await scene.settled();
      await platform.until(() => inference.forgotten.length === 1 || undefined);
      await scene.settled();
      expect(inference.forgotten).toEqual([guild.id]);
      expect(readdirSync(join(shop.folder.path, "guilds"))).toEqual([]);
      expect(await scene.running.store.guilds()).not.toContain(guild.id);
    });
  });
});

describe("A bot whose model is no fit judge", () => {
  async function unfit(work: (scene: Scene) => Promise<void>, settings: object): Promise<void> {
    const load = async () => measuredEngine(await shop.load(), 0.61, letterJudge).engine;
    await using inference = await EngineInference.start(load, { ...LIMITS, dataFolder: shop.folder.path });
    await using scene = await opened(inference, settings);
    await work(scene);
  }

  it("answers nothing, and says why", async () => {
    await unfit(async (scene) => {
      const question = scene.ada.says(scene.general, scene.mention("How do I find the cafe?"));
      const line = await scene.platform.replyTo(question);
      expect(line.content).toMatch(/^The model that I run on is not fit to judge what it writes, and I post nothing unjudged/);
      await scene.settled();
      expect(await scene.running.bot.metrics.registry.getSingleMetricAsString("rain_refusals_total")).toContain('reason="unfit"} 1');
      expect((await scene.running.store.lastReplies(scene.guild.id, scene.general.id, 1))[0]?.state).toBe("refused");
    }, {});
  });

  it("does nothing to messages, whatever the rules ask for, until its judge is fit, and says so on its cards and in its status", async () => {
    await unfit(async (scene) => {
      const { guild, general, ada, mona, platform } = scene;
      const moderation = { ...CIVIL_GUILD.moderation, logChannel: guild.channel("log").id };
      await scene.running.set(guild, { ...CIVIL_GUILD, moderation } as never);
      const message = ada.says(general, teaMessage(true));
      await scene.settled();
      expect(message.isDeleted).toBe(false);
      const [card] = platform.posts(guild.channel("log"));
      expect(asText(card as Message)).toContain(
        "By civil my judge is not fit (AUROC 0.61 (0.56 to 0.66) on 200 examples): what it says is only shown",
      );
      await mona.presses(card as Message, "Reject").response();
      expect(message.isDeleted).toBe(false);
      expect(await scene.running.store.review(guild.id, 1)).toMatchObject({ shadow: true, action: "delete", decision: "rejected" });
      expect(platform.posts(ada.privately)).toEqual([]);
      const tested = await says(scene, mona, "/moderate test", { text: teaMessage(true) });
      expect(tested).toContain("By civil my judge is not fit");
      expect(tested).toContain("The rules would ask for: delete; no fit judge speaks against it.");
      const status = await says(scene, guild.owner, "/rain status");
      expect(status).toContain("AUROC 0.61 (0.56 to 0.66) on 200 examples: **not fit**");
      expect(status).toContain("On, but in shadow mode by `civil`: the judge there is not surely fit.");
      // Its moderators' decisions make it one.
      await decided(scene, guild);
      await says(scene, guild.owner, "/rain calibrate");
      const later = ada.says(general, teaMessage(true));
      await scene.settled();
      expect(later.isDeleted).toBe(true);
      expect(await says(scene, guild.owner, "/rain status")).toContain("On: I do what the rules ask for.");
    }, CIVIL_GUILD);
  });
});

describe("/rain status", () => {
  it("says what is known of each judge, what is not yet, and what cannot be found out", async () => {
    const known = {
      harmless: { ...UNMEASURED, fitness: fitnessOf(0.91), source: "the package's labelled answers" },
      truthful: UNMEASURED,
    };
    const judges: Inference["judges"] = async ({ principles: [principle] }) => {
      if (principle?.name === "sentiment") throw new Error("no memory");
      return [known[principle?.name as keyof typeof known]];
    };
    await using scene = await Scene.open({ ...STEADY, judges });
    const rules = Object.fromEntries(["harmless", "truthful", "sentiment"].map((name) => [name, { strictness: "medium" }]));
    await scene.running.set(scene.guild, { moderation: { automatic: true, shadow: true, rules } });
    const status = await says(scene, scene.guild.owner, "/rain status");
    const figures = "the model's own, AUROC 0.91 (0.86 to 0.96) on 200 examples, from the package's labelled answers";
    expect(status).toContain(`My answers:\n│   \`harmless\`: ${figures}`);
    expect(status).toContain("`truthful`: the model's own, never measured: there are too few labelled answers");
    expect(status).toContain("`sentiment`: could not be found out");
    expect(status).toContain("In shadow mode: I only say what I would do.");
    await scene.running.set(scene.guild, {});
    expect(await says(scene, scene.guild.owner, "/rain status")).toContain("Off: messages are judged where somebody asks for it.");
  });
});
