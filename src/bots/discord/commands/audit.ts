import {
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  type ButtonInteraction,
  ButtonStyle,
  type ChatInputCommandInteraction,
  ComponentType,
  escapeMarkdown,
  userMention,
} from "discord.js";
import { LRUCache } from "lru-cache";
import {
  type AuditEntry,
  type AuditRecord,
  type AuditWanted,
  oneOrMany,
  type ReviewRecord,
  type Store,
  say,
  saying,
  together,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { eventWords, momentOf, reviewOfDetail, wholeText } from "../moderate/evidence.ts";
import { answerInPlace, type Component, checkModerates, guildOf, mayManage, type PrivateAnswer } from "./command.ts";
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

/** Entries that one card may show; more are never read for it. */
const MOST = 60;

/** Entries that are read at once for a file. */
const PAGE = 500;

/** Reviews that are remembered while a file is made: entries about one stand close together. */
const REMEMBERED = 50;

/** Discord's limit for one card is a little more. */
const LONGEST = 4000;

interface Entry {
  readonly record: AuditRecord;
  /** What it is about, as long as it is kept. */
  readonly review: ReviewRecord | undefined;
}

/** What a guild's audit says, to those who moderate. In a file, whole texts are for those who may manage it; that somebody took it is recorded. */
export async function audit(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  const guild = guildOf(interaction);
  const wanted = { actor: interaction.options.getUser(MODERATOR)?.id, person: interaction.options.getUser(PERSON)?.id };
  if (!interaction.options.getBoolean(EXPORT)) return await pageOf(context, interaction, wanted);
  const { store, options } = context;
  const isWhole = mayManage(interaction);
  const reviews = new LRUCache<string, ReviewRecord>({ max: REMEMBERED });
  const { file, count, left } = await linesFile("audit.jsonl", allOf(store, guild, wanted), async (record) => {
    const review = reviews.get(record.detail) ?? (await reviewOf(store, record));
    if (review !== undefined) reviews.set(record.detail, review);
    return exported({ record, review }, isWhole);
  });
  if (count === 0) return { content: say(interaction.locale, "audit.nothing") };
  const number = count === 1 ? "1 entry" : `${count} entries`;
  await store.addAudit({
    guild,
    actor: interaction.user.id,
    event: "audit.exported",
    detail: isWhole ? `${number}, with whole texts` : number,
    at: options.clock(),
  });
  const words = [saying(`audit.count.${oneOrMany(count)}`, { count }), ...(isWhole ? [] : [saying("audit.whole")]), ...left];
  return { content: together(words, " ")(interaction.locale), files: [file] };
}

async function* allOf(store: Store, guild: string, wanted: AuditWanted): AsyncGenerator<AuditEntry> {
  let before: AuditEntry | undefined;
  do {
    const page: readonly AuditEntry[] = await store.audit(guild, PAGE, { ...wanted, before });
    yield* page;
    before = page.length < PAGE ? undefined : page.at(-1);
  } while (before !== undefined);
}

async function reviewOf(store: Store, { guild, detail }: AuditRecord): Promise<ReviewRecord | undefined> {
  const id = reviewOfDetail(detail);
  return id === undefined ? undefined : await store.review(guild, id);
}

const AUDIT = "audit";

/** A page of it, with the way to the next one. */
async function pageOf(
  { store }: BotContext,
  interaction: ChatInputCommandInteraction | ButtonInteraction,
  wanted: AuditWanted,
): Promise<PrivateAnswer> {
  const { locale } = interaction;
  const entries = await store.audit(guildOf(interaction), MOST + 1, wanted);
  const lines: string[] = [];
  for (const record of entries.slice(0, MOST)) {
    const line = lineOf(locale, { record, review: await reviewOf(store, record) });
    if ([...lines, line].join("\n").length > LONGEST) break;
    lines.push(line);
  }
  const last = entries[lines.length - 1];
  if (last === undefined) return { content: say(locale, "audit.nothing") };
  const to = (label: string, place: string) =>
    ({
      type: ComponentType.Button,
      style: ButtonStyle.Secondary,
      label,
      custom_id: [AUDIT, place, wanted.actor ?? "", wanted.person ?? ""].join(":"),
    }) as const;
  const ways = [
    ...(wanted.before === undefined ? [] : [to(say(locale, "audit.newest.button"), "")]),
    ...(lines.length < entries.length ? [to(say(locale, "audit.older.button"), `${last.at}.${last.number}`)] : []),
  ];
  return {
    embeds: [{ title: say(locale, "audit.title"), description: lines.join("\n") }],
    components: ways.length === 0 ? [] : [{ type: ComponentType.ActionRow, components: ways }],
  };
}

/** Turns its pages. */
export const auditButton: Component<ButtonInteraction> = {
  prefix: AUDIT,
  async run(interaction, context, [place = "", actor = "", person = ""]) {
    await answerInPlace(interaction, context, async () => {
      checkModerates(interaction);
      const [, at, number] = /^(\d{1,15})\.(\d{1,15})$/.exec(place) ?? [];
      const before = at === undefined ? undefined : { at: Number(at), number: Number(number) };
      const idOf = (text: string) => (text === "" ? undefined : text);
      return await pageOf(context, interaction, { actor: idOf(actor), person: idOf(person), before });
    });
  },
};

function lineOf(language: string, { record: { actor, event, detail: kept, at }, review }: Entry): string {
  const id = reviewOfDetail(kept);
  const detail = id === undefined ? escapeMarkdown(kept) : say(language, "audit.review", { id });
  const about = review === undefined ? detail : say(language, "audit.messageOf", { detail, author: userMention(review.author) });
  return `${momentOf(at)}: ${eventWords(actor, event)(language)} (${about})`;
}

/** Texts of people, the message and what its author says to it, as far as they are kept. */
function exported({ record: { actor, event, detail, at }, review }: Entry, isWhole: boolean): object {
  const record = { at: new Date(at).toISOString(), actor: actor ?? null, event, detail };
  if (review === undefined) return record;
  const { id, author, channel, message, appeal } = review;
  return { ...record, review: id, author, channel, message, ...(isWhole ? { text: wholeText(review), appeal } : {}) };
}
