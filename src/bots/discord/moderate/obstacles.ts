/** What a moderator does about a person by a card: never more than they, and the bot, could do by hand. */
import { DiscordAPIError, type Guild, type GuildMember, PermissionFlagsBits, RESTJSONErrorCodes } from "discord.js";
import { type GuildSettings, type ReviewRecord, saying, settingsFor, type Words } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { isIgnored } from "./ignored.ts";
import { reasonOf } from "./reviews.ts";
import { channelOf } from "./standing.ts";

/** From the least to the most. */
export const ACTS = ["delete", "warn", "timeout", "ban"] as const;
export type Act = (typeof ACTS)[number];

/** For a warning Discord has no permission: it takes what a time-out takes. */
const NEEDED = {
  warn: ["Moderate Members", PermissionFlagsBits.ModerateMembers],
  timeout: ["Moderate Members", PermissionFlagsBits.ModerateMembers],
  ban: ["Ban Members", PermissionFlagsBits.BanMembers],
} as const;

/** Somebody who presses a button, somebody whom it is about, and where. */
export interface Encounter {
  readonly guild: Guild;
  readonly moderator: GuildMember;
  readonly person: string;
  /** `null`: they have left. */
  readonly member: GuildMember | null;
  /** As they are decided for the whole server. */
  readonly settings: GuildSettings;
}

const UNKNOWN: readonly (number | string)[] = [RESTJSONErrorCodes.UnknownMember, RESTJSONErrorCodes.UnknownUser];

/** Who acts on whom, as they are at this moment. @throws where Discord does not say */
export async function encounters(
  where: Pick<Encounter, "guild" | "moderator" | "settings">,
  people: readonly string[],
): Promise<readonly Encounter[]> {
  const members = await membersOf(where.guild, people);
  return people.map((person) => ({ ...where, person, member: members.get(person) ?? null }));
}

/** Discord's limit for what the gateway is asked at once. */
const MOST_AT_ONCE = 100;

async function membersOf(guild: Guild, people: readonly string[]): Promise<ReadonlyMap<string, GuildMember>> {
  const [first, ...others] = people;
  if (first === undefined) return new Map();
  if (others.length > 0) {
    // By one request, and not by one for each.
    const found = await guild.members.fetch({ user: people.slice(0, MOST_AT_ONCE) });
    return new Map([...found, ...(await membersOf(guild, people.slice(MOST_AT_ONCE)))]);
  }
  try {
    return new Map([[first, await guild.members.fetch({ user: first, force: true })]]);
  } catch (error) {
    // A webhook is nobody.
    if (!(error instanceof DiscordAPIError) || !UNKNOWN.includes(error.code)) throw error;
    return new Map();
  }
}

/** Why this cannot be done to this person by this moderator, for people. `undefined`: it can. */
export function obstacleTo(act: Act, meeting: Encounter): Words | undefined {
  const { moderator, person, guild } = meeting;
  if (moderator.isCommunicationDisabled()) return saying("obstacle.timedOut");
  if (person === moderator.id) return saying("obstacle.you");
  if (isSpared(meeting)) return saying("obstacle.spared");
  if (act === "delete") return undefined;
  if (person === guild.client.user.id) return saying("obstacle.me");
  return obstacleToActingOn(act, meeting);
}

/** By the permission, and by whose role is higher. */
function obstacleToActingOn(act: Exclude<Act, "delete">, { guild, moderator, person, member }: Encounter): Words | undefined {
  const [name, needed] = NEEDED[act];
  const { me } = guild.members;
  if (!moderator.permissions.has(needed)) return saying("obstacle.youLack", { permission: name });
  if (act !== "warn" && me?.permissions.has(needed) !== true) return saying("obstacle.iLack", { permission: name });
  if (person === guild.ownerId) return saying("obstacle.owner");
  if (member === null) return act === "ban" ? undefined : saying("obstacle.left");
  const isAbove = (one: GuildMember) => one.id === guild.ownerId || one.roles.highest.comparePositionTo(member.roles.highest) > 0;
  if (!isAbove(moderator)) return saying("obstacle.notBelowYou");
  if (act === "warn") return undefined;
  if (me === null || !isAbove(me)) return saying("obstacle.notBelowMe");
  // So Discord has it.
  return act === "timeout" && member.permissions.has(PermissionFlagsBits.Administrator) ? saying("obstacle.administrator") : undefined;
}

/** Whose messages a server does not have judged is not acted on either. */
function isSpared({ guild, member, person, settings }: Encounter): boolean {
  if (settings.moderation.ignore.users.includes(person) || isIgnored({ author: { id: person }, guild }, member, settings)) return true;
  const roles = [...(member?.roles.cache.keys() ?? [])];
  const everywhere = { ...settings, moderation: { ...settings.moderation, automatic: true } };
  return !settingsFor(everywhere, { channels: [], roles }).moderation.automatic;
}

/** Whoever takes a message away has to see it, and to be allowed that where it stands. */
export async function obstacleToDeleting(context: BotContext, review: ReviewRecord, moderator: GuildMember): Promise<Words | undefined> {
  const needed = [PermissionFlagsBits.ViewChannel, PermissionFlagsBits.ManageMessages];
  try {
    const channel = await channelOf(context, review);
    const { me } = channel.guild.members;
    if (!channel.permissionsFor(moderator).has(needed)) return saying("obstacle.youLackThere");
    return me !== null && channel.permissionsFor(me).has(needed) ? undefined : saying("obstacle.iLackThere");
  } catch (error) {
    return reasonOf(error);
  }
}
