import { type APIEmbed, type ChatInputCommandInteraction, codeBlock } from "discord.js";
import { PRESETS } from "../../../core/index.ts";
import { type CoursePoint, type GuildSettings, guildPrinciple, principleNames, type ReplyRecord } from "../../guard/index.ts";
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
  if (reply === undefined) {
    throw new Refused(
      given === null ? "I have not answered anything here that I still know of." : "I know of no answer of mine in that message.",
    );
  }
  const { settings } = await store.settings(guild);
  const { embed, files } = await accountCard(context, reply, settings);
  const discarded = settings.explain.showDiscarded ? discardedField(reply) : [];
  const standing = await standingLine(context, reply);
  return { embeds: [{ ...embed, description: `${embed.description}\nStands there: ${standing}`, fields: discarded }], files };
}

/** How an answer came about, in numbers and a picture: nothing that was written. */
export async function accountCard(
  context: BotContext,
  reply: ReplyRecord,
  settings: GuildSettings,
): Promise<{ readonly embed: APIEmbed; readonly files: readonly OwnFile[] }> {
  const files =
    reply.course.length === 0 ? [] : [{ name: "values.png", content: sparkline(reply.course, await limitOf(reply, settings, context)) }];
  const picture = files.length === 0 ? {} : { image: { url: "attachment://values.png" }, footer: { text: LEGEND } };
  return { embed: { title: titleOf(reply), description: accountOf(reply), ...picture }, files };
}

/** What people see of an answer at this moment. */
async function standingLine({ client }: BotContext, { channel: id, guild, source, messages, state }: ReplyRecord): Promise<string> {
  const channel = await client.channels.fetch(id).catch(() => null);
  if (channel === null || channel.isDMBased() || !channel.isTextBased() || channel.guildId !== guild)
    return "its channel is gone, or I cannot see it";
  const read = (message: string) => channel.messages.fetch({ message, force: true }).catch(() => undefined);
  if (messages.length > 0) {
    const there = (await Promise.all(messages.map(read))).filter((message) => message !== undefined);
    if (there.length === messages.length) return there.map(({ url }) => url).join(" ");
    return there.length === 0
      ? "nothing any more"
      : `${there.length} of ${messages.length} messages: ${there.map(({ url }) => url).join(" ")}`;
  }
  if (state === "drafting") return "nothing yet that is whole";
  const question = await read(source);
  const { standing } = question === undefined ? { standing: undefined } : await answerTo(question);
  return standing === undefined ? "nothing that I know of" : `${standing.url}, though I got no word that it was posted`;
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

const LEGEND = "Values over the answer, 1 (good) at the top. Green: kept. Red: left and written anew. Yellow: the limit.";

const TITLES: Readonly<Record<ReplyRecord["state"], string>> = {
  posted: "Answered",
  refused: "Refused",
  failed: "Failed: nothing unjudged was posted",
  stopped: "Stopped",
  drafting: "Not finished",
};

function titleOf({ state, rewinds }: ReplyRecord): string {
  if (state !== "posted" || rewinds === 0) return TITLES[state];
  return `Answered, after ${rewinds} ${rewinds === 1 ? "rewind" : "rewinds"}`;
}

function accountOf({ principle, value, rewinds, droppedTurns, course, createdAt }: ReplyRecord): string {
  const lowest = Math.min(...course.map((point) => point.value));
  const lines = [
    `Judged by: **${principle}**`,
    value === undefined ? undefined : `Value of the whole answer, as it was posted: **${value.toFixed(2)}**`,
    course.length === 0 ? undefined : `Verdicts: ${course.length}, the lowest ${lowest.toFixed(2)}`,
    `Rewinds: ${rewinds}`,
    droppedTurns === 0 ? undefined : `Oldest turns that were not read, for want of room: ${droppedTurns}`,
    `Asked: <t:${Math.floor(createdAt / 1000)}:f>`,
  ];
  return lines.filter((line) => line !== undefined).join("\n");
}

/** Discord's limit for one field, less what the block of code takes. */
const LONGEST_FIELD = 1000;

function discardedField({ discarded }: ReplyRecord): { readonly name: string; readonly value: string }[] {
  if (discarded.length === 0) return [];
  const text = discarded.map((piece) => piece.replaceAll("`", "'")).join("\n---\n");
  return [{ name: "Discarded", value: codeBlock(text.slice(0, LONGEST_FIELD)) }];
}

/** From a link to a message or its bare id. */
function messageId(given: string): string {
  const id = /(\d{17,20})\/?\s*$/.exec(given)?.[1];
  if (id === undefined) throw new Refused("Expected a message's link or its id.");
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
