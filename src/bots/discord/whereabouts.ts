import type { ChatInputCommandInteraction, GuildMember, Message } from "discord.js";
import { type GuildSettings, hasUsualLimit, settingsFor } from "../guard/index.ts";

type Place = Pick<Message, "channel" | "channelId">;

/** The settings that hold where a message stands, for its author. @param member whom discord.js may have forgotten @default as it remembers them */
export function settingsOfMessage(
  settings: GuildSettings,
  message: Place & Pick<Message, "member">,
  member: GuildMember | null = message.member,
): GuildSettings {
  return settingsFor(settings, whereaboutsOf(message, member));
}

/** Whether no exception says how far a message may go by this rule where this one stands, or its author's. */
export function isUnderUsualLimit(settings: GuildSettings, message: Message, member: GuildMember | null, rule: string): boolean {
  return hasUsualLimit(settings, whereaboutsOf(message, member), rule);
}

function whereaboutsOf(message: Place, member: GuildMember | null) {
  return { channels: placesOf(message), roles: [...(member?.roles.cache.keys() ?? [])] };
}

/** The settings that hold where a command is used, for the person who does so. */
export function settingsOfCommand(settings: GuildSettings, { channel, channelId, member }: ChatInputCommandInteraction): GuildSettings {
  const { roles } = member ?? { roles: [] };
  return settingsFor(settings, {
    channels: placesOf({ channel, channelId }),
    roles: Array.isArray(roles) ? roles : [...roles.cache.keys()],
  });
}

/** The thread, if it is one, its channel, its category. */
function placesOf({ channel, channelId }: { readonly channel: Place["channel"] | null; readonly channelId: string }): readonly string[] {
  if (channel === null || channel.isDMBased()) return [channelId];
  const parent = channel.isThread() ? channel.parent : channel;
  return [channelId, parent?.id, parent?.parentId].filter((id) => id !== undefined && id !== null);
}
