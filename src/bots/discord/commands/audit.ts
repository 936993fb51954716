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
import { guildOf, mayManage, type PrivateAnswer } from "./command.ts";
import { linesFile } from "./lines-file.ts";

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
    { type: ApplicationCommandOptionType.Boolean, name: EXPORT, description: "As a file, with whole texts for who may manage the server" },
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

/** What a guild's audit says, to those who moderate. In a file, whole texts are for those who may manage it; that somebody took it is recorded. */
export async function audit(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  const { store, options } = context;
  const guild = guildOf(interaction);
  const isExport = interaction.options.getBoolean(EXPORT) ?? false;
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
  const older = records.length === MOST ? `Older than the newest ${MOST} is not looked at.` : "";
  if (entries.length === 0) return { content: `The audit says nothing of that. ${older}`.trim() };
  if (!isExport) return { embeds: [auditCard(entries)], ...(older === "" ? {} : { content: older }) };
  const isWhole = mayManage(interaction);
  const { file, count, left } = linesFile(
    "audit.jsonl",
    entries.map((entry) => exported(entry, isWhole)),
  );
  const number = count === 1 ? "1 entry" : `${count} entries`;
  await store.addAudit({
    guild,
    actor: interaction.user.id,
    event: "audit.exported",
    detail: isWhole ? `${number}, with whole texts` : number,
    at: options.clock(),
  });
  const words = [`${number}.`, isWhole ? "" : "Whole texts are for who may manage the server.", left, older];
  return { content: words.filter((part) => part !== "").join(" "), files: [file] };
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

/** Texts of people, the message and what its author says to it, as far as they are kept. */
function exported({ record: { actor, event, detail, at }, review }: Entry, isWhole: boolean): object {
  const record = { at: new Date(at).toISOString(), actor: actor ?? null, event, detail };
  if (review === undefined) return record;
  const { id, author, channel, message, appeal } = review;
  return { ...record, review: id, author, channel, message, ...(isWhole ? { text: wholeText(review), appeal } : {}) };
}
