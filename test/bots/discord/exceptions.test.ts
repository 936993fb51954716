import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import { checkSettings, everySettings, settingsFor } from "../../../src/bots/guard/index.ts";
import type { Person } from "../../support/discord/people/person.ts";
import type { Channel } from "../../support/discord/world/channel.ts";
import { Scene } from "../../support/discord-scene.ts";
import { confirms, opensSettings } from "../../support/settings-panel.ts";
import { STEADY, STEADY_BAD, UNMEASURED } from "../../support/steady-inference.ts";

/** Whether what a person writes there is taken away. */
async function isTakenAway(scene: Scene, person: Person, channel: Channel = scene.general): Promise<boolean> {
  const message = person.says(channel, `${STEADY_BAD} ${Math.random()}`);
  await scene.settled();
  return message.isDeleted;
}

describe("Nothing is done to what they write", () => {
  it("who own or administer the server, unless it wants that", async () => {
    await using scene = await Scene.moderated(STEADY);
    const { guild, ada } = scene;
    const role = guild.addRole({ name: "Administrators", permissions: PermissionFlagsBits.Administrator });
    const admin = guild.addMember({ name: "Anna", roles: [role] });
    expect([await isTakenAway(scene, guild.owner), await isTakenAway(scene, admin), await isTakenAway(scene, ada)]).toEqual([
      false,
      false,
      true,
    ]);
    await scene.sets("moderation.ignore.administrators", "false");
    expect(await isTakenAway(scene, admin)).toBe(true);
  });

  it("where and by whom an exception says so", async () => {
    await using scene = await Scene.moderated(STEADY);
    const { guild, ada, bob } = scene;
    const role = guild.addRole({ name: "Trusted" });
    const trusted = guild.addMember({ name: "Tom", roles: [role] });
    expect(await scene.sets(`exceptions.${guild.channel("other").id}.moderation`, "off")).toContain("is `off` now");
    await scene.sets(`exceptions.${role.id}.moderation`, "off");
    expect(await isTakenAway(scene, ada, guild.channel("other"))).toBe(false);
    expect(await isTakenAway(scene, ada, guild.channel("other").addThread({ name: "thread" }))).toBe(false);
    expect([await isTakenAway(scene, trusted), await isTakenAway(scene, bob)]).toEqual([false, true]);
  });
});

describe("An exception", () => {
  it("has other rules in a channel, for a category and for a role", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { guild, ada, bob } = scene;
    await scene.sets(`exceptions.${guild.channel("other").id}.action`, "delete");
    expect([await isTakenAway(scene, ada), await isTakenAway(scene, bob, guild.channel("other"))]).toEqual([false, true]);
  });

  it("lets nothing act that may not act", async () => {
    await using scene = await Scene.moderated({ ...STEADY, judges: async ({ principles }) => principles.map(() => UNMEASURED) }, "log");
    expect(await scene.sets(`exceptions.${scene.general.id}.action`, "delete")).toContain("Nothing was changed: something would be done");
  });

  it("switches talk on and off, and has its own cooldown", async () => {
    await using scene = await Scene.open(STEADY, { talk: { enabled: false, cooldownSeconds: 3600 } });
    const { guild, ada, general, platform } = scene;
    const other = guild.channel("other");
    await scene.sets(`exceptions.${other.id}.talk`, "on");
    await scene.sets(`exceptions.${other.id}.cooldownSeconds`, "0");
    for (const channel of [general, other, other]) ada.says(channel, scene.mention("Where is the museum?"));
    await scene.settled();
    expect([platform.posts(general).length, platform.posts(other).length]).toEqual([0, 2]);
    expect((await ada.uses(general, "/ask", { question: "Where?" }).response()).content).toBe("I do not answer questions here.");
    expect((await ada.uses(other, "/ask", { question: "Where?" }).response()).content).toContain("river");
  });

  it("is set, exported, imported and forgotten as all settings are", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, guild, running } = scene;
    const key = `exceptions.${general.id}.strictness`;
    expect(await scene.sets(key, "strict")).toContain(`\`${key}\` is \`strict\` now`);
    const file = (await mona.uses(general, "/rain config export").response()).attachments[0];
    expect(String(file?.content)).toContain("strictness: strict");
    expect(await scene.sets(key, "usual")).toContain("is `usual` now");
    expect((await running.store.settings(guild.id)).settings.exceptions).toEqual({});
    const yaml = { name: "rain.yaml", contentType: "text/yaml", content: file?.content ?? Buffer.from("") };
    await confirms(mona, await mona.uses(general, "/rain config import", { file: yaml }).response());
    expect((await running.store.settings(guild.id)).settings.exceptions[general.id]).toMatchObject({ strictness: "strict", talk: "usual" });
  });
});

describe("An exception of a single rule", () => {
  const there = (scene: Scene) => `exceptions.${scene.guild.channel("other").id}`;

  it("is set in the panel, acts there alone, and is taken back without a trace", async () => {
    await using scene = await Scene.moderated(STEADY, "log");
    const { guild, ada, bob, mona, general, running } = scene;
    expect(await scene.sets(`${there(scene)}.rules.harmless.action`, "delete")).toContain("is `delete` now");
    expect([await isTakenAway(scene, ada), await isTakenAway(scene, bob, guild.channel("other"))]).toEqual([false, true]);
    const shown = await mona.uses(general, "/rain config show").response();
    expect(shown.embeds[0]?.description).toContain(`\`${there(scene)}.rules.harmless.action\`: \`delete\``);
    expect(shown.embeds[0]?.description).not.toContain("usual");
    const [newest] = await running.store.audit(guild.id, 1);
    expect(newest?.detail).toContain(`set ${there(scene)}.rules.harmless.action`);
    await scene.sets(`${there(scene)}.rules.harmless.action`, "usual");
    expect((await running.store.settings(guild.id)).settings.exceptions).toEqual({});
  });

  it("switches a rule on that is off elsewhere, of which `/rain status` tells, and off where all else stays", async () => {
    await using scene = await Scene.moderated(STEADY, "delete", { rules: { harmless: { strictness: "off", action: "delete" } } });
    const { guild, ada, bob, general } = scene;
    expect(await scene.sets(`${there(scene)}.rules.harmless.strictness`, "medium")).toContain("is `medium` now");
    expect([await isTakenAway(scene, ada), await isTakenAway(scene, bob, guild.channel("other"))]).toEqual([false, true]);
    const admin = guild.addMember({ name: "Anna", roles: [guild.addRole({ name: "A", permissions: PermissionFlagsBits.Administrator })] });
    const fields = (await admin.uses(general, "/rain status").response()).embeds[0]?.fields ?? [];
    expect(fields.find(({ name }) => name === "People's messages")?.value).toContain("`harmless`");
    await scene.sets("moderation.rules.harmless.strictness", "medium");
    await scene.sets(`${there(scene)}.rules.harmless.strictness`, "off");
    expect([await isTakenAway(scene, ada), await isTakenAway(scene, bob, guild.channel("other"))]).toEqual([true, false]);
  });

  it("of a filter lets links through in one channel, and takes them away in another alone", async () => {
    await using scene = await Scene.moderated(STEADY, "log", { filters: { links: { action: "delete" } } });
    const { guild, ada, bob, general } = scene;
    const [other, log] = [guild.channel("other"), guild.channel("log")];
    await scene.sets(`${there(scene)}.filters.links`, "off");
    await scene.sets(`exceptions.${log.id}.filters.invitations`, "delete");
    const isGone = async (person: Person, channel: Channel, text: string) => {
      const message = person.says(channel, text);
      await scene.settled();
      return message.isDeleted;
    };
    const link = "https://elsewhere.example";
    expect([await isGone(ada, general, link), await isGone(bob, other, link)]).toEqual([true, false]);
    expect([await isGone(ada, general, "discord.gg/abc"), await isGone(bob, log, "discord.gg/abc")]).toEqual([false, true]);
  });

  it("lets nothing act that may not act, also where a role's meets a channel's", async () => {
    await using scene = await Scene.moderated({ ...STEADY, judges: async ({ principles }) => principles.map(() => UNMEASURED) }, "log", {
      rules: { harmless: { strictness: "off", action: "log" } },
    });
    const role = scene.guild.addRole({ name: "New" });
    expect(await scene.sets(`exceptions.${role.id}.rules.harmless.strictness`, "strict")).toContain("is `strict` now");
    expect(await scene.sets(`${there(scene)}.rules.harmless.action`, "delete")).toContain("Nothing was changed: something would be done");
  });

  it("is forgotten with the principle, and is of a rule that there is", async () => {
    // As long as one may be: Discord has limits for what stands behind its buttons.
    const name = `kin${"-and-more".repeat(3)}-x`;
    await using scene = await Scene.open(STEADY, { principles: { [name]: { question: "Is it kind?", good: "kind", bad: "rude" } } });
    const { mona, general, running, guild } = scene;
    await scene.sets(`moderation.rules.${name}.action`, "log");
    await scene.sets(`${there(scene)}.rules.${name}.strictness`, "lenient");
    const panel = await opensSettings(mona, general, `principles.${name}`);
    await mona.presses(panel, "Forget").response();
    await confirms(mona, panel);
    const { settings } = await running.store.settings(guild.id);
    expect(settings.exceptions[guild.channel("other").id]?.rules).toEqual({});
    expect(() => checkSettings({ exceptions: { "100000000000000001": { rules: { truthful: { action: "log" } } } } })).toThrow(
      'Expected the name of a rule of `moderation.rules` (one of harmless), got "truthful" at `exceptions.100000000000000001.rules.truthful`',
    );
  });
});

describe("Of several exceptions", () => {
  const [ROLE, OTHER_ROLE, CHANNEL, CATEGORY] = ["1", "2", "3", "4"].map((digit) => `10000000000000000${digit}`) as [
    string,
    string,
    string,
    string,
  ];
  it("a role counts before a channel, a channel before its category, of roles the first, and each part by itself", () => {
    const settings = checkSettings({
      exceptions: {
        [CATEGORY]: { action: "timeout", strictness: "lenient", talk: "off" },
        [CHANNEL]: { action: "delete", strictness: "strict" },
        [OTHER_ROLE]: { action: "hide" },
        [ROLE]: { action: "log", cooldownSeconds: 0 },
      },
    });
    const { talk, moderation } = settingsFor(settings, { channels: [CHANNEL, CATEGORY], roles: [ROLE, OTHER_ROLE] });
    expect(moderation.rules["harmless"]).toMatchObject({ action: "hide", strictness: "strict" });
    expect([talk.enabled, talk.cooldownSeconds]).toEqual([false, 0]);
    expect(settingsFor(settings, { channels: ["5"], roles: ["6"] })).toBe(settings);
    expect(everySettings(settings).map((one) => one.moderation.rules["harmless"]?.action)).toEqual([
      "log",
      "timeout",
      "delete",
      "hide",
      "log",
      "timeout",
    ]);
  });

  it("a rule that is off stays off", () => {
    const rules = { harmless: { strictness: "off", action: "log", actsFrom: 0.7 } } as const;
    const settings = checkSettings({ moderation: { rules }, exceptions: { [CHANNEL]: { strictness: "strict", action: "delete" } } });
    expect(settingsFor(settings, { channels: [CHANNEL], roles: [] }).moderation.rules).toEqual(rules);
  });
});
