import { ApplicationCommandOptionType, ApplicationCommandType, InteractionContextType } from "discord.js";
import { type BotContext, privateGuild } from "../bot-context.ts";
import { answerPrivately, type Command, type PrivateAnswer } from "./command.ts";

const STORED = `**What I keep**
- Of each answer to you: when and where, a hash and the first words of the answer, and how it was judged; what was discarded, if this server lets its moderators see that. Not your question.
- Of a message of yours that was judged to be against this server's principles: a hash, its first words, how many files were with it, the values, what the moderators decided, and the message as my judge has read it, at most 2,000 characters of it. My judge of this server's messages may learn from such decisions, and no other server's does; what it keeps of them are numbers, and no text. The message as you wrote it I keep only while it waits for them, and until what they decided is done.
- Of some messages of yours that were judged to be close to this server's limits, or below them: where each stands, and its value, for seven days. Of all others that were judged, their values are counted, and not whose they are.
- While there is such a message: what the moderators did about you then, by me or by hand, such as a time-out, and who did it. Messages that they rejected count as strikes for as long as the server says.
- How many questions you asked today, what you said in an appeal, whether you opted out, and what you chose with \`/private\`.
All of it is forgotten after the number of days that each server sets, 30 unless it sets another; a message that was found fine, where messages close to a limit stand, and answers to you, whenever you want it.

**What you can do**
\`/privacy export\` sends you all of it, but of what was discarded only how much there was. \`/privacy delete\` forgets it at once, but for messages that wait for the moderators or that they rejected, and what was done about them: these stay for those days, as they are the server's record. \`/privacy opt-out\`: I neither read nor answer what you write; the server's moderation still applies.`;

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
    await answerPrivately(interaction, context, async () => (await ACTS[interaction.options.getSubcommand()]?.(context, user)) ?? STORED);
  },
};

const ACTS: Readonly<Record<string, (context: BotContext, user: string) => Promise<PrivateAnswer | string>>> = {
  async export({ store }, user) {
    const { replies, ...data } = await store.personalData(user);
    // It was not judged good enough to be read; a server may let its moderators see it, and no other person.
    const shown = replies.map(({ discarded, ...reply }) => ({ ...reply, discardedPieces: discarded.length }));
    const { version, settings } = await store.settings(privateGuild(user));
    const all = { replies: shown, ...data, ...(version === 0 ? {} : { private: settings.talk }) };
    const file = { name: "about-you.json", content: Buffer.from(`${JSON.stringify(all, null, 2)}\n`) };
    return { content: "All that I keep about you:", files: [file] };
  },
  async delete({ store, log }, user) {
    const { version } = await store.settings(privateGuild(user));
    const count = (await store.forgetPerson(user)) + (version === 0 ? 0 : 1);
    // How they are answered in private, and that they decided it.
    if (version > 0) await store.purgeGuild(privateGuild(user));
    log.info({ count }, "forgot a person");
    const { reviews, sanctions } = await store.personalData(user);
    const forgotten = count === 0 ? "There was nothing to forget." : `Forgotten: ${count} ${count === 1 ? "record" : "records"}.`;
    const stays = [
      reviews.length === 0
        ? []
        : `${reviews.length} ${reviews.length === 1 ? "message" : "messages"} of yours that may be against a server's rules, or that its moderators rejected`,
      sanctions.length === 0 ? [] : `${sanctions.length} ${sanctions.length === 1 ? "record" : "records"} of what moderators did about you`,
    ].flat();
    if (stays.length === 0) return forgotten;
    return `${forgotten} What stays: ${stays.join("; ")}. Each server forgets that after its own number of days.`;
  },
  async "opt-out"({ store, drafts }, user) {
    if (await store.isOptedOut(user)) return "You had opted out already: nothing was changed.";
    await store.setOptedOut(user, true);
    drafts.takeBackAuthor(user, "stopped");
    return "From now on I neither read nor answer what you write. `/privacy opt-in` takes it back; `/privacy delete` forgets what I keep.";
  },
  async "opt-in"({ store }, user) {
    if (!(await store.isOptedOut(user))) return "You had not opted out: nothing was changed.";
    await store.setOptedOut(user, false);
    return "I answer you again.";
  },
};
