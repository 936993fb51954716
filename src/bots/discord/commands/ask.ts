import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  type ButtonInteraction,
  InteractionContextType,
  MessageFlags,
} from "discord.js";
import { say } from "../../guard/index.ts";
import { privateGuild } from "../bot-context.ts";
import { interactionTarget } from "../reply/interaction-target.ts";
import { STOP } from "../reply/live-reply.ts";
import { isTalkedIn, readAsked } from "../reply/question.ts";
import { ReplyFlow } from "../reply/reply-flow.ts";
import { settingsOfCommand } from "../whereabouts.ts";
import { type Command, type Component, checkModerates, Refused } from "./command.ts";

/** `/ask`: a question, whose answer only the person sees who asked, if they want it so. */
export const ask: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "ask",
    description: "Ask me something",
    contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
    integration_types: [ApplicationIntegrationType.GuildInstall],
    options: [
      {
        type: ApplicationCommandOptionType.String,
        name: "question",
        description: "What you would like to know",
        required: true,
        max_length: 2000,
      },
      { type: ApplicationCommandOptionType.Attachment, name: "file", description: "A text file to read with it" },
      { type: ApplicationCommandOptionType.Boolean, name: "private", description: "Whether only you see the answer" },
    ],
  },
  async run(interaction, context) {
    const { options, order, outbound, store } = context;
    const { channel, user } = interaction;
    const askedAt = options.now();
    const isPrivate = interaction.options.getBoolean("private") ?? false;
    const place = order.join(interaction.channelId);
    try {
      // Whether others see it is decided for good here.
      await interaction.deferReply(isPrivate ? { flags: MessageFlags.Ephemeral } : {});
      const guild = interaction.guildId ?? privateGuild(user.id);
      if (interaction.guildId === null && !options.dms) throw Refused.by("ask.private");
      const settings = settingsOfCommand((await store.settings(guild)).settings, interaction);
      const isTalking = settings.talk.enabled && (interaction.guildId === null || isTalkedIn(interaction, settings.talk.channels));
      if (!isTalking) throw Refused.by("ask.here");
      // What only one person sees holds up no other answer.
      const before = isPrivate ? Promise.resolve() : place.before;
      if (isPrivate) place.leave();
      // What others see is said in the server's language.
      const language = isPrivate ? interaction.locale : (interaction.guildLocale ?? interaction.locale);
      const line = { speaker: { id: user.id, name: user.displayName }, text: interaction.options.getString("question", true) };
      const file = interaction.options.getAttachment("file");
      await new ReplyFlow(context, {
        guild,
        channel: interaction.channelId,
        source: interaction.id,
        author: user.id,
        settings,
        // What others said is not for an answer that only one person sees.
        read: () => readAsked({ channel: isPrivate ? null : channel, line, file, interaction }, { ...context, settings }),
        // Nobody can reply to what only one person sees.
        asked: isPrivate ? undefined : line,
        target: interactionTarget(interaction, outbound, { isPrivate, language }),
        language,
        isDeferred: true,
        isAnew: false,
        typingIn: undefined,
        before,
        askedAt,
      }).run();
    } finally {
      place.leave();
    }
  },
};

/** Stops an answer: for the person who asked, and for moderators. */
export const stopButton: Component<ButtonInteraction> = {
  prefix: STOP,
  async run(interaction, { drafts, outbound }, [source = ""]) {
    const draft = drafts.get(source);
    // Ids may be forged: people stop only what is written where they are.
    if (draft === undefined || draft.channel !== interaction.channelId) throw Refused.by("stop.nothing");
    if (draft.author !== interaction.user.id) checkModerates(interaction);
    drafts.takeBack(source, "stopped");
    await interaction.reply({ content: outbound.own(say(interaction.locale, "stop.done")), flags: MessageFlags.Ephemeral });
  },
};
