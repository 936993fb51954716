import {
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  type ChatInputCommandInteraction,
  codeBlock,
  inlineCode,
} from "discord.js";
import { type DayCounts, dayBefore, type PlainKey, say } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { filterOf } from "../moderate/evidence.ts";
import { guildOf, type PrivateAnswer } from "./command.ts";
import { BLUE, type Colour, Drawing, GREEN, GREY, RED, VIOLET, YELLOW } from "./drawing.ts";

const DAYS = "days";
const USUAL_DAYS = 7;

/** For as many it is known how many messages were judged. */
const MOST_DAYS = 30;

/** `/moderate statistics`. */
export const statisticsSubcommand: APIApplicationCommandSubcommandOption = {
  type: ApplicationCommandOptionType.Subcommand,
  name: "statistics",
  description: "How many messages were judged, flagged and decided about, day by day",
  options: [
    {
      type: ApplicationCommandOptionType.Integer,
      name: DAYS,
      description: `Of how many days, with the present one (${USUAL_DAYS} if not given)`,
      min_value: 1,
      max_value: MOST_DAYS,
    },
  ],
};

/** What is counted of a day: its column in the table, and its bars. */
const COLUMNS = [
  { name: "statistics.judged", colour: GREY, of: ({ judged }: DayCounts) => judged },
  { name: "statistics.flagged", colour: RED, of: ({ against }: DayCounts) => against },
  { name: "statistics.filters", colour: YELLOW, of: ({ events }: DayCounts) => sumOf(Object.values(byFilter(events))) },
  { name: "statistics.approved", colour: GREEN, of: eventOf("review.approved") },
  { name: "statistics.rejected", colour: BLUE, of: eventOf("review.rejected") },
  { name: "statistics.appeals", colour: VIOLET, of: eventOf("review.appealed") },
] as const satisfies readonly { readonly name: PlainKey; readonly colour: Colour; readonly of: (day: DayCounts) => number }[];

/** A day of a table, or all of it: the count of each column. */
interface Row {
  readonly name: string;
  readonly counts: readonly number[];
}

/** What a guild's messages came to, day by day, in numbers and a picture: nothing that anybody wrote, and no person. */
export async function statistics(interaction: ChatInputCommandInteraction, { store, options }: BotContext): Promise<PrivateAnswer> {
  const guild = guildOf(interaction);
  const length = interaction.options.getInteger(DAYS) ?? USUAL_DAYS;
  const now = options.clock();
  const known = await store.dayCounts(guild, dayBefore(now, length - 1));
  const { retentionDays } = (await store.settings(guild)).settings;
  const { locale } = interaction;
  const short = retentionDays < length ? ` ${say(locale, "statistics.short", { count: retentionDays })}` : "";
  if (known.length === 0) return { content: `${say(locale, "statistics.nothing")}${short}` };
  const days = Array.from({ length }, (_, index) => dayBefore(now, length - 1 - index));
  const rows = days.map((day): Row => rowOf(day, known.find((one) => one.day === day) ?? { day, judged: 0, against: 0, events: {} }));
  const sums = COLUMNS.map((_, column) => sumOf(rows.map(({ counts }) => counts[column] as number)));
  const found = foundBy(known);
  const embed = {
    title: length === 1 ? say(locale, "statistics.today") : say(locale, "statistics.days", { count: length }),
    description: `${codeBlock(tableOf(locale, [...rows, { name: say(locale, "statistics.together"), counts: sums }]))}\n${say(locale, "statistics.utc")}${short}`,
    ...(found === "" ? {} : { fields: [{ name: say(locale, "statistics.byFilter"), value: found }] }),
    image: { url: "attachment://statistics.png" },
    footer: { text: say(locale, "statistics.legend") },
  };
  return { embeds: [embed], files: [{ name: "statistics.png", content: picture(rows) }] };
}

function rowOf(name: string, day: DayCounts): Row {
  return { name, counts: COLUMNS.map(({ of }) => of(day)) };
}

function eventOf(event: string): (day: DayCounts) => number {
  return ({ events }) => events[event] ?? 0;
}

/** How often each filter found something. A message counts for each that found it. */
function byFilter(events: DayCounts["events"]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(events).flatMap(([event, count]) => {
      const filter = filterOf(event);
      return filter === undefined ? [] : [[filter, count]];
    }),
  );
}

/** Such as "`words` 3, `links` 1", the most first. */
function foundBy(days: readonly DayCounts[]): string {
  const counts = new Map<string, number>();
  for (const { events } of days)
    for (const [filter, count] of Object.entries(byFilter(events))) counts.set(filter, (counts.get(filter) ?? 0) + count);
  const sorted = [...counts].toSorted(([, one], [, other]) => other - one);
  return sorted.map(([filter, count]) => `${inlineCode(filter)} ${count}`).join(", ");
}

function tableOf(language: string, rows: readonly Row[]): string {
  const head = [say(language, "statistics.day"), ...COLUMNS.map(({ name }) => say(language, name))];
  const lines = [head, ...rows.map(({ name, counts }) => [name, ...counts.map(String)])];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] as string))));
  const gap = (cell: string, column: number) => " ".repeat((widths[column] as number) - widthOf(cell));
  return lines
    .map((line) => line.map((cell, column) => (column === 0 ? `${cell}${gap(cell, column)}` : `${gap(cell, column)}${cell}`)))
    .map((line) => line.join(" "))
    .join("\n");
}

/** In columns: a sign of Chinese or Japanese takes two. */
function widthOf(text: string): number {
  return [...text].reduce((width, sign) => width + (/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}ー]/u.test(sign) ? 2 : 1), 0);
}

const WIDTH = 720;
const MARGIN = 12;

/** Of one half: its bars are as high at most. */
const HIGHEST = 110;

/** For each day a bar of what was judged, and below it one for each of the other columns: of few messages in many something is still to be seen. */
function picture(rows: readonly Row[]): Buffer {
  const drawing = new Drawing({ width: WIDTH, height: 2 * HIGHEST + 3 * MARGIN });
  const step = (WIDTH - 2 * MARGIN) / rows.length;
  const bars = [COLUMNS.slice(0, 1), COLUMNS.slice(1)] as const;
  for (const [half, columns] of bars.entries()) {
    const first = half === 0 ? 0 : 1;
    const ground = (half + 1) * (HIGHEST + MARGIN);
    const highest = Math.max(1, ...rows.flatMap(({ counts }) => counts.slice(first, first + columns.length)));
    drawing.rectangle({ x: MARGIN, y: ground, width: WIDTH - 2 * MARGIN, height: 1 }, GREY);
    // Between two days there is a fifth of one.
    const width = Math.max(1, Math.floor((step * 0.8) / columns.length));
    for (const [index, { counts }] of rows.entries())
      for (const [column, { colour }] of columns.entries()) {
        const count = counts[first + column] as number;
        // What is there at all is seen.
        const height = count === 0 ? 0 : Math.max(2, Math.round((count / highest) * HIGHEST));
        drawing.rectangle({ x: Math.round(MARGIN + step * (index + 0.1)) + column * width, y: ground - height, width, height }, colour);
      }
  }
  return drawing.png();
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
