import { inlineCode, PermissionFlagsBits } from "discord.js";
import { everySettings, filterActions, type GuildSettings } from "../guard/index.ts";
import type { BotContext } from "./bot-context.ts";
import { logChannelOf } from "./moderate/log-channel.ts";

/** Messages that may wait to be judged before the model is said to be too slow. */
const MANY_WAITING = 20;

/** Why a guild's moderation does not do what its settings say, in words for those who can change it. None: all is well. */
export async function problemsOf(context: BotContext, guild: string, settings: GuildSettings): Promise<readonly string[]> {
  const { automatic } = settings.moderation;
  if (!automatic) return [];
  const found = await logChannelOf(context, { guild, settings });
  const waiting = context.looks.count(guild);
  const passedOver = context.looks.passedOver(guild, context.options.clock());
  return [
    context.options.messageContent ? undefined : NO_INTENT,
    "problem" in found ? `Nobody is shown what I find but in ${inlineCode("/moderate queue")}: ${found.problem}.` : undefined,
    ...(await lackingPermissions(context, guild, settings)),
    waiting < MANY_WAITING ? undefined : `${waiting} messages wait to be judged: my model is too slow for the pace of this server.`,
    passedOver === 0 ? undefined : `${passedOver} messages of the last day stayed unjudged: more was written here than I can judge.`,
  ].filter((problem) => problem !== undefined);
}

const NO_INTENT =
  "I judge nothing by myself: whoever runs me has to grant me the Message Content intent, in Discord's developer portal and by `messageContent: true`.";

/** What the rules ask for and the bot may do nowhere in the guild. Of single channels the cards say it. */
async function lackingPermissions({ client }: BotContext, guild: string, settings: GuildSettings): Promise<readonly string[]> {
  const rules = everySettings(settings).flatMap(({ moderation }) => Object.values(moderation.rules));
  const asked = [
    ...rules.flatMap(({ strictness, action }) => (strictness === "off" ? [] : [action])),
    ...everySettings(settings).flatMap((everywhere) => filterActions(everywhere)),
  ];
  const isTaking = asked.some((action) => action !== "log");
  const needed = [
    [isTaking, "Manage Messages", PermissionFlagsBits.ManageMessages],
    [
      asked.includes("timeout") || (isTaking && settings.moderation.strikes.automatic),
      "Moderate Members",
      PermissionFlagsBits.ModerateMembers,
    ],
  ] as const;
  const me = await (await client.guilds.fetch(guild)).members.fetchMe();
  return needed
    .filter(([isNeeded, , permission]) => isNeeded && !me.permissions.has(permission))
    .map(([, name]) => `I lack the permission ${name}, which the rules need.`);
}
