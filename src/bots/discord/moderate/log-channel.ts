import { type APIActionRowComponent, type APIButtonComponent, type GuildTextBasedChannel, PermissionFlagsBits } from "discord.js";
import { type GuildSettings, saying, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { languageOfServer } from "../client.ts";
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
): Promise<{ readonly channel: GuildTextBasedChannel } | { readonly problem: Words }> {
  const { logChannel } = settings.moderation;
  if (logChannel === undefined) return { problem: saying("log.none") };
  const channel = await client.channels.fetch(logChannel).catch(() => null);
  // A channel of another guild is none of ours.
  if (channel === null || channel.isDMBased() || channel.guildId !== guild || !channel.isSendable()) return { problem: saying("log.gone") };
  const { me } = channel.guild.members;
  const lacking = POSTS_CARDS.filter(([, permission]) => me === null || !channel.permissionsFor(me).has(permission));
  if (lacking.length === 0) return { channel };
  return { problem: saying("log.lacking", { permissions: lacking.map(([name]) => name).join(", ") }) };
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
  await tellServer(context, server, saying("log.lost", { server: name, problem: found.problem }));
  return undefined;
}

type Buttons = APIActionRowComponent<APIButtonComponent>;

/** Tells those who can change something, in the server's language: in the log channel, with buttons, else its owner in private. Never rejects. */
export async function tellServer(
  context: BotContext,
  server: Server,
  words: Words,
  buttons?: (language: string | undefined) => Buttons,
): Promise<void> {
  const { client, outbound, log } = context;
  const language = languageOfServer(client, server.guild);
  const text = words(language);
  const told = { content: outbound.own(text), allowedMentions: { parse: [] }, ...once("told", server.guild, text) };
  try {
    const found = await logChannelOf(context, server);
    if ("channel" in found)
      await found.channel.send({ ...told, components: buttons === undefined ? [] : outbound.own([buttons(language)]) });
    else await (await (await client.guilds.fetch(server.guild)).fetchOwner()).send(told);
  } catch (error) {
    log.warn({ err: error, guild: server.guild }, "nobody could be told");
  }
}
