/** What people do by hand about messages that were found, and about those who wrote them. */
import { AuditLogEvent, type Guild, type GuildAuditLogsEntry } from "discord.js";
import type { SanctionRecord } from "../../guard/index.ts";
import { type BotContext, isServed } from "../bot-context.ts";
import { auditDetail } from "./evidence.ts";
import { updateCards } from "./follow-cards.ts";

/** Of one person, whose cards tell it: the newest. */
const MOST_REVIEWS = 20;

/** Notes what the server's audit log tells of somebody of whom there is a review; of nobody else anything is kept. */
export async function noteByHand(context: BotContext, entry: GuildAuditLogsEntry, { id: guild }: Guild): Promise<void> {
  const { store, client, options } = context;
  const { targetId: person, executorId: actor, createdTimestamp: at } = entry;
  const kind = kindOf(entry);
  // What the bot does itself it notes where it does that.
  if (kind === undefined || person === null || actor === client.user.id || !isServed(options, guild)) return;
  const reviews = await store.reviewsOf(guild, person, MOST_REVIEWS);
  if (reviews.length === 0) return;
  const isNew = await store.addSanction({ guild, person, kind, actor: actor ?? undefined, review: undefined, entry: entry.id, at });
  if (isNew) for (const review of reviews) await updateCards(context, review);
}

function kindOf({ action, changes }: GuildAuditLogsEntry): SanctionRecord["kind"] | undefined {
  switch (action) {
    case AuditLogEvent.MessageDelete:
      return "deleted";
    case AuditLogEvent.MemberKick:
      return "kicked";
    case AuditLogEvent.MemberBanAdd:
      return "banned";
    case AuditLogEvent.MemberBanRemove:
      return "unbanned";
    case AuditLogEvent.MemberUpdate: {
      const change = changes.find(({ key }) => key === "communication_disabled_until");
      if (change === undefined) return undefined;
      return change.new === undefined ? "timeout-ended" : "timed-out";
    }
    default:
      return undefined;
  }
}

/** Notes of messages that were found that they are gone: Discord does not say which one a moderator took away. */
export async function noteGone(context: BotContext, guild: string | null, messages: readonly string[]): Promise<void> {
  const { store, options, removed } = context;
  if (guild === null || !isServed(options, guild)) return;
  for (const message of messages) {
    if (removed.has(message)) continue;
    for (const review of await store.reviewsOfMessage(guild, message)) {
      const detail = auditDetail(review.id);
      await store.addAudit({ guild, actor: undefined, event: "message.gone", detail, at: options.clock() });
      await updateCards(context, review);
    }
  }
}
