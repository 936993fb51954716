import { type APIEmbed, type ChatInputCommandInteraction, codeBlock, time } from "discord.js";
import { PRESETS } from "../../../core/index.ts";
import {
  type CoursePoint,
  type GuildSettings,
  guildPrinciple,
  oneOrMany,
  principleNames,
  type ReplyRecord,
  say,
  saying,
  type Words,
} from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { answerTo } from "../reply/unanswered.ts";
import { within } from "../within.ts";
import { checkModerates, guildOf, type OwnFile, type PrivateAnswer, Refused } from "./command.ts";
import { type Colour, Drawing, GREEN, GREY, type Pixel, RED, YELLOW } from "./drawing.ts";

/** `/rain why`: how an answer came about. What was discarded is shown only where the guild lets its moderators see it. */
export async function why(interaction: ChatInputCommandInteraction, context: BotContext): Promise<PrivateAnswer> {
  checkModerates(interaction);
  const { store } = context;
  const guild = guildOf(interaction);
  const given = interaction.options.getString("message");
  const reply = given === null ? (await store.lastReplies(guild, interaction.channelId, 1))[0] : await store.reply(guild, messageId(given));
  if (reply === undefined) throw Refused.by(given === null ? "why.noneHere" : "why.noneThere");
  const { locale } = interaction;
  const { settings } = await store.settings(guild);
  const { embed, files } = await accountCard(context, locale, { reply, settings });
  const discarded = settings.explain.showDiscarded ? discardedField(locale, reply) : [];
  const stands = say(locale, "why.stands", { what: await standingWords(context, reply) });
  return { embeds: [{ ...embed, description: `${embed.description}\n${stands}`, fields: discarded }], files };
}

/** How an answer came about, in numbers and a picture: nothing that was written. */
export async function accountCard(
  context: BotContext,
  language: string,
  { reply, settings }: { readonly reply: ReplyRecord; readonly settings: GuildSettings },
): Promise<{ readonly embed: APIEmbed; readonly files: readonly OwnFile[] }> {
  const files =
    reply.course.length === 0 ? [] : [{ name: "values.png", content: sparkline(reply.course, await limitOf(reply, settings, context)) }];
  const picture = files.length === 0 ? {} : { image: { url: "attachment://values.png" }, footer: { text: say(language, "why.legend") } };
  return { embed: { title: titleOf(language, reply), description: accountOf(language, reply), ...picture }, files };
}

/** What people see of an answer at this moment. */
async function standingWords(
  { client }: BotContext,
  { channel: id, guild, source, messages, state }: ReplyRecord,
): Promise<Words | string> {
  const channel = await client.channels.fetch(id).catch(() => null);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild) return saying("why.stands.noChannel");
  const read = (message: string) => channel.messages.fetch({ message, force: true }).catch(() => undefined);
  if (messages.length > 0) {
    const there = (await Promise.all(messages.map(read))).filter((message) => message !== undefined);
    if (there.length === messages.length) return there.map(({ url }) => url).join(" ");
    if (there.length === 0) return saying("why.stands.gone");
    return saying("why.stands.some", { count: there.length, all: messages.length, links: there.map(({ url }) => url).join(" ") });
  }
  if (state === "drafting") return saying("why.stands.drafting");
  const question = await read(source);
  const { standing } = question === undefined ? { standing: undefined } : await answerTo(question);
  return standing === undefined ? saying("why.stands.unknown") : saying("why.stands.unsure", { link: standing.url });
}

/** How long the judge's own threshold is waited for. */
const PATIENCE_MS = 2000;

/** The value from which the beginning of an answer passes, as far as that is known by now. */
async function limitOf(reply: ReplyRecord, settings: GuildSettings, { inference, over }: BotContext): Promise<number> {
  const { preset } = settings.talk;
  const usual = PRESETS[preset].threshold;
  // The guild may have forgotten the principle since.
  if (!principleNames(settings).includes(reply.principle)) return usual;
  const finding = inference.judges({ principles: [guildPrinciple(settings, reply.principle)], preset }, over);
  const known = await within(
    PATIENCE_MS,
    finding.catch(() => undefined),
  );
  return known?.[0]?.beginningThreshold ?? usual;
}

function titleOf(language: string, { state, rewinds: count }: ReplyRecord): string {
  if (state !== "posted" || count === 0) return say(language, `why.${state}`);
  return say(language, `why.posted.${oneOrMany(count)}`, { count });
}

function accountOf(language: string, { principle, value, rewinds, droppedTurns, course, createdAt }: ReplyRecord): string {
  const lowest = Math.min(...course.map((point) => point.value));
  const lines = [
    say(language, "why.principle", { principle }),
    value === undefined ? undefined : say(language, "why.value", { value: value.toFixed(2) }),
    course.length === 0 ? undefined : say(language, "why.verdicts", { count: course.length, lowest: lowest.toFixed(2) }),
    say(language, "why.rewinds", { count: rewinds }),
    droppedTurns === 0 ? undefined : say(language, "why.dropped", { count: droppedTurns }),
    say(language, "why.asked", { time: time(Math.floor(createdAt / 1000), "f") }),
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

/** Discord's limit for one field, less what the block of code takes. */
const LONGEST_FIELD = 1000;

function discardedField(language: string, { discarded }: ReplyRecord): { readonly name: string; readonly value: string }[] {
  if (discarded.length === 0) return [];
  const text = discarded.map((piece) => piece.replaceAll("`", "'")).join("\n---\n");
  return [{ name: say(language, "why.discarded"), value: codeBlock(text.slice(0, LONGEST_FIELD)) }];
}

/** From a link to a message or its bare id. */
function messageId(given: string): string {
  const id = /(\d{17,20})\/?\s*$/.exec(given)?.[1];
  if (id === undefined) throw Refused.by("why.expected");
  return id;
}

const WIDTH = 640;
const HEIGHT = 160;
const MARGIN = 12;

/** The verdicts over an answer, from its first token on the left to its last on the right, as a small PNG. */
function sparkline(course: readonly CoursePoint[], threshold: number): Buffer {
  const drawing = new Drawing({ width: WIDTH, height: HEIGHT });
  drawing.rectangle({ x: MARGIN, y: heightOf(0), width: WIDTH - 2 * MARGIN, height: 1 }, GREY);
  drawing.rectangle({ x: MARGIN, y: heightOf(threshold), width: WIDTH - 2 * MARGIN, height: 1 }, YELLOW);
  const longest = Math.max(1, ...course.map(({ tokens }) => tokens));
  const at = ({ tokens, value }: CoursePoint) => ({
    x: MARGIN + Math.round((tokens / longest) * (WIDTH - 2 * MARGIN - 1)),
    y: heightOf(value),
  });
  const commits = course.filter(({ kind }) => kind === "commit").map(at);
  for (const [index, to] of commits.entries()) line(drawing, [commits[index - 1] ?? to, to], GREEN);
  for (const { x, y } of commits) dot(drawing, { x, y }, GREEN);
  for (const { x, y } of course.filter(({ kind }) => kind === "rewind").map(at)) dot(drawing, { x, y }, RED);
  return drawing.png();
}

/** 1 stands at the top, -1 at the bottom. */
function heightOf(value: number): number {
  return MARGIN + Math.round(((1 - Math.max(-1, Math.min(1, value))) / 2) * (HEIGHT - 2 * MARGIN - 1));
}

function line(drawing: Drawing, [from, to]: readonly [Pixel, Pixel], colour: Colour): void {
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let step = 0; step <= steps; step++) {
    const share = step / steps;
    const [x, y] = [Math.round(from.x + (to.x - from.x) * share), Math.round(from.y + (to.y - from.y) * share)];
    drawing.rectangle({ x, y, width: 2, height: 2 }, colour);
  }
}

function dot(drawing: Drawing, { x, y }: Pixel, colour: Colour): void {
  drawing.rectangle({ x: x - 3, y: y - 3, width: 7, height: 7 }, colour);
}
