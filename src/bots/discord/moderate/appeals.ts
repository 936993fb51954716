import { type ButtonInteraction, ComponentType, type ModalSubmitInteraction, TextInputStyle } from "discord.js";
import { answerPrivately, type Component, Refused } from "../commands/command.ts";
import type { Parts } from "../parts.ts";
import { APPEAL, reviewCard } from "./card.ts";
import { tellModerators } from "./reviews.ts";

const REASON = "reason";
const LONGEST_REASON = 500;

/** The affected person's button: asks for their words. */
export const appealButtonPressed: Component<ButtonInteraction> = {
  prefix: APPEAL,
  async run(interaction, { door }, [guild = "", id = ""]) {
    checkIds(guild, id);
    const input = {
      type: ComponentType.TextInput,
      custom_id: REASON,
      style: TextInputStyle.Paragraph,
      max_length: LONGEST_REASON,
    } as const;
    const label = { type: ComponentType.Label, label: "Why was your message fine?", component: { ...input, required: true } } as const;
    await interaction.showModal(door.own({ custom_id: `${APPEAL}:${guild}:${id}`, title: "Appeal", components: [label] }));
  },
};

/** Their words, for the moderators. The store takes one appeal for each review, of its author alone. */
export const appealSubmitted: Component<ModalSubmitInteraction> = {
  prefix: APPEAL,
  async run(interaction, parts, [guild = "", id = ""]) {
    await answerPrivately(interaction, parts, async () => {
      checkIds(guild, id);
      return await appeal(parts, {
        guild,
        id: Number(id),
        author: interaction.user.id,
        text: interaction.fields.getTextInputValue(REASON),
      });
    });
  },
};

async function appeal(parts: Parts, words: Parameters<Parts["store"]["appeal"]>[0]): Promise<string> {
  const { store, options } = parts;
  const { settings } = await store.settings(words.guild);
  if (!settings.moderation.appeals) throw new Refused("This server takes no appeals.");
  const review = await store.appeal(words);
  if (review === undefined) throw new Refused("You have appealed already, or there is nothing of yours to appeal against.");
  await store.addAudit({
    guild: words.guild,
    actor: words.author,
    event: "review.appealed",
    detail: `review ${words.id}`,
    at: options.clock(),
  });
  await tellModerators(parts, { guild: words.guild, settings, embed: reviewCard(review), review });
  return "The moderators will look at it again. I tell you what they decide.";
}

function checkIds(guild: string, id: string): void {
  if (!/^\d{17,20}$/.test(guild) || !/^\d{1,15}$/.test(id)) throw new Refused("I do not know what this is about.");
}
