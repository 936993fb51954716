import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType } from "discord.js";
import { say } from "../../guard/index.ts";
import { type BotContext, privateGuild } from "../bot-context.ts";
import { answerPrivately, type Command, type PrivateAnswer } from "./command.ts";

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

const ACTS: Readonly<Record<string, (context: BotContext, user: string, language: string) => Promise<PrivateAnswer | string>>> = {
  async export({ store }, user, language) {
    const { replies, ...data } = await store.personalData(user);
    // It was not judged good enough to be read; a server may let its moderators see it, and no other person.
    const shown = replies.map(({ discarded, ...reply }) => ({ ...reply, discardedPieces: discarded.length }));
    const { version, settings } = await store.settings(privateGuild(user));
    const all = { replies: shown, ...data, ...(version === 0 ? {} : { private: settings.talk }) };
    const file = { name: "about-you.json", content: Buffer.from(`${JSON.stringify(all, null, 2)}\n`) };
    return { content: say(language, "privacy.export"), files: [file] };
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
