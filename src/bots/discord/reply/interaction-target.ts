import { setTimeout } from "node:timers/promises";
import { type ChatInputCommandInteraction, MessageFlags } from "discord.js";
import { say } from "../../guard/index.ts";
import { LostResponse } from "../errors.ts";
import type { OutboundFilter } from "../outbound-filter.ts";
import { buttonsBelow, type Post, QUIETLY, type ReplyTarget } from "./live-reply.ts";
import { isReadable } from "./question.ts";

/** So often a part is sent that proves not to be there. */
const MOST_TRIES = 3;

/** Before it is looked whether a part is there: what Discord was slow to take is to be there by then. */
const LOOK_AFTER_MS = 1000;

/** An answer to a command that was deferred. */
export function interactionTarget(
  interaction: ChatInputCommandInteraction,
  outbound: OutboundFilter,
  { isPrivate, language }: { readonly isPrivate: boolean; readonly language: string },
): ReplyTarget {
  const flags = isPrivate ? ([MessageFlags.Ephemeral, QUIETLY.flags] as const) : QUIETLY.flags;
  const known: string[] = [];
  /** What became of each part: an answer that is posted again repeats none. */
  const sent = new Map<number, string | undefined>();
  const below = (buttons: Post["buttons"]) => outbound.own(buttonsBelow(interaction.id, { buttons, isOfMessage: false, language }));
  const follow = async ({ content, buttons }: Post) =>
    (await interaction.followUp({ ...QUIETLY, content, components: below(buttons), flags })).id;

  /** Follow-ups have no nonce: one whose response was lost is looked for before it is sent again. `undefined`: it cannot be found out whether it is there. */
  const add = async (post: Post, tries = 1): Promise<string | undefined> => {
    try {
      return await follow(post);
    } catch (error) {
      if (!(error instanceof LostResponse)) throw error;
      await setTimeout(LOOK_AFTER_MS);
      const found = isPrivate ? undefined : await findFollowUp(interaction, { content: post.content, known });
      if (found === undefined) {
        await follow({ content: outbound.own(say(language, "ask.partMissing")), buttons: "nothing" }).catch(() => undefined);
        return undefined;
      }
      if (found.id !== undefined) return found.id;
      if (tries === MOST_TRIES) throw error;
      return await add(post, tries + 1);
    }
  };

  return {
    async put({ content, buttons }) {
      const { id } = await interaction.editReply({ ...QUIETLY, content, components: below(buttons) });
      known[0] = id;
      return id;
    },
    async add(post, index) {
      if (sent.has(index)) return sent.get(index);
      const id = await add(post);
      sent.set(index, id);
      if (id !== undefined) known.push(id);
      return id;
    },
    remove: async () => await interaction.deleteReply(),
  };
}

interface FollowUp {
  readonly content: string;
  /** The messages of this answer that are there, the first of them the response itself. */
  readonly known: readonly string[];
}

/** Where it is, if it is anywhere. `undefined`: we may not look. */
async function findFollowUp(
  { channel, client, id: interaction }: ChatInputCommandInteraction,
  { content, known }: FollowUp,
): Promise<{ readonly id: string | undefined } | undefined> {
  const [first] = known;
  if (first === undefined || channel === null || !isReadable(channel)) return undefined;
  const since = await channel.messages.fetch({ after: first, limit: 100 }).catch(() => undefined);
  const found = since?.find(
    ({ id, author, interactionMetadata, content: said }) =>
      author.id === client.user.id && interactionMetadata?.id === interaction && said === content.trim() && !known.includes(id),
  );
  return since && { id: found?.id };
}
