import {
  type APIActionRowComponent,
  type APIButtonComponent,
  ButtonStyle,
  type ChatInputCommandInteraction,
  ComponentType,
  type Message,
  MessageFlags,
} from "discord.js";
import type { Door } from "../door.ts";
import { once } from "../once.ts";

/** A message of ours. Its text was let through the door. */
export interface Post {
  readonly content: string;
  /** Whether people may stop the answer by a button. */
  readonly canBeStopped: boolean;
}

/** Where an answer goes. Requests are made one after another. */
export interface Site {
  /** Posts, or changes what was posted first. Gives the message's id. */
  put(post: Post): Promise<string>;
  /** Posts one message more, the `index`th from 1. Gives its id. */
  add(content: string, index: number): Promise<string>;
  /** Takes away what was posted, if anything. */
  remove(): Promise<void>;
}

/** Nobody is ever pinged, whatever a text says. */
const NO_PINGS = { parse: [], repliedUser: false } as const;

/** An answer in reply to a message. */
export function messageSite(source: Message, door: Door): Site {
  let posted: Message | undefined;
  return {
    async put({ content, canBeStopped }) {
      const components = door.own(stopButton(source.id, canBeStopped));
      const payload = { content, components, allowedMentions: NO_PINGS, flags: MessageFlags.SuppressEmbeds } as const;
      if (posted === undefined) {
        // A question that is gone by now gets no answer: the reply fails.
        posted = await source.reply({ ...payload, failIfNotExists: true, ...once("answer", source.id, 0) });
      } else posted = await posted.edit(payload);
      return posted.id;
    },
    async add(content, index) {
      if (!source.channel.isSendable()) throw new TypeError("Expected a channel in which one can write");
      const { id } = await source.channel.send({
        content,
        allowedMentions: NO_PINGS,
        flags: MessageFlags.SuppressEmbeds,
        ...once("answer", source.id, index),
      });
      return id;
    },
    async remove() {
      const gone = posted;
      posted = undefined;
      await gone?.delete();
    },
  };
}

/** An answer to a command that was deferred. */
export function interactionSite(
  interaction: ChatInputCommandInteraction,
  door: Door,
  { isPrivate }: { readonly isPrivate: boolean },
): Site {
  const flags = isPrivate ? ([MessageFlags.Ephemeral, MessageFlags.SuppressEmbeds] as const) : ([MessageFlags.SuppressEmbeds] as const);
  return {
    async put({ content, canBeStopped }) {
      const components = door.own(stopButton(interaction.id, canBeStopped));
      const { id } = await interaction.editReply({ content, components, allowedMentions: NO_PINGS, flags: MessageFlags.SuppressEmbeds });
      return id;
    },
    async add(content) {
      const { id } = await interaction.followUp({ content, allowedMentions: NO_PINGS, flags });
      return id;
    },
    async remove() {
      await interaction.deleteReply();
    },
  };
}

/** The custom id of the button that stops the answer to this message or interaction. */
export const STOP = "stop";

function stopButton(source: string, canBeStopped: boolean): APIActionRowComponent<APIButtonComponent>[] {
  if (!canBeStopped) return [];
  const button = { type: ComponentType.Button, style: ButtonStyle.Secondary, label: "Stop", custom_id: `${STOP}:${source}` } as const;
  return [{ type: ComponentType.ActionRow, components: [button] }];
}
