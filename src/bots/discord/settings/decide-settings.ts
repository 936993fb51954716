import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type ButtonInteraction,
  ButtonStyle,
  type ChatInputCommandInteraction,
  ComponentType,
  type MessageComponentInteraction,
  type ModalSubmitInteraction,
} from "discord.js";
import { type GuildSettings, SettingsConflictError, SettingsError, say, saying } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { changeSettings, type DecidedSettings } from "../change-settings.ts";
import { answerInPlace, type Component, checkManages, guildOf, type PrivateAnswer, Refused } from "../commands/command.ts";
import { checkLeavingShadow } from "../moderate/leaving-shadow.ts";
import { cut } from "../reply/text.ts";
import { changesExceptions, foreseen, limitChanges } from "./last-week.ts";
import type { Proposal } from "./proposals.ts";

type Deciding = ChatInputCommandInteraction | ModalSubmitInteraction | MessageComponentInteraction;

interface SettingsDecision extends Pick<Proposal, "detail" | "told"> {
  readonly make: (settings: GuildSettings) => GuildSettings;
  /** The version that the person saw; with a newer one, another change came first. @default the newest */
  readonly version?: number;
  /** What is shown when the person does not confirm it. @default that nothing was changed */
  readonly left?: Proposal["left"];
}

/**
 * Decides a guild's settings anew; they hold from that moment on. Where limits change, what they would have flagged in the last week is shown first, and
 * where more is done to messages than before, how good the judges are by which that is; nothing is changed before the same person confirms it.
 *
 * @throws {Refused} in words for the person who changes them: what is wrong with them, that another change came first, or that the judge is not good
 *   enough for what is to be done
 */
export async function decideSettings(
  interaction: Deciding,
  context: BotContext,
  { make, detail, told, version: seen, left = async () => say(interaction.locale, "change.nothing") }: SettingsDecision,
): Promise<PrivateAnswer | string> {
  checkManages(interaction);
  const guild = guildOf(interaction);
  const by = interaction.user.id;
  return await refusing(async () => {
    const { version, settings: before } = await context.store.settings(guild);
    if (seen !== undefined && seen !== version) throw new SettingsConflictError(guild, seen);
    const settings = make(before);
    const proposal = { guild, by, version, settings, detail, told, left, at: context.options.clock() };
    const figures = await checkLeavingShadow(context, { guild, before, after: settings });
    const hasOtherLimits = limitChanges(before, settings).length > 0 || changesExceptions(before, settings);
    if (figures.length === 0 && !hasOtherLimits) return await told(await decided(context, proposal));
    const { locale } = interaction;
    const week = hasOtherLimits ? [await foreseen(context, locale, { guild, before, after: settings })] : [];
    const description = cut([...figures.map((words) => words(locale)), ...week].join("\n"), LONGEST_DESCRIPTION);
    context.proposals.add(interaction.id, proposal);
    return { embeds: [{ title: say(locale, "change.confirm"), description }], components: [buttons(locale, interaction.id)] };
  });
}

async function decided(context: BotContext, { guild, by, version, settings, detail }: Proposal): Promise<DecidedSettings> {
  const make = async (before: GuildSettings): Promise<GuildSettings> => {
    await checkLeavingShadow(context, { guild, before, after: settings });
    return settings;
  };
  return await changeSettings(context, { guild, by, detail, version, make });
}

const LONGEST = 1900;

/** Discord's limit is a little more. */
const LONGEST_DESCRIPTION = 4000;

async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SettingsError)
      throw new Refused((language) => cut(say(language, "change.invalid", { problem: error.message }), LONGEST), { cause: error });
    if (error instanceof SettingsConflictError) throw new Refused(saying("change.conflict"), { cause: error });
    throw error;
  }
}

const LIMITS = "limits";

function buttons(language: string, id: string): APIActionRowComponent<APIButtonComponent> {
  const button = (act: "confirm" | "cancel", style: ButtonStyle.Success | ButtonStyle.Secondary) => {
    const label = say(language, `change.${act}.button`);
    return { type: ComponentType.Button, style, label, custom_id: `${LIMITS}:${act}:${id}` } as const;
  };
  return {
    type: ComponentType.ActionRow,
    components: [button("confirm", ButtonStyle.Success), button("cancel", ButtonStyle.Secondary)],
  };
}

/** Takes limits that were shown, or leaves them. */
export const limitsButton: Component<ButtonInteraction> = {
  prefix: LIMITS,
  async run(interaction, context, [act = "", id = ""]) {
    await answerInPlace(interaction, context, async () => {
      checkManages(interaction);
      const asking = { guild: guildOf(interaction), by: interaction.user.id, at: context.options.clock() };
      const proposal = act === "confirm" || act === "cancel" ? context.proposals.take(id, asking) : undefined;
      if (proposal === undefined) throw Refused.by("change.forgotten");
      return act === "cancel" ? await proposal.left() : await refusing(async () => proposal.told(await decided(context, proposal)));
    });
  },
};
