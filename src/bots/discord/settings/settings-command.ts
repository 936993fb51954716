/** `/settings`: the panel, and what is pressed and picked in it. Custom ids and values may be forged. */
import {
  type AnySelectMenuInteraction,
  ApplicationCommandType,
  type ButtonInteraction,
  InteractionContextType,
  PermissionFlagsBits,
} from "discord.js";
import { settingFacts } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerInPlace, answerPrivately, type Command, type Component, checkManages, guildOf, Refused } from "../commands/command.ts";
import { ANOTHER, MOST_PICKED, pageOf, SETTINGS } from "./controls.ts";
import { idsAt, panel, viewOf } from "./panel.ts";
import { type Deed, done, forgetting, picked, setting } from "./panel-deeds.ts";
import { OPENS } from "./panel-forms.ts";
import { pickable } from "./pickable.ts";

export const settingsCommand: Command = {
  data: {
    type: ApplicationCommandType.ChatInput,
    name: "settings",
    description: "How I am set up in this server",
    contexts: [InteractionContextType.Guild],
    default_member_permissions: String(PermissionFlagsBits.ManageGuild),
  },
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkManages(interaction);
      return await panel(context, interaction, { at: "" });
    });
  },
};

/** Buttons and pickers of the panel. */
export const settingsPressed: Component<ButtonInteraction | AnySelectMenuInteraction> = {
  prefix: SETTINGS,
  async run(interaction, context, [act = "", ...ids]) {
    const { guildId } = interaction;
    const values = interaction.isAnySelectMenu() ? interaction.values : [];
    const form = act === "set" && values[0] === ANOTHER ? "write" : act;
    if (guildId !== null && OPENS[form] !== undefined && Object.hasOwn(OPENS, form)) {
      checkManages(interaction);
      return await OPENS[form](interaction, context, ids);
    }
    await answerInPlace(interaction, context, async () => {
      checkManages(interaction);
      const guild = guildOf(interaction);
      const [first = ""] = values;
      if (act === "go" || act === "choose") return await panel(context, interaction, viewOf(first));
      if (act === "part") return await panel(context, interaction, viewOf(`${ids[0]}#${ids[1]}`));
      if (act === "except") return await panel(context, interaction, { at: `exceptions.${first}` });
      const deed = act === "pick" ? await pickOf(context, guild, ids, values) : deedOf(act, ids, values);
      if (deed === undefined) throw Refused.by("change.unknown");
      return await done(interaction, context, deed);
    });
  },
};

function deedOf(act: string, [version = "", path = "", argument = ""]: readonly string[], values: readonly string[]): Deed | undefined {
  if (act === "set") return setting({ version, path, text: values[0] ?? argument });
  if (act === "forget") return forgetting(version, path);
  return undefined;
}

/** In the place of those that the picker showed. What it could not show stays. */
async function pickOf(
  context: BotContext,
  guild: string,
  [version = "", path = "", argument = ""]: readonly string[],
  values: readonly string[],
): Promise<Deed | undefined> {
  const { settings } = await context.store.settings(guild);
  const facts = settingFacts(settings, path);
  const part = Number(argument);
  if (facts?.picks === undefined) return undefined;
  const { items } = pageOf(idsAt(settings, path), part, MOST_PICKED);
  const shown = facts.isList ? await pickable(context, { guild, picks: facts.picks }, items) : items;
  return picked({ version, path, part, ids: [...values, ...items.filter((id) => !shown.includes(id) && !values.includes(id))] });
}
