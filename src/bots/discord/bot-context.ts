import type { Client } from "discord.js";
import type { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import type { GuildSettings, Inference, Respond, Store } from "../guard/index.ts";
import type { Metrics } from "./metrics.ts";
import type { Incidents } from "./moderate/incidents.ts";
import type { Looks } from "./moderate/looks.ts";
import type { Pace } from "./moderate/pace.ts";
import type { Raids } from "./moderate/raids.ts";
import type { OutboundFilter } from "./outbound-filter.ts";
import type { CommandQuestions } from "./reply/command-questions.ts";
import type { Drafts, InOrder, Typing } from "./reply/drafts.ts";
import type { Notices } from "./reply/notices.ts";
import type { Proposals } from "./settings/proposals.ts";

/** What the parts of the bot share. */
export interface BotContext {
  readonly client: Client<true>;
  readonly inference: Inference;
  readonly respond: Respond;
  readonly store: Store;
  readonly outbound: OutboundFilter;
  readonly drafts: Drafts;
  readonly asked: CommandQuestions;
  readonly looks: Looks;
  readonly pace: Pace;
  readonly raids: Raids;
  /** Guilds that were told that their log channel cannot be used any more. */
  readonly lostLogs: Set<string>;
  readonly incidents: Incidents;
  /** Messages that the bot itself takes away, by their ids. */
  readonly removed: LRUCache<string, true>;
  /** What cards of several messages have in their files, as a hash, by the cards' ids: what is there already is not sent again. */
  readonly cardFiles: LRUCache<string, string>;
  /** Answers are written at once, and posted in the order in which they were asked for, in each channel. */
  readonly order: InOrder;
  /** What is done about a message, and decided about it, comes one after the other. */
  readonly deeds: InOrder;
  readonly typing: Typing;
  readonly notices: Notices;
  /** Settings that wait to be confirmed. */
  readonly proposals: Proposals;
  readonly metrics: Metrics;
  /** How far each guild's judge is that learns at this moment. Range [0, 1]. */
  readonly learning: Map<string, number>;
  readonly log: Logger;
  /** Aborted when there is no time left for what is being judged. */
  readonly over: AbortSignal;
  readonly options: BotOptions;
}

/** What the configuration decides, for all guilds. */
export interface BotOptions {
  /** Whether it answers in private. */
  readonly dms: boolean;
  /** Whether it has the Message Content intent, without which nothing is judged by itself. */
  readonly messageContent: boolean;
  /** The guilds in which it works. `undefined`: all. */
  readonly guilds?: readonly string[] | undefined;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** A monotonic clock, in milliseconds. */
  readonly now: () => number;
}

const PRIVATE = "dm:";

/** Whose settings count in a private conversation, and with whom it is not mixed. */
export function privateGuild(user: string): string {
  return `${PRIVATE}${user}`;
}

export function isPrivateGuild(guild: string): boolean {
  return guild.startsWith(PRIVATE);
}

/** Whether a server's messages are judged without being asked for. */
export function judgesByItself({ messageContent }: BotOptions, { moderation }: GuildSettings): boolean {
  return moderation.automatic && messageContent;
}

export function isServed({ guilds }: BotOptions, guild: string): boolean {
  return guilds === undefined || guilds.includes(guild);
}
