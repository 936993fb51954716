import { type ChatInputCommandInteraction, codeBlock } from "discord.js";
import { PRESETS } from "../../../core/index.ts";
import { guildPrinciple } from "../../guard/guild-principles.ts";
import { type GuildSettings, principleNames } from "../../guard/settings.ts";
import type { ReplyRecord } from "../../guard/store/store.ts";
import type { Parts } from "../parts.ts";
import { within } from "../within.ts";
import { guildOf, type PrivateAnswer, Refused } from "./command.ts";
import { sparkline } from "./sparkline.ts";

/** `/rain why`: how an answer came about. What was discarded is shown only where the guild lets its moderators see it. */
export async function why(interaction: ChatInputCommandInteraction, parts: Parts): Promise<PrivateAnswer> {
  const { store } = parts;
  const guild = guildOf(interaction);
  const given = interaction.options.getString("message");
  const reply = given === null ? (await store.lastReplies(guild, interaction.channelId, 1))[0] : await store.reply(guild, messageId(given));
  if (reply === undefined) {
    throw new Refused(
      given === null ? "I have not answered anything here that I still know of." : "I know of no answer of mine in that message.",
    );
  }
  const { settings } = await store.settings(guild);
  const files =
    reply.course.length === 0 ? [] : [{ name: "values.png", content: sparkline(reply.course, await limitOf(reply, settings, parts)) }];
  const discarded = settings.explain.showDiscarded ? discardedField(reply) : [];
  const embed = {
    title: titleOf(reply),
    description: accountOf(reply),
    fields: discarded,
    ...(files.length === 0 ? {} : { image: { url: "attachment://values.png" }, footer: { text: LEGEND } }),
  };
  return { embeds: [embed], files };
}

/** Longer nobody waits for the judge's own. */
const PATIENCE_MS = 2000;

/** The value from which the beginning of an answer passes, as far as that is known by now. */
async function limitOf(reply: ReplyRecord, settings: GuildSettings, { inference, over }: Parts): Promise<number> {
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

function accountOf({ principle, value, rewinds, course, createdAt }: ReplyRecord): string {
  const lowest = Math.min(...course.map((point) => point.value));
  const lines = [
    `Judged by: **${principle}**`,
    value === undefined ? undefined : `Value of the whole answer, as it was posted: **${value.toFixed(2)}**`,
    course.length === 0 ? undefined : `Verdicts: ${course.length}, the lowest ${lowest.toFixed(2)}`,
    `Rewinds: ${rewinds}`,
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
