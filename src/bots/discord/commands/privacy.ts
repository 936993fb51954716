import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType } from "discord.js";
import { say } from "../../guard/index.ts";
import { type BotContext, privateGuild } from "../bot-context.ts";
import { answerPrivately, type Command, type OwnFile, type PrivateAnswer } from "./command.ts";
import { MOST_BYTES } from "./lines-file.ts";

const KEEPS = ["answers", "messages", "low", "done", "you"] as const;

/** What is kept, and what one may do about it. */
function kept(language: string): PrivateAnswer {
  const lines = [
    `**${say(language, "privacy.keeps")}**`,
    ...KEEPS.map((what) => `- ${say(language, `privacy.keeps.${what}`)}`),
    say(language, "privacy.keeps.until"),
    "",
    `**${say(language, "privacy.may")}**`,
    say(language, "privacy.may.how"),
  ];
  return { embeds: [{ description: lines.join("\n") }] };
}

/** `/privacy`: what is kept about the person who asks, and their say in it; about no other person. */
export const privacy: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "privacy",
    description: "What I keep about you, and your say in it",
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    options: [
      ["show", "What is kept, and for how long"],
      ["export", "Sends you all that is kept about you"],
      ["delete", "Forgets all that is kept about you"],
      ["opt-out", "I neither read nor answer what you write"],
      ["opt-in", "I answer you again"],
    ].map(([name = "", description = ""]) => ({ type: ApplicationCommandOptionType.Subcommand as const, name, description })),
  },
  async run(interaction, context) {
    const user = interaction.user.id;
    await answerPrivately(interaction, context, async () => {
      const { locale } = interaction;
      return (await ACTS[interaction.options.getSubcommand()]?.(context, user, locale)) ?? kept(locale);
    });
  },
};

const pack = promisify(gzip);

/** A file that Discord takes: packed, where it is too long else; and where that is not enough, without the oldest of what there is most of. */
async function fileOf(all: Readonly<Record<string, unknown>>): Promise<{ readonly file: OwnFile; readonly left: number }> {
  const whole = Buffer.from(`${JSON.stringify(all, null, 2)}\n`);
  if (whole.length <= MOST_BYTES) return { file: { name: "about-you.json", content: whole }, left: 0 };
  const content = await pack(whole);
  const [longest] = Object.entries(all)
    .flatMap(([name, value]) => (Array.isArray(value) ? [{ name, value, size: JSON.stringify(value).length }] : []))
    .toSorted((one, other) => other.size - one.size);
  if (content.length <= MOST_BYTES || longest === undefined || longest.value.length === 0)
    return { file: { name: "about-you.json.gz", content }, left: 0 };
  const { name, value } = longest;
  const dropped = Math.ceil(value.length / 4);
  const { file, left } = await fileOf({ ...all, [name]: value.slice(dropped) });
  return { file, left: left + dropped };
}

const ACTS: Readonly<Record<string, (context: BotContext, user: string, language: string) => Promise<PrivateAnswer | string>>> = {
  async export({ store }, user, language) {
    const { replies, ...data } = await store.personalData(user);
    // It was not judged good enough to be read; a server may let its moderators see it, and no other person.
    const shown = replies.map(({ discarded, ...reply }) => ({ ...reply, discardedPieces: discarded.length }));
    const { version, settings } = await store.settings(privateGuild(user));
    const all = { replies: shown, ...data, ...(version === 0 ? {} : { private: settings.talk }) };
    const { file, left } = await fileOf(all);
    const lines = [say(language, "privacy.export"), ...(left === 0 ? [] : [say(language, "privacy.export.left", { count: left })])];
    return { content: lines.join("\n"), files: [file] };
  },
  async delete({ store, log, asked }, user, language) {
    asked.forgetPerson(user);
    const { version } = await store.settings(privateGuild(user));
    const count = (await store.forgetPerson(user)) + (version === 0 ? 0 : 1);
    // How they are answered in private, and that they decided it.
    if (version > 0) await store.purgeGuild(privateGuild(user));
    log.info({ count }, "forgot a person");
    const { reviews, sanctions } = await store.personalData(user);
    const forgotten = count === 1 ? say(language, "privacy.forgotten.one") : say(language, "privacy.forgotten.many", { count });
    const said = count === 0 ? say(language, "privacy.nothing") : forgotten;
    const [messages, deeds] = [reviews.length, sanctions.length];
    const stays = [
      ...(messages === 1 ? [say(language, "privacy.stays.message")] : []),
      ...(messages > 1 ? [say(language, "privacy.stays.messages", { count: messages })] : []),
      ...(deeds === 1 ? [say(language, "privacy.stays.deed")] : []),
      ...(deeds > 1 ? [say(language, "privacy.stays.deeds", { count: deeds })] : []),
    ];
    return stays.length === 0 ? said : `${said} ${say(language, "privacy.stays", { what: stays.join("; ") })}`;
  },
  async "opt-out"({ store, drafts }, user, language) {
    if (await store.isOptedOut(user)) return say(language, "privacy.outAlready");
    await store.setOptedOut(user, true);
    drafts.takeBackAuthor(user, "stopped");
    return say(language, "privacy.out");
  },
  async "opt-in"({ store }, user, language) {
    if (!(await store.isOptedOut(user))) return say(language, "privacy.inAlready");
    await store.setOptedOut(user, false);
    return say(language, "privacy.in");
  },
};
