import type { GuildMember, Message } from "discord.js";
import type { Heard } from "../../guard/index.ts";
import { hasInvitation } from "../reply/text.ts";

interface Known {
  readonly text: string;
  readonly member: GuildMember | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly saidWithin?: Heard["saidWithin"];
  readonly isInRaid?: boolean;
}

/** A message as filters look at it. */
export function heardOf(message: Message, { text, member, at, saidWithin = () => 1, isInRaid = false }: Known): Heard {
  const joinedAt = member?.joinedTimestamp ?? undefined;
  return {
    text,
    hasInvitation,
    mentions: message.mentions.everyone ? Number.POSITIVE_INFINITY : mentionsIn(message.content),
    saidWithin,
    // A webhook is nobody's account.
    accountAge: message.webhookId === null ? at - message.author.createdTimestamp : undefined,
    memberAge: joinedAt === undefined ? undefined : at - joinedAt,
    isInRaid,
  };
}

/** A text of which no more is known. */
export function heardText(text: string): Heard {
  const mentions = /@(?:everyone|here)\b/.test(text) ? Number.POSITIVE_INFINITY : mentionsIn(text);
  return { text, hasInvitation, mentions, saidWithin: () => 1, accountAge: undefined, memberAge: undefined, isInRaid: false };
}

/** Of one person or role several times is one. */
function mentionsIn(content: string): number {
  return new Set(Array.from(content.matchAll(/<@[!&]?(\d{17,20})>/g), ([, id]) => id)).size;
}
