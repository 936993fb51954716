import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type GuildTextBasedChannel,
  inlineCode,
  PermissionFlagsBits,
} from "discord.js";
import type { GuildSettings } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { once } from "../reply/live-reply.ts";
import { quoted } from "../reply/text.ts";

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

/**
 * The channel in which moderators are told of findings, if there is one. Where one was set and cannot be used any more, those who can change that are
 * told once, until it can be used again.
 */
export async function openLogChannel(context: BotContext, server: Server): Promise<GuildTextBasedChannel | undefined> {
  const { client, lostLogs } = context;
  const found = await logChannelOf(context, server);
  if ("channel" in found) {
    lostLogs.delete(server.guild);
    return found.channel;
  }
  if (server.settings.moderation.logChannel === undefined || lostLogs.has(server.guild)) return undefined;
  lostLogs.add(server.guild);
  const name = quoted(client.guilds.cache.get(server.guild)?.name ?? server.guild);
  const line = `Nobody is shown any more what I find in ${name}, but in ${inlineCode("/moderate queue")}: ${found.problem}.`;
  await tellServer(context, server, `${line} ${inlineCode("/settings")} sets another one.`);
  return undefined;
}

type Buttons = APIActionRowComponent<APIButtonComponent>;

/** Tells those who can change something: in the log channel, with buttons, else the server's owner in private. Never rejects. */
export async function tellServer(context: BotContext, server: Server, text: string, buttons: readonly Buttons[] = []): Promise<void> {
  const { client, outbound, log } = context;
  const told = { content: outbound.own(text), allowedMentions: { parse: [] }, ...once("told", server.guild, text) };
  try {
    const found = await logChannelOf(context, server);
    if ("channel" in found) await found.channel.send({ ...told, components: outbound.own([...buttons]) });
    else await (await (await client.guilds.fetch(server.guild)).fetchOwner()).send(told);
  } catch (error) {
    log.warn({ err: error, guild: server.guild }, "nobody could be told");
  }
}
