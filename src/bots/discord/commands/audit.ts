import {
  type APIApplicationCommandSubcommandOption,
  type APIEmbed,
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
  escapeMarkdown,
  userMention,
} from "discord.js";
import type { AuditRecord, ReviewRecord } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { eventInWords, momentOf, reviewOfDetail, wholeText } from "../moderate/evidence.ts";
import { checkManages, guildOf, type PrivateAnswer } from "./command.ts";

const MODERATOR = "moderator";
const PERSON = "person";
const EXPORT = "export";

/** `/moderate audit`. */
export const auditSubcommand: APIApplicationCommandSubcommandOption = {
  type: ApplicationCommandOptionType.Subcommand,
  name: "audit",
  description: "Who did what, and when, the newest first",
  options: [
    { type: ApplicationCommandOptionType.User, name: MODERATOR, description: "Only what this person did" },
    { type: ApplicationCommandOptionType.User, name: PERSON, description: "Only what was done about messages of this person" },
    { type: ApplicationCommandOptionType.Boolean, name: EXPORT, description: "As a file with whole texts; for who may manage the server" },
  ],
};

/** Records that are looked through. */
const MOST = 1000;

/** Discord's limit for one card is a little more. */
const LONGEST = 4000;

interface Entry {
  readonly record: AuditRecord;
  /** What it is about, as long as it is kept. */
  readonly review: ReviewRecord | undefined;
}

/** What a guild's audit says, to those who moderate; whole texts are for those who may manage it, and that they took them is recorded. */
export async function audit(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  const { store, options } = context;
  const guild = guildOf(interaction);
  const isExport = interaction.options.getBoolean(EXPORT) ?? false;
  if (isExport) checkManages(interaction);
  const moderator = interaction.options.getUser(MODERATOR)?.id;
  const person = interaction.options.getUser(PERSON)?.id;
  const records = await store.audit(guild, MOST);
  const entries: Entry[] = [];
  const known = new Map<number, ReviewRecord | undefined>();
  for (const record of records) {
    if (moderator !== undefined && record.actor !== moderator) continue;
    const id = reviewOfDetail(record.detail);
    if (id !== undefined && !known.has(id)) known.set(id, await store.review(guild, id));
    const review = id === undefined ? undefined : known.get(id);
    if (person === undefined || review?.author === person) entries.push({ record, review });
  }
  if (entries.length === 0) return { content: "The audit says nothing of that." };
  const more = records.length === MOST ? ` Older than the newest ${MOST} is not looked at.` : "";
  if (!isExport) return { embeds: [auditCard(entries)], ...(more === "" ? {} : { content: more.trim() }) };
  await store.addAudit({
    guild,
    actor: interaction.user.id,
    event: "audit.exported",
    detail: `${entries.length} entries`,
    at: options.clock(),
  });
  const lines = entries.map(exportedLine);
  return {
    content: `${entries.length} ${entries.length === 1 ? "entry" : "entries"}.${more}`,
    files: [{ name: "audit.jsonl", content: Buffer.from(`${lines.join("\n")}\n`) }],
  };
}

function auditCard(entries: readonly Entry[]): APIEmbed {
  const lines: string[] = [];
  for (const entry of entries) {
    const line = lineOf(entry);
    if ([...lines, line].join("\n").length > LONGEST) break;
    lines.push(line);
  }
  const shown = lines.length === entries.length ? "" : `The newest ${lines.length} of ${entries.length}`;
  return { title: "Audit", description: lines.join("\n"), ...(shown === "" ? {} : { footer: { text: shown } }) };
}

function lineOf({ record: { actor, event, detail, at }, review }: Entry): string {
  const about = review === undefined ? "" : `, a message of ${userMention(review.author)}`;
  return `${momentOf(at)}: ${actor === undefined ? "I" : userMention(actor)} ${eventInWords(event)} (${escapeMarkdown(detail)}${about})`;
}

function exportedLine({ record: { actor, event, detail, at }, review }: Entry): string {
  const about = review && { review: review.id, author: review.author, channel: review.channel, text: wholeText(review) };
  return JSON.stringify({ at: new Date(at).toISOString(), actor: actor ?? null, event, detail, ...about });
}
