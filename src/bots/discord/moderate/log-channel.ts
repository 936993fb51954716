import { type GuildTextBasedChannel, PermissionFlagsBits } from "discord.js";
import type { GuildSettings } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { once } from "../reply/live-reply.ts";

const POSTS_CARDS = [
  ["View Channel", PermissionFlagsBits.ViewChannel],
  ["Send Messages", PermissionFlagsBits.SendMessages],
  ["Embed Links", PermissionFlagsBits.EmbedLinks],
  ["Attach Files", PermissionFlagsBits.AttachFiles],
] as const;

interface Server {
  readonly guild: string;
  readonly settings: GuildSettings;
}

/** The channel in which moderators are told of findings, or why there is none, for people. */
export async function logChannelOf(
  { client }: Pick<BotContext, "client">,
  { guild, settings }: Server,
): Promise<{ readonly channel: GuildTextBasedChannel } | { readonly problem: string }> {
  const { logChannel } = settings.moderation;
  if (logChannel === undefined) return { problem: "no log channel is set: `moderation.logChannel`" };
  const channel = await client.channels.fetch(logChannel).catch(() => null);
  // A channel of another guild is none of ours.
  if (channel === null || channel.isDMBased() || channel.guildId !== guild || !channel.isSendable())
    return { problem: "the log channel is not there, or I cannot see it: `moderation.logChannel`" };
  const { me } = channel.guild.members;
  const lacking = POSTS_CARDS.filter(([, permission]) => me === null || !channel.permissionsFor(me).has(permission));
  if (lacking.length === 0) return { channel };
  return { problem: `in the log channel I lack ${lacking.map(([name]) => name).join(", ")}` };
}

/** Tells those who can change something: in the log channel, else the server's owner in private. Never rejects. */
export async function tellServer(context: BotContext, server: Server, text: string): Promise<void> {
  const { client, outbound, log } = context;
  const told = { content: outbound.own(text), allowedMentions: { parse: [] }, ...once("told", server.guild, text) };
  try {
    const found = await logChannelOf(context, server);
    if ("channel" in found) await found.channel.send(told);
    else await (await (await client.guilds.fetch(server.guild)).fetchOwner()).send(told);
  } catch (error) {
    log.warn({ err: error, guild: server.guild }, "nobody could be told");
  }
}
