import { type GuildMember, type Message, PermissionFlagsBits } from "discord.js";
import { ACTIONS, type Action, type GuildSettings } from "../../guard/settings.ts";

/** What came of an action. */
export interface Done {
  /** Why it could not be done, or not all of it. */
  readonly problem: string | undefined;
  readonly isRemoved: boolean;
}

interface Wanted {
  readonly action: Action;
  readonly settings: GuildSettings;
  /** For Discord's own audit log. */
  readonly reason: string;
}

/** Does what a rule asks for, as far as the bot's permissions go at this moment. */
export async function act(message: Message<true>, { action, settings, reason }: Wanted): Promise<Done> {
  if (action === "log") return { problem: undefined, isRemoved: false };
  const problems: string[] = [];
  const isRemoved = await remove(message, problems);
  if (action === "timeout") await silence(await authorOf(message), { settings, reason, problems });
  return { problem: problems.length === 0 ? undefined : problems.join("; "), isRemoved };
}

/** Whether an action takes a message away. */
export function removes(action: Action): boolean {
  return ACTIONS.indexOf(action) >= ACTIONS.indexOf("hide");
}

async function remove(message: Message<true>, problems: string[]): Promise<boolean> {
  const { me } = message.guild.members;
  if (me === null || !message.channel.permissionsFor(me).has(PermissionFlagsBits.ManageMessages)) {
    problems.push("Not deleted: I lack the permission Manage Messages here");
    return false;
  }
  try {
    await message.delete();
    return true;
  } catch (error) {
    problems.push(`Not deleted: ${said(error)}`);
    return false;
  }
}

interface Silencing extends Omit<Wanted, "action"> {
  readonly problems: string[];
}

/** `message.member` is whom discord.js happens to remember. `null`: whoever has left. */
export function authorOf(message: Message<true>): Promise<GuildMember | null> {
  return message.guild.members.fetch(message.author).catch(() => null);
}

async function silence(member: GuildMember | null, { settings, reason, problems }: Silencing): Promise<void> {
  if (member === null) problems.push("Not timed out: its author has left");
  else if (!member.moderatable) problems.push("Not timed out: I lack the permission Moderate Members, or its author's role is above mine");
  else {
    try {
      await member.timeout(settings.moderation.timeoutMinutes * 60_000, reason);
    } catch (error) {
      problems.push(`Not timed out: ${said(error)}`);
    }
  }
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
