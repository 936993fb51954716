import { type ButtonInteraction, ComponentType, codeBlock, type ModalSubmitInteraction, TextInputStyle } from "discord.js";
import { normalise, say } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerPrivately, type Component, checkModerates, guildOf, type PrivateAnswer, Refused } from "../commands/command.ts";
import { cut } from "../reply/text.ts";
import { APPEAL, findingLine, isAgainst, REVIEW } from "./card.ts";
import { decide } from "./decide.ts";
import { auditDetail, cutLine, saidBefore, shownText, textFiles, wholeSinceField } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";
import { tellModerators } from "./reviews.ts";

/** Approve, Reject and Explain, under a review's card. */
export const reviewButton: Component<ButtonInteraction> = {
  prefix: REVIEW,
  async run(interaction, context, [act = "", id = "", shown = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const guild = guildOf(interaction);
      if (!/^\d{1,15}$/.test(id)) throw Refused.by("review.unknown");
      if (act === "explain") return await explain(context, interaction.locale, { guild, id: Number(id) });
      if (act !== "approve" && act !== "reject") throw Refused.by("review.unknown");
      const last = /^\d{1,15}$/.test(shown) ? Number(shown) : undefined;
      return await decide(interaction, context, { guild, id: Number(id), last, decision: act === "approve" ? "approved" : "rejected" });
    });
  },
};

async function explain(
  context: BotContext,
  language: string,
  { guild, id }: { readonly guild: string; readonly id: number },
): Promise<PrivateAnswer> {
  const review = await context.store.review(guild, id);
  if (review === undefined) throw Refused.by("review.unknown");
  const { action, shadow } = review;
  const principles = review.findings.filter(isAgainst).map(({ principle }) => principle);
  const lacking = cutLine(review);
  const before = await saidBefore(context, language, review);
  const lines = [
    say(language, "explain.values"),
    ...review.findings.map((finding) => findingLine(language, finding)),
    say(language, shadow ? "explain.below.shadow" : "explain.below", { principles: principles.join(", "), action }),
    say(language, review.text === undefined ? "explain.asKept" : "explain.asWritten"),
    shownText(review),
    ...(lacking === undefined ? [] : [say(language, "sentence", { words: lacking })]),
    say(language, "explain.asJudged"),
    codeBlock(cut((review.judged ?? normalise(review.excerpt)).replaceAll("`", "'"), LONGEST_JUDGED)),
  ];
  const fields = [...before.fields, await wholeSinceField(context, language, review)];
  return { embeds: [{ description: lines.join("\n"), fields }], files: [...textFiles(language, review), ...before.files] };
}

/** Discord's limits are more, also for all of a card together. */
const LONGEST_JUDGED = 1000;

const REASON = "reason";
const LONGEST_REASON = 500;

/** The affected person's button: asks for their words. */
export const appealButtonPressed: Component<ButtonInteraction> = {
  prefix: APPEAL,
  async run(interaction, { outbound }, [guild = "", id = ""]) {
    checkIds(guild, id);
    const input = {
      type: ComponentType.TextInput,
      custom_id: REASON,
      style: TextInputStyle.Paragraph,
      max_length: LONGEST_REASON,
    } as const;
    const label = {
      type: ComponentType.Label,
      label: say(interaction.locale, "appeal.question"),
      component: { ...input, required: true },
    } as const;
    await interaction.showModal(
      outbound.own({ custom_id: `${APPEAL}:${guild}:${id}`, title: say(interaction.locale, "appeal.title"), components: [label] }),
    );
  },
};

/** Their words, for the moderators. The store takes one appeal for each review, of its author alone. */
export const appealSubmitted: Component<ModalSubmitInteraction> = {
  prefix: APPEAL,
  async run(interaction, context, [guild = "", id = ""]) {
    await answerPrivately(interaction, context, async () => {
      checkIds(guild, id);
      await appeal(context, {
        guild,
        id: Number(id),
        author: interaction.user.id,
        text: interaction.fields.getTextInputValue(REASON),
      });
      return say(interaction.locale, "appeal.done");
    });
  },
};

async function appeal(context: BotContext, words: Parameters<BotContext["store"]["appeal"]>[0]): Promise<void> {
  const { store, options } = context;
  const { settings } = await store.settings(words.guild);
  if (!settings.moderation.appeals) throw Refused.by("appeal.none");
  const review = await store.appeal(words);
  if (review === undefined) throw Refused.by("appeal.over");
  await store.addAudit({
    guild: words.guild,
    actor: words.author,
    event: "review.appealed",
    detail: auditDetail(words.id),
    at: options.clock(),
  });
  await updateCards(context, review);
  await tellModerators(context, settings, review);
}

function checkIds(guild: string, id: string): void {
  if (!/^\d{17,20}$/.test(guild) || !/^\d{1,15}$/.test(id)) throw Refused.by("appeal.unknown");
}
