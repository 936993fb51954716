import { PermissionFlagsBits } from "discord.js";
import { describe, expect, it } from "vitest";
import { LANGUAGES, type PlainKey, say, type TextKey } from "../../../src/bots/guard/index.ts";
import { asText } from "../../support/discord/as-text.ts";
import type { Modal } from "../../support/discord/interactions/modal.ts";
import type { Message } from "../../support/discord/world/message.ts";
import { Scene } from "../../support/discord-scene.ts";
import { STEADY, STEADY_BAD, UNFIT } from "../../support/steady-inference.ts";

type Locale = "de" | "fr" | "es-ES" | "pt-BR" | "ja";
const LOCALES: readonly Locale[] = ["de", "fr", "es-ES", "pt-BR", "ja"];

function textIn(locale: Locale, key: TextKey): string {
  return LANGUAGES[locale]?.texts[key] ?? expect.fail(`${locale} has no ${key}`);
}

/** A server that prefers a language, and a moderator who uses Discord in another one. */
async function opened(server: Locale, moderator: Locale, moderation: object = {}): Promise<Scene> {
  const scene = await Scene.moderated(STEADY, "hide", moderation);
  scene.guild.prefers(server);
  scene.mona.locale = moderator;
  await scene.platform.idle();
  return scene;
}

/** What Ada wrote, and the card of it. */
async function flagged(scene: Scene): Promise<Message> {
  scene.ada.says(scene.general, STEADY_BAD);
  await scene.settled();
  return scene.cards[0] ?? expect.fail("there is no card");
}

/** Our English texts that stand there, where the language has other ones; of those with places, what stands between these. Values of settings stay. */
function englishIn(locale: Locale, whole: string): readonly string[] {
  const shown = whole.replaceAll(/`[^`]*`/g, "");
  return Object.entries(LANGUAGES[locale]?.texts ?? {}).flatMap(([key, text]) => {
    // Its places stay as they are.
    const english = say(undefined, key as PlainKey);
    if (text === english) return [];
    const parts = english.split(/\{\w+\}|`[^`]*`/).filter((part) => part.trim().length >= 12);
    return parts.filter((part) => shown.includes(part) && !text.includes(part));
  });
}

function textOfForm(form: Modal): string {
  return JSON.stringify([form.title, form.components]);
}

describe("A card", () => {
  it("speaks the server's language, and what answers a press that person's", async () => {
    await using scene = await opened("de", "ja");
    const card = await flagged(scene);
    expect(asText(card)).toContain("Verstoß gegen: harmless");
    expect(asText(card)).toContain("Verborgen, bis jemand entscheidet");
    expect(asText(card)).toContain("[ Freigeben ] [ Ablehnen ] [ Erklären ] [ Handeln ]");
    const menu = await scene.mona.presses(card, "Handeln").response();
    expect(menu.content).toContain("これを含めて30日以内の違反1件。");
    const said = await scene.mona.presses(card, "Ablehnen").response();
    expect(said.content).toBe("確認 1: 却下しました。メッセージはすでにありません。");
    expect(asText(card)).toContain(`Abgelehnt von ${scene.mona.mention}`);
    expect(asText(card)).toContain(`: abgelehnt von ${scene.mona.mention}`);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("holds no words in what is pressed", async () => {
    await using german = await opened("de", "de");
    await using english = await Scene.moderated(STEADY, "hide");
    const ids = async (scene: Scene) => JSON.stringify((await flagged(scene)).components).match(/"custom_id":"[^"]*"/g);
    expect(await ids(german)).toEqual(await ids(english));
  });

  it("keeps its language when the server prefers another one", async () => {
    await using scene = await opened("fr", "fr");
    const card = await flagged(scene);
    scene.guild.prefers("de");
    await scene.platform.idle();
    scene.ada.says(scene.general, `${STEADY_BAD} Again.`);
    await scene.settled();
    expect(asText(card)).toContain("2 messages, décidés ensemble:");
    await scene.mona.presses(card, "Tout approuver").response();
    const shown = asText(card);
    expect(shown).toContain(`Approuvé par ${scene.mona.mention}`);
    expect(shown.match(/Depuis:/g)).toHaveLength(1);
    expect(englishIn("fr", shown)).toEqual([]);
    expect(shown).not.toMatch(/Entscheidung|Freigegeben|Nachrichten/);
  });

  it("of a server without a language of ours is English, and stays so", async () => {
    await using scene = await Scene.moderated(STEADY, "hide");
    const card = await flagged(scene);
    scene.guild.prefers("de");
    await scene.platform.idle();
    await scene.mona.presses(card, "Reject").response();
    expect(asText(card)).toContain(`Decision:\n│   Rejected by ${scene.mona.mention}`);
  });

  it("tells its language from its footer, in all languages", () => {
    const footers = Object.values(LANGUAGES).map(({ texts }) => texts["card.footer"]);
    const languages = new Set(Object.values(LANGUAGES)).size;
    expect(new Set([...footers, "Review {id}"]).size).toBe(languages + 1);
  });
});

describe.each(LOCALES)("Where %s is spoken", (locale) => {
  it("moderators read no English of ours on cards, in the queue, and by what they press", async () => {
    await using scene = await opened(locale, locale);
    const { mona, general, platform } = scene;
    scene.ada.locale = locale;
    const shown: string[] = [];
    scene.bob.says(general, "...");
    const first = await flagged(scene);
    shown.push(asText(first));
    scene.ada.says(general, `${STEADY_BAD} Again.`);
    await scene.settled();
    shown.push(asText(await mona.uses(general, "/moderate queue").response()));
    const press = async (key: TextKey) => (await mona.presses(first, textIn(locale, key)).response()) as Message;
    for (const key of ["explain.button", "act.button", "reject.all.button"] as const) shown.push(asText(await press(key)));
    const [told] = platform.posts(scene.ada.privately);
    const form = await scene.ada.presses(told ?? expect.fail("nobody was told"), textIn(locale, "appeal.button")).modal();
    await scene.ada.submits(form, { reason: "..." }).response();
    shown.push(asText(await press("approve.all.button")));
    for (const subcommand of ["audit", "statistics", "export", "stop", "queue"])
      shown.push(asText(await mona.uses(general, `/moderate ${subcommand}`).response()));
    shown.push(asText(await mona.uses(general, "/moderate test", { text: "..." }).response()));
    shown.push(...scene.cards.map(asText), ...platform.posts(scene.ada.privately).map(asText));
    for (const text of shown) expect(englishIn(locale, text), text).toEqual([]);
    expect(scene.running.bot.leaks).toBe(0);
  });

  it("administrators read none in the status, the panel and its forms", async () => {
    await using scene = await opened(locale, locale, { shadow: true });
    const { guild, general } = scene;
    const eve = guild.addMember({
      name: "Eve",
      roles: [guild.addRole({ name: "Admins", permissions: PermissionFlagsBits.Administrator })],
    });
    eve.locale = locale;
    const shown = [
      asText(await eve.uses(general, "/rain status").response()),
      asText(await eve.uses(general, "/rain calibrate").response()),
      asText(await eve.uses(general, "/rain config show").response()),
      asText(await eve.uses(general, "/rain config history").response()),
    ];
    expect(shown[0]).toContain(textIn(locale, "status.title"));
    const panel = await eve.uses(general, "/settings").response();
    const goes = async (path: string) => await eve.picks(panel, textIn(locale, "panel.go.placeholder"), [path]).response();
    await goes("principles");
    const form = await eve.presses(panel, textIn(locale, "panel.new.button")).modal();
    shown.push(textOfForm(form));
    shown.push(asText(await eve.submits(form, { name: "polite", question: "?", good: "polite", bad: "rude" }).response()));
    expect(panel.content).toContain("`polite`");
    shown.push(asText(panel));
    await goes("principles");
    await goes(".");
    await goes("talk");
    expect(asText(panel)).toContain(LANGUAGES[locale]?.settings["talk"]);
    await eve.picks(panel, textIn(locale, "panel.choose.placeholder"), ["talk.maxTokens"]).response();
    expect(asText(panel)).toContain(LANGUAGES[locale]?.settings["talk.maxTokens"]);
    expect(asText(panel)).toContain(say(locale, "expected.whole", { low: 16, high: 1024 }));
    shown.push(asText(panel));
    for (const text of shown) expect(englishIn(locale, text), text).toEqual([]);
    expect(scene.running.bot.leaks).toBe(0);
  });
});

describe("What a server is told", () => {
  it("comes in its language: of raids, and that they are over", async () => {
    await using scene = await opened("de", "fr", { filters: { raids: { people: 2, action: "hide" } } });
    scene.platform.advance(8 * 86_400_000);
    for (const name of ["New1", "New2"]) scene.guild.addMember({ name }).says(scene.general, `${STEADY_BAD} ${name}`);
    await scene.settled();
    const [told] = scene.cards.filter(({ content }) => content.includes("Ein Raid"));
    if (told === undefined) expect.fail("nobody was told");
    expect(told.content).toContain("wird verborgen, bis jemand entscheidet");
    const said = await scene.mona.presses(told, "Raid-Modus beenden").response();
    expect(said.content).toBe("Le mode raid est terminé : les nouveaux venus sont traités comme tout le monde.");
    expect(told.content).toContain(`Beendet von ${scene.mona.mention}`);
  });

  it("comes in its language: what a filter found", async () => {
    await using scene = await opened("ja", "ja", { filters: { invitations: { action: "hide" } } });
    scene.ada.says(scene.general, "discord.gg/nonsense");
    await scene.settled();
    expect(asText(scene.cards[0] ?? expect.fail("there is no card"))).toContain("✗ filters.invitations: サーバーへの招待");
    // What is kept, and exported, is the same for all.
    const [review] = await scene.running.store.pendingIncidents(scene.guild.id, 1);
    expect(review?.findings[0]?.found).toBe("an invitation to a server");
  });

  it("comes in its language: why a judge that may err does nothing", async () => {
    await using scene = await Scene.moderated({
      ...STEADY,
      judge: async ({ principles }) => principles.map(() => ({ value: -1, judge: UNFIT })),
    });
    scene.guild.prefers("es-ES");
    await scene.platform.idle();
    const card = await flagged(scene);
    expect(asText(card)).toContain("Mi juez para harmless no es apto");
  });
});
