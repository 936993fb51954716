import { describe, expect, it } from "vitest";
import { COMMAND_DATA } from "../../../src/bots/discord/commands/interactions.ts";
import { LANGUAGES, numeral, retold, say, saying } from "../../../src/bots/guard/index.ts";
import { ENGLISH } from "../../../src/bots/guard/languages/en.ts";
import { described } from "../../../src/bots/guard/languages/say.ts";
import { SETTING_KEYS, settingAt } from "../../../src/bots/guard/settings-text.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD } from "../../support/steady-inference.ts";

interface Named {
  readonly name: string;
  readonly description?: string;
  readonly options?: readonly Named[];
  readonly choices?: readonly Named[];
}

/** All that is named in a command, by what one types. */
function named(one: Named, above = ""): readonly (Named & { readonly path: string })[] {
  const path = `${above} ${one.name}`.trim();
  return [{ ...one, path }, ...[...(one.options ?? []), ...(one.choices ?? [])].flatMap((inner) => named(inner, path))];
}

const everything = (COMMAND_DATA as readonly Named[]).flatMap((command) => named(command));

/** What each setting, and group of them, is for in English. */
const purposes = new Map(
  SETTING_KEYS.flatMap(({ path }) => {
    const names = path.split(".");
    return names.flatMap((_, index) => {
      const { description } = settingAt(names.slice(0, index + 1)) ?? {};
      return description === undefined ? [] : [[names.slice(0, index + 1).join("."), description] as const];
    });
  }),
);

/** What one types first says the same everywhere: so do texts, and the guide, that name commands. */
const isTyped = ({ path, description, options }: (typeof everything)[number]) =>
  description !== undefined &&
  (!path.includes(" ") || options !== undefined || /^(?:moderate|privacy|rain) (?:config )?[a-z-]+$/.test(path));

/** What stays as it is in every language: places, and what is written as code. */
function fixed(text: string): readonly string[] {
  return [...text.matchAll(/\{\w+\}|`[^`]+`/g)].map(([part]) => part).toSorted();
}

const files = Object.entries(LANGUAGES);

/** What Discord takes, by where a text is shown. */
const LIMITS: readonly (readonly [key: RegExp, longest: number])[] = [
  [/\.button$/, 80],
  [/\.label$|^form\..*\.title$|^appeal\.(?:title|question)$/, 45],
  [/\.(?:hint|option)$/, 100],
  [/\.placeholder$/, 150],
  // Names of fields.
  [/^card\.(?:author|message|shadow|done|attachments|text|values|incident|failed|decision|appealed|before|since)(?:\.people)?$/, 200],
  [
    /^status\.(?:answers|messages|moderation|pace|needs|wrong|decisions|untold|learning|learned)$|^statistics\.byFilter$|^why\.discarded$/,
    256,
  ],
  [/^privacy\./, 4000],
];

/** Elsewhere it is less than what a message may have. */
function longestOf(key: string): number {
  return LIMITS.find(([pattern]) => pattern.test(key))?.[1] ?? 1900;
}

describe.each(files)("The file of the language %s", (locale, { texts, commands, names, settings }) => {
  it("lacks no text, and has none that there is not", () => {
    expect(Object.keys(ENGLISH).filter((key) => !Object.hasOwn(texts, key))).toEqual([]);
    expect(Object.keys(texts).filter((key) => !Object.hasOwn(ENGLISH, key))).toEqual([]);
  });

  it("keeps places and commands as they are", () => {
    const other = Object.entries(texts).filter(([key, text]) => {
      const english = ENGLISH[key as keyof typeof ENGLISH];
      return JSON.stringify(fixed(text)) !== JSON.stringify(fixed(english));
    });
    expect(other).toEqual([]);
  });

  it("says what every command and option is for, and of no other", () => {
    const described = everything.filter(({ description }) => description !== undefined).map(({ path }) => path);
    expect(described.filter((path) => !Object.hasOwn(commands, path))).toEqual([]);
    expect(Object.keys(commands).filter((path) => !described.includes(path))).toEqual([]);
  });

  it("names every option, every choice and every command of a menu, and no command that is typed", () => {
    const free = everything.filter((one) => !isTyped(one)).map(({ path }) => path);
    expect(free.filter((path) => !Object.hasOwn(names, path))).toEqual([]);
    expect(Object.keys(names).filter((path) => !free.includes(path))).toEqual([]);
  });

  it("says what every setting and group of them is for, and of no other", () => {
    const missing = [...purposes].filter(([path, english]) => described(path, english)(locale) === english);
    expect(missing).toEqual([]);
    const fits = (key: string) => [...purposes.keys()].some((path) => new RegExp(`^${key.replaceAll("*", "[^.]+")}$`).test(path));
    expect(Object.keys(settings).filter((key) => !fits(key))).toEqual([]);
    const other = Object.entries(settings).filter(([key, text]) => {
      const english = purposes.get(key);
      return english !== undefined && JSON.stringify(fixed(text)) !== JSON.stringify(fixed(english));
    });
    expect(other).toEqual([]);
  });

  it("retells what settings may be, and what filters found", () => {
    for (const { path, expected = "" } of SETTING_KEYS) expect(retold(locale, expected), path).not.toBe(expected);
    const found = say(undefined, "found.raid", { words: say(undefined, "found.account", { days: 7 }) });
    expect(retold(locale, found)).toBe(say(locale, "found.raid", { words: say(locale, "found.account", { days: 7 }) }));
    expect(retold(locale, '"everyone is mentioned"')).toBe('"everyone is mentioned"');
  });

  it("fits where Discord shows it", () => {
    for (const [key, text = ""] of Object.entries(texts)) expect(text.length, key).toBeLessThanOrEqual(longestOf(key));
    // With what stands in their places.
    const acts = ["delete", "warn", "timeout", "ban"] as const;
    for (const act of acts)
      expect(say(locale, "act.people.button", { act: saying(`act.${act}.button`), count: 200 }).length).toBeLessThanOrEqual(80);
    const most = numeral(99_999_999);
    expect(say(locale, "panel.foreseen.option", { count: most, judged: most }).length).toBeLessThanOrEqual(100);
    const privacy = Object.entries(texts).filter(([key]) => /^privacy\.(?:keeps|may)/.test(key));
    expect(privacy.map(([, text]) => text).join("\n").length).toBeLessThan(4000);
  });
});

describe("A text", () => {
  it("is said in English where its language is not spoken, or is a name that leads elsewhere", () => {
    for (const language of [undefined, "xx", "__proto__", "constructor"]) expect(say(language, "stop.done")).toBe("Stopped.");
  });

  it("has people's words in its places, to the letter", () => {
    const said = say("de", "appeal.hidden", { server: "{principles} $& {server}", principles: "kind" });
    expect(said).toContain("auf {principles} $& {server} wurde");
    expect(said).toContain("Verstoß gegen kind");
  });
});

describe("People are spoken to", () => {
  it("in the language of the server, where all read it, and in their own, where only they do", async () => {
    await using scene = await Scene.open({ ...STEADY, answer: () => Promise.reject(new Error("no model")) });
    const { platform, running } = scene;
    const guild = platform.addGuild({ members: ["Ada", "Bob"], preferredLocale: "de" });
    await platform.idle();
    await running.set(guild, {});
    const [ada, bob, general] = [guild.person("Ada"), guild.person("Bob"), guild.channel("general")];
    ada.locale = "fr";
    const reply = await platform.replyTo(ada.says(general, scene.mention("Where is the museum?")));
    expect(reply.content).toBe(LANGUAGES["de"]?.texts.failed);
    const ask = async (values: object) =>
      (await ada.uses(general, "/ask", { question: "Where is the museum?", ...values }).response()).content;
    expect(await ask({})).toBe(LANGUAGES["de"]?.texts.failed);
    expect(await ask({ private: true })).toBe(LANGUAGES["fr"]?.texts.failed);
    const privacy = await ada.uses(general, "/privacy show").response();
    expect(privacy.embeds[0]?.description).toContain("**Ce que je garde**");
    guild.openCommands();
    expect((await ada.uses(general, "/settings").response()).content).toBe(LANGUAGES["fr"]?.texts["only.managers"]);
    bob.locale = "sv-SE";
    expect((await bob.uses(general, "/settings").response()).content).toBe("Only who may manage the server may do that.");
    expect(running.bot.leaks).toBe(0);
  });

  it("in the server's own words, where it has written some", async () => {
    await using scene = await Scene.open(
      { ...STEADY, answer: () => Promise.reject(new Error("no model")) },
      { talk: { failure: "Oh no." } },
    );
    const { ada, general } = scene;
    ada.locale = "ja";
    expect((await ada.uses(general, "/ask", { question: "Where?", private: true }).response()).content).toBe("Oh no.");
  });

  it("when they are told of a message that was taken away, and appeal", async () => {
    await using scene = await Scene.moderated(STEADY, "delete");
    const { ada, general, platform } = scene;
    ada.locale = "es-ES";
    ada.says(general, STEADY_BAD);
    await scene.settled();
    const [told] = platform.posts(ada.privately);
    const form = await ada.presses(told ?? expect.fail("nobody was told"), "Appeal").modal();
    expect(form.title).toBe("Apelación");
    const answer = await ada.submits(form, { reason: "It was a joke." }).response();
    expect(answer.content).toBe(LANGUAGES["es-ES"]?.texts["appeal.done"]);
  });
});
