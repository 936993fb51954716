/** Cards in the log channel, and what is decided elsewhere. */
import { type Message, MessageFlags } from "discord.js";
import { hashOf, type ReviewRecord, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { type CardState, followingCard, languageOfCard, reviewButtons } from "./card.ts";
import { BEFORE_FILE, sinceFields, textFiles } from "./evidence.ts";

/**
 * Brings all cards of a review up to date, in the log channel or in one that was it before. Never rejects: one that is gone keeps none from following.
 *
 * @param pressed the card on which it was decided: of an older version's it is not known where they are
 * @param failure what could not be done about a message that belongs to it
 */
export async function updateCards(
  context: BotContext,
  known: ReviewRecord,
  { pressed, failure }: { readonly pressed?: Message | undefined; readonly failure?: Words | undefined } = {},
): Promise<void> {
  const { client, store, log } = context;
  const { guild, id } = known;
  const nothing = (error: unknown) => {
    log.info({ err: error, guild }, "card");
    return [];
  };
  const places = await store.cards(guild, id).catch(nothing);
  if (places.length === 0 && pressed === undefined) return;
  // It may have been decided meanwhile.
  const review = await store.review(guild, id).then(
    (newest) => newest ?? known,
    () => known,
  );
  const all = await store.incident(guild, review.incident ?? id).catch(nothing);
  // What came while somebody decided was not decided with it.
  const incident = all.filter(({ decision }) => (decision === "pending") === (review.decision === "pending"));
  const since = (language: string | undefined) => sinceFields(context, language, review, incident).catch(nothing);
  const change = (message: Message) => update(context, message, review, { incident, failure, since });
  // What only one person sees is not edited from here.
  const isKnown =
    pressed === undefined || pressed.flags.has(MessageFlags.Ephemeral) || places.some(({ message }) => message === pressed.id);
  const others = places.map(async ({ channel, message }) => {
    const found = await client.channels.fetch(channel);
    if (found?.isTextBased()) await change(await found.messages.fetch(message));
  });
  const ends = await Promise.allSettled([...others, ...(isKnown ? [] : [change(pressed)])]);
  for (const end of ends) if (end.status === "rejected") nothing(end.reason);
}

interface Following extends Omit<CardState, "since"> {
  readonly since: (language: string | undefined) => Promise<CardState["since"]>;
}

/** In the language in which it stands there. */
async function update({ outbound, cardFiles }: BotContext, message: Message, review: ReviewRecord, state: Following): Promise<void> {
  const { incident, failure } = state;
  const [shown, ...others] = message.embeds;
  if (shown === undefined || others.length > 0) return;
  const card = shown.toJSON();
  const language = languageOfCard(card);
  const since = await state.since(language);
  const changed = {
    embeds: [followingCard(language, card, review, { incident, failure, since })],
    components: reviewButtons(language, review, incident),
  };
  // As long as one can decide about more than the card shows, a file has all of it.
  const files = incident.length > 1 && review.decision === "pending" ? textFiles(language, review, incident) : [];
  const hash = hashOf(files.map(({ content }) => String(content)).join());
  const isThere = cardFiles.get(message.id) === hash;
  const kept = message.attachments.filter(({ name }) => name.startsWith(BEFORE_FILE));
  await message.edit({
    ...outbound.own(changed),
    allowedMentions: { parse: [] },
    ...(files.length === 0 || isThere
      ? {}
      : { attachments: [...kept.values()], files: files.map(({ name, content }) => outbound.file(name, content)) }),
  });
  if (files.length > 0) cardFiles.set(message.id, hash);
}
