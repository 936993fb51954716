import type { APIStringSelectComponent } from "discord-api-types/v10";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  changedAt,
  type GuildSettings,
  type Inference,
  type Store,
  StoreError,
  settingFacts,
  settingPaths,
  textAt,
} from "../../../src/bots/guard/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import { eachComponent } from "../../support/discord/world/each-component.ts";
import { Scene } from "../../support/discord-scene.ts";
import { confirms, opensSettings, setsByPanel, writesPrinciple } from "../../support/settings-panel.ts";
import { STEADY, verdictOf } from "../../support/steady-inference.ts";

const POLITE = { name: "polite", question: "Is the message polite?", good: "polite", bad: "rude" };

async function settingsIn({ running, guild }: Scene): Promise<GuildSettings> {
  return (await running.store.settings(guild.id)).settings;
}

async function versionIn({ running, guild }: Scene): Promise<number> {
  return (await running.store.settings(guild.id)).version;
}

describe("/settings", () => {
  it("sets every setting there is, each in the way it may be set, and no other with it", async () => {
    await using scene = await Scene.open(STEADY);
    await scene.running.set(scene.guild, {
      principles: { polite: { question: "Is it polite?", good: "polite", bad: "rude" } },
      moderation: { filters: { patterns: { nitro: { pattern: "nitro" } } } },
      exceptions: { [scene.general.id]: { talk: "on" } },
    });
    const paths = settingPaths(await settingsIn(scene));
    // Each kind of group is among them.
    for (const part of ["rules.polite.", "patterns.nitro.", "exceptions.", "ignore."])
      expect(paths.some((path) => path.includes(part))).toBe(true);
    for (const path of paths) {
      const before = await settingsIn(scene);
      const value = another(before, path);
      const panel = await setsByPanel(scene.mona, scene.general, path, value);
      expect(panel.isEphemeral).toBe(true);
      expect(panel.content, path).toContain(" now (version ");
      expect(await settingsIn(scene), path).toEqual(changedAt(before, path, value));
    }
    expect(scene.running.bot.leaks).toBe(0);
  }, 120_000);

  it("holds at once, and says what is wrong where it is set", async () => {
    await using scene = await Scene.open(STEADY);
    const { platform, general, ada } = scene;
    expect(await scene.sets("talk.mentions", "false")).toBe("`talk.mentions` is `false` now (version 2).");
    ada.says(general, scene.mention("Where is the museum?"));
    await scene.settled();
    expect(platform.posts(general)).toEqual([]);
    expect(await scene.sets("moderation.automatic", "true")).toContain("⚠️ Nobody is shown what I find");
    expect(await scene.sets("talk.maxTokens", "many")).toMatch(
      /^Nothing was changed\. Expected `talk.maxTokens` to be a whole number from 16 to 1024, got `many`/,
    );
    expect(await scene.sets("talk.maxTokens", "256")).toContain("`talk.maxTokens` is `256` already: nothing was changed (version 3).");
    expect(await versionIn(scene)).toBe(3);
  });

  it("picks channels, categories, roles and people from what the server has", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, guild, bob } = scene;
    const [log, other, role] = [guild.channel("log"), guild.channel("other"), guild.addRole({ name: "Trusted" })];
    const category = guild.addChannel({ name: "Rooms", type: "category" });
    const picks = async (path: string, menu: string, what: Parameters<typeof mona.picks>[2]) => {
      const panel = await opensSettings(mona, general, path);
      return await mona.picks(panel, menu, what).response();
    };
    expect((await picks("moderation.logChannel", "A channel", [log])).content).toContain(`\`moderation.logChannel\` is <#${log.id}> now`);
    await picks("talk.channels", "Channels", [general, other]);
    await picks("moderation.ignore.roles", "Roles", [role]);
    await picks("moderation.ignore.categories", "Categories", [category]);
    await picks("moderation.ignore.users", "People", [bob]);
    const { talk, moderation } = await settingsIn(scene);
    expect([talk.channels, moderation.logChannel]).toEqual([[general.id, other.id], log.id]);
    expect(moderation.ignore).toMatchObject({ roles: [role.id], categories: [category.id], users: [bob.id] });
    await picks("talk.channels", "Channels", []);
    await picks("moderation.logChannel", "A channel", []);
    expect((await settingsIn(scene)).talk.channels).toEqual([]);
    expect((await settingsIn(scene)).moderation.logChannel).toBeUndefined();
  });

  it("leaves what no picker can show, such as a webhook or a role that is gone, until somebody writes the list anew", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, guild, running, ada, bob } = scene;
    const [webhook, gone] = ["100000000000000007", "100000000000000008"];
    await running.set(guild, { moderation: { ignore: { users: [webhook, ada.id], roles: [gone] } } });
    const role = guild.addRole({ name: "Trusted" });
    const people = await opensSettings(mona, general, "moderation.ignore.users");
    expect(JSON.stringify(people.components)).not.toContain(`"${webhook}"`);
    await mona.picks(people, "People", [bob]).response();
    const roles = await opensSettings(mona, general, "moderation.ignore.roles");
    await mona.picks(roles, "Roles", [role]).response();
    expect((await settingsIn(scene)).moderation.ignore).toMatchObject({ users: [bob.id, webhook], roles: [role.id, gone] });
    await scene.sets("moderation.ignore.users", bob.id);
    expect((await settingsIn(scene)).moderation.ignore.users).toEqual([bob.id]);
  });

  it("picks of lists that are longer than Discord's menus, in parts, and loses none", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, guild, running } = scene;
    const ids = Array.from({ length: 60 }, (_, index) => guild.addRole({ name: `Role ${index}` }).id);
    await running.set(guild, { moderation: { ignore: { roles: ids } } });
    const role = guild.addRole({ name: "Late" });
    const panel = await opensSettings(mona, general, "moderation.ignore.roles");
    await mona.presses(panel, "More ...").response();
    await mona.presses(panel, "More ...").response();
    await mona.picks(panel, "Roles", [role]).response();
    expect((await settingsIn(scene)).moderation.ignore.roles).toEqual([...ids.slice(0, 50), role.id]);
    await mona.presses(panel, "Those before").response();
    await mona.picks(panel, "Roles", []).response();
    expect((await settingsIn(scene)).moderation.ignore.roles).toEqual([...ids.slice(0, 25), role.id]);
  });

  it("leads to a hundred exceptions, by the names of what has them", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, guild, running } = scene;
    const ids = [general.id, ...Array.from({ length: 99 }, (_, index) => `${100_000_000_000_000_000n + BigInt(index)}`)];
    await running.set(guild, { exceptions: Object.fromEntries(ids.map((id) => [id, { talk: "off" }])) });
    const first = await opensSettings(mona, general, "exceptions");
    expect(asText(first)).toContain("Settings: exceptions");
    expect(JSON.stringify(first.components)).toContain(`"general (${general.id})"`);
    const last = await opensSettings(mona, general, `exceptions.${ids.at(-1)}`);
    expect(last.embeds[0]?.title).toBe(`Settings: exceptions.${ids.at(-1)}`);
  });

  it("takes principles in plain words by a form, shows them, and forgets them", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general } = scene;
    expect((await writesPrinciple(mona, general, POLITE)).content).toContain("The principle `polite` says that now (version 2).");
    await scene.sets("moderation.rules.polite.strictness", "strict");
    expect((await writesPrinciple(mona, general, { bad: "polite" }, "polite")).content).toMatch(/^Nothing was changed\. /);
    await writesPrinciple(mona, general, { bad: "unkind" }, "polite");
    const page = await opensSettings(mona, general, "principles.polite");
    expect(page.embeds[0]?.description).toContain("`question`: Is the message polite?");
    expect((await settingsIn(scene)).principles["polite"]?.bad).toBe("unkind");
    const forgotten = await confirms(mona, await mona.presses(page, "Forget").response());
    expect(forgotten.content).toContain("The principle `polite` and its rule are forgotten now");
    expect(await settingsIn(scene)).toMatchObject({ principles: {}, moderation: { rules: { harmless: {} } } });
  });

  it("makes patterns, and says what is wrong with one", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general } = scene;
    const write = async (fields: Readonly<Record<string, string>>) => {
      const panel = await opensSettings(mona, general, "moderation.filters.patterns");
      return (await mona.submits(await mona.presses(panel, "New ...").modal(), fields).response()).content;
    };
    expect(await write({ name: "nitro", value: "fr[e3]{2}" })).toContain("The pattern `nitro` is known now (version 2).");
    expect(await write({ name: "Not a name", value: "a" })).toContain("Expected up to 32 of a-z, 0-9 and -");
    expect(await write({ name: "other", value: "a(?=b)" })).toContain("Expected a regular expression as RE2 reads it");
    expect((await settingsIn(scene)).moderation.filters.patterns).toEqual({ nitro: { pattern: "fr[e3]{2}", action: "off" } });
  });

  it("says of each strictness what it would have flagged, and takes a limit as a share of last week's messages", async () => {
    const inference: Inference = {
      ...STEADY,
      judge: async ({ turns, principles }) => principles.map(() => verdictOf(Number(/-?[\d.]+$/.exec(turns.at(-1)?.text ?? "")?.[0] ?? 1))),
    };
    await using scene = await Scene.open(inference, { moderation: { automatic: true } });
    const { mona, general, ada } = scene;
    const write = async (value: string) => {
      const panel = await opensSettings(mona, general, "moderation.rules.harmless.limit");
      return await mona.submits(await mona.presses(panel, "Write ...").modal(), { value }).response();
    };
    expect((await write("1 %")).content).toContain("Nothing was changed. Of the last week no message is known");
    for (let index = 0; index < 20; index++) ada.says(general, `Good morning ${index / 20}`);
    await scene.settled();
    const panel = await opensSettings(mona, general, "moderation.rules.harmless.strictness");
    expect(JSON.stringify(panel.components)).toContain("Would have flagged 6 of 20 in the last 7 days");
    const asked = await write("10 %");
    expect(asked.embeds[0]?.description).toContain("below 0.10 would be flagged");
    expect(asked.embeds[0]?.description).toContain("**2 of 20**");
    await mona.presses(asked, "Confirm").response();
    expect((await settingsIn(scene)).moderation.rules["harmless"]?.limit).toBe(0.1);
    expect((await write("")).embeds[0]?.description).toContain("messages below -0.10 would be flagged");
    expect((await write("200 %")).embeds[0]?.description).toContain("below 1.00 would be flagged");
  });

  it("offers round numbers, with the one that is set, and a form for any other", async () => {
    await using scene = await Scene.open(STEADY, { retentionDays: 33 });
    const { mona, general } = scene;
    const offered = async (path: string) => {
      const panel = await opensSettings(mona, general, path);
      const menus = [...eachComponent(panel.components)] as unknown as APIStringSelectComponent[];
      const options = menus.find(({ placeholder }) => placeholder === "Set it to ...")?.options ?? [];
      return options.map(({ label, default: isSet }) => (isSet ? `[${label}]` : label));
    };
    const another = "Another number ...";
    expect(await offered("retentionDays")).toEqual(["1", "2", "3", "7", "14", "30", "[33]", "60", "90", "180", "365", another]);
    expect((await offered("talk.temperature")).slice(5, 9)).toEqual(["0.5", "0.6", "[0.7]", "0.8"]);
    const panel = await opensSettings(mona, general, "retentionDays");
    expect((await mona.picks(panel, "Set it to ...", ["90"]).response()).content).toContain("`retentionDays` is `90` now");
    const form = await mona.picks(panel, "Set it to ...", ["another"]).modal();
    expect((await mona.submits(form, { value: "91" }).response()).content).toContain("`retentionDays` is `91` now");
    expect((await settingsIn(scene)).retentionDays).toBe(91);
  });

  it("opens no form for what the memory does not tell in time, and says so", async () => {
    let fail: () => void = () => undefined;
    const held = new Promise<never>((_, reject) => (fail = () => reject(new StoreError("locked", "the database is locked"))));
    let isHeld = false;
    const spoil = (store: Store): Store => ({ ...store, settings: (guild) => (isHeld ? held : store.settings(guild)) });
    await using scene = await Scene.open(STEADY, {}, { spoil });
    const panel = await opensSettings(scene.mona, scene.general, "talk.maxTokens");
    isHeld = true;
    const answer = await scene.mona.presses(panel, "Write ...").response();
    expect(answer.content).toBe("I could not look up what is set now. Please try again in a moment.");
    isHeld = false;
    fail();
  });
});

describe("Nobody changes settings by the panel", () => {
  const STALE = "Nothing was changed: the settings were, since you saw them.";

  it("who saw older ones: it is shown anew, and nothing is changed", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, running, guild } = scene;
    const [switched, chosen, written, picked] = [
      await opensSettings(mona, general, "talk.enabled"),
      await opensSettings(mona, general, "talk.preset"),
      await opensSettings(mona, general, "talk.maxTokens"),
      await opensSettings(mona, general, "talk.channels"),
    ];
    const form = await mona.presses(written, "Write ...").modal();
    await running.set(guild, { retentionDays: 9 });
    for (const stale of [
      mona.presses(switched, "Off"),
      mona.picks(chosen, "Set it to ...", ["strict"]),
      mona.submits(form, { value: "99" }),
      mona.picks(picked, "Channels", [general]),
    ])
      expect((await stale.response()).content).toContain(STALE);
    expect(await versionIn(scene)).toBe(2);
    // What is shown now is up to date.
    await mona.presses(switched, "Off").response();
    expect((await settingsIn(scene)).talk.enabled).toBe(false);
    expect((await settingsIn(scene)).retentionDays).toBe(9);
  });

  it("without the permission Manage Server, also one that was lost since the panel was opened, and whatever is forged", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, bob, general, guild } = scene;
    const only = "Only who may manage the server may do that.";
    const shown = bob.says(general, "Look here.");
    guild.openCommands();
    expect((await bob.uses(general, "/settings").response()).content).toBe(only);
    for (const id of [
      "set:1:talk.enabled:false",
      "write:1:talk.maxTokens",
      "principle:1",
      "pattern:1",
      "forget:1:x",
      "pick:1:talk.channels:0",
      "go",
      "part:talk.channels:1",
    ])
      expect((await bob.forges(shown, `settings:${id}`).response()).content).toBe(only);
    const panels = [await opensSettings(mona, general, "talk.enabled"), await opensSettings(mona, general, "talk.maxTokens")] as const;
    const form = await mona.presses(panels[1], "Write ...").modal();
    guild.memberOf(mona).roles.clear();
    expect((await mona.presses(panels[0], "Off").response()).content).toBe(only);
    expect((await mona.submits(form, { value: "99" }).response()).content).toBe(only);
    expect(await versionIn(scene)).toBe(1);
  });

  it("of another server: what is pressed there counts there", async () => {
    await using scene = await Scene.open(STEADY);
    const second = scene.platform.addGuild({ channels: ["general"] });
    await scene.platform.idle();
    const message = second.owner.says(second.channel("general"), "Look here.");
    await second.owner.forges(message, "settings:set:0:talk.enabled:false").response();
    expect([(await scene.running.store.settings(second.id)).version, await versionIn(scene)]).toEqual([1, 1]);
  });

  it("by ids and values that no panel has: what comes of them is what the schema lets pass, or nothing", async () => {
    await using scene = await Scene.open(STEADY);
    const { mona, general, running, guild } = scene;
    const message = mona.says(general, "Look here.");
    const path = fc.constantFrom(
      "talk.enabled",
      "talk.preset",
      "talk.channels",
      "moderation.rules.harmless.limit",
      "__proto__",
      "",
      "talk",
      "principles.x.good",
      "exceptions.1.talk",
      "constructor",
      "moderation.rules.__proto__.action",
    );
    const act = fc.constantFrom(
      "set",
      "pick",
      "write",
      "go",
      "choose",
      "part",
      "except",
      "forget",
      "principle",
      "pattern",
      "constructor",
      "__proto__",
      "",
    );
    const version = fc.constantFrom("", "0", "NaN", "-1", "1e9", "999");
    const value = fc.constantFrom(
      "true",
      "none",
      "__proto__",
      "strict",
      ".",
      "talk#999",
      "exceptions#-1",
      "x".repeat(100),
      "100000000000000001",
    );
    await fc.assert(
      fc.asyncProperty(
        act,
        version,
        path,
        value,
        fc.option(fc.array(value, { maxLength: 3 }), { nil: undefined }),
        async (...[what, of, where, argument, values]) => {
          await mona.forges(message, ["settings", what, of, where, argument].join(":").slice(0, 100), values).acknowledged();
          await scene.settled();
          expect((await running.store.settings(guild.id)).version).toBe(1);
        },
      ),
      { numRuns: 60 },
    );
    expect(running.logged.filter((line) => line.includes("interaction failed"))).toEqual([]);
  });
});

/** Something else than what is set there, as a person would write or choose it. */
function another(settings: GuildSettings, path: string): string {
  const facts = settingFacts(settings, path);
  const now = textAt(settings, path);
  if (facts?.control === "switch") return now === "true" ? "false" : "true";
  if (facts?.control === "choice") return facts.choices.find((choice) => choice !== now) ?? "";
  if (facts?.control === "pick") return "100000000000000001";
  const candidates = ["1", "17", "0.25", "example.org", "Something else"];
  const accepted = (text: string) => {
    try {
      return text !== now && changedAt(settings, path, text) !== settings;
    } catch {
      return false;
    }
  };
  return candidates.find(accepted) ?? "";
}
