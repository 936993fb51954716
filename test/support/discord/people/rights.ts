import { type APIApplicationCommand, PermissionFlagsBits } from "discord-api-types/v10";
import type { Channel } from "../world/channel.ts";
import type { Message } from "../world/message.ts";
import type { User } from "../world/user.ts";

/** With a subscription, people may write twice as much as bots. */
const LONGEST_TEXT = 4000;

const { Administrator, ManageMessages, SendMessages, SendMessagesInThreads, UseApplicationCommands, ViewChannel } = PermissionFlagsBits;

export function checkMayWrite(user: User, channel: Channel, content: string): void {
  if (content.length > LONGEST_TEXT) throw new Error(`Expected at most ${LONGEST_TEXT} characters of ${user.name}, got ${content.length}`);
  demand(user, channel, { permission: channel.isThread ? SendMessagesInThreads : SendMessages, to: "write" });
}

/** Their own messages, and with a permission those of others. */
export function checkMayDelete(user: User, { author, channel }: Message): void {
  if (author !== user) demand(user, channel, { permission: ManageMessages, to: `delete what ${author.name} wrote` });
}

/** What only one person sees, only they can click on. */
export function checkSees(user: User, message: Message): void {
  demand(user, message.channel, { permission: ViewChannel, to: "read" });
  const { isEphemeral, interaction } = message;
  if (isEphemeral && interaction?.user !== user) throw new Error(`Expected somebody who can see it to click on it, got ${user.name}`);
  if (message.isDeleted) throw new Error(`Expected a message that is still there, got one that was deleted: ${message.content}`);
}

/** Discord shows a command only to those who may use it, unless the guild has opened it to others. */
export function checkMayUse(user: User, channel: Channel, command: APIApplicationCommand): void {
  demand(user, channel, { permission: UseApplicationCommands, to: "use commands" });
  if (channel.guild?.hasOpenCommands) return;
  demand(user, channel, { permission: BigInt(command.default_member_permissions ?? 0), to: `use "${command.name}"` });
}

interface Demand {
  readonly permission: bigint;
  /** What for, in words. */
  readonly to: string;
}

function demand(user: User, channel: Channel, { permission, to }: Demand): void {
  if (channel.guild === undefined) {
    if (channel.recipient !== user) throw new Error(`Expected ${user.name} to ${to} in a private conversation of their own`);
    return;
  }
  const permissions = channel.permissionsOf(user) ?? 0n;
  if ((permissions & permission) === permission || (permissions & Administrator) !== 0n) return;
  throw new Error(`Expected ${user.name} to be allowed to ${to} in ${channel.name}`);
}
