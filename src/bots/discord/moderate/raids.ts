/** Raid mode: when enough newcomers wrote what was found, `moderation.filters.raids` says for a while what is done about whatever newcomers write. */
import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type ButtonInteraction,
  ButtonStyle,
  ComponentType,
  type GuildMember,
  inlineCode,
  time,
  userMention,
} from "discord.js";
import { type GuildSettings, newcomerWords, type Store } from "../../guard/index.ts";
import { type BotContext, judgesByItself } from "../bot-context.ts";
import { answerPrivately, type Component, checkModerates, guildOf } from "../commands/command.ts";
import { heardOf } from "./heard.ts";
import { tellServer } from "./log-channel.ts";
import type { Against } from "./reviews.ts";

const RAID = "raid";

/** What the audit calls it, which knows of the last one where the process was started anew. */
const BEGAN = "raid.began";
const ENDED = "raid.ended";

/** What it finds is no reason for another one. */
const FILTER = "filters.raids";

const MINUTE_MS = 60_000;

type Filter = GuildSettings["moderation"]["filters"]["raids"];

/** Which guilds are in raid mode. */
export class Raids {
  readonly #store: Store;
  readonly #clock: () => number;
  /** When the last one began, by guild. 0: none did, or it was ended. */
  readonly #began = new Map<string, number>();
  /** When each newcomer was found last, by guild, until one begins. */
  readonly #found = new Map<string, ReadonlyMap<string, number>>();

  constructor(store: Store, clock: () => number) {
    this.#store = store;
    this.#clock = clock;
  }

  /** When it ends by itself, by the settings that hold now. Milliseconds since 1970. `undefined`: none is on, as far as that was recalled. */
  until(guild: string, { moderation }: GuildSettings): number | undefined {
    const until = (this.#began.get(guild) ?? 0) + moderation.filters.raids.lastsMinutes * MINUTE_MS;
    return this.#clock() >= until ? undefined : until;
  }

  /** Looks up once whether one was on when the process was started. */
  async recall(guild: string): Promise<void> {
    if (this.#began.has(guild)) return;
    const [newest] = await this.#store.audit(guild, 1, { events: [BEGAN, ENDED] });
    // Another one may have begun meanwhile.
    if (!this.#began.has(guild)) this.#began.set(guild, newest?.event === BEGAN ? newest.at : 0);
  }

  /** Counts a newcomer. How many there are, where that is enough; then they are counted anew. */
  count(guild: string, person: string, { people, withinMinutes }: Filter): number | undefined {
    const at = this.#clock();
    const before = [...(this.#found.get(guild) ?? [])].filter(([, then]) => at - then < withinMinutes * MINUTE_MS);
    const found = new Map([...before, [person, at] as const]);
    if (found.size >= people) this.#found.delete(guild);
    else this.#found.set(guild, found);
    return found.size >= people ? found.size : undefined;
  }

  async begin(guild: string, people: number): Promise<void> {
    const at = this.#clock();
    await this.#store.addAudit({ guild, actor: undefined, event: BEGAN, detail: `${people} newcomers`, at });
    this.#began.set(guild, at);
  }

  /** `false`: none was on. */
  async end(guild: string, by: string): Promise<boolean> {
    await this.recall(guild);
    const isOn = this.until(guild, (await this.#store.settings(guild)).settings) !== undefined;
    this.#found.delete(guild);
    this.#began.set(guild, 0);
    if (isOn) await this.#store.addAudit({ guild, actor: by, event: ENDED, detail: "before its time", at: this.#clock() });
    return isOn;
  }

  /** All that is known of a guild. */
  forget(guild: string): void {
    this.#began.delete(guild);
    this.#found.delete(guild);
  }
}

/** Counts the author of a message that was found, if they are new; when there are enough of them, it begins, and the server is told. */
export async function noteForRaid(
  context: BotContext,
  { message, judgement, settings }: Against,
  member: GuildMember | null,
): Promise<void> {
  const { raids, store, options, log } = context;
  const { guildId: guild, author, createdTimestamp: at } = message;
  const { filters } = settings.moderation;
  const { against, isCertain } = judgement;
  // Filters are sure whatever the judge is.
  const isFound = against.some(({ principle, found }) => principle !== FILTER && (isCertain || found !== undefined));
  if (filters.raids.action === "off" || !isFound) return;
  if (newcomerWords(heardOf(message, { text: "", member, at }), filters.newcomers) === undefined) return;
  await raids.recall(guild);
  if (raids.until(guild, settings) !== undefined) return;
  const people = raids.count(guild, author.id, filters.raids);
  if (people === undefined) return;
  const { settings: usual } = await store.settings(guild);
  if (!judgesByItself(options, usual)) return;
  await raids.begin(guild, people);
  const until = raids.until(guild, settings);
  log.warn({ guild, count: people }, "raid mode");
  if (until !== undefined) await tellServer(context, { guild, settings: usual }, wordsOf(settings, people, until), [END]);
}

function wordsOf({ moderation }: GuildSettings, people: number, until: number): string {
  const { raids, newcomers } = moderation.filters;
  const end = Math.floor(until / 1000);
  const shadow = moderation.shadow ? " In shadow mode nothing is done: cards show what would have been." : "";
  return [
    `**A raid**: ${people} newcomers wrote what I find against the rules, within ${raids.withinMinutes} minutes. Until ${time(end, "t")} (${time(end, "R")}) ${ANSWERS[raids.action]}.${shadow}`,
    `Newcomers are accounts of less than ${newcomers.accountDays} days and members of less than ${newcomers.memberHours} hours. ${inlineCode("moderation.filters.raids")} in ${inlineCode("/settings")} decides it; ${inlineCode("/moderate stop")} ends all that I do by myself.`,
  ].join("\n");
}

const ANSWERS: Readonly<Record<Filter["action"], string>> = {
  off: "nothing else happens",
  look: "what newcomers write is judged before all else",
  log: "all that newcomers write has a card",
  hide: "all that newcomers write is hidden until somebody decides",
  delete: "all that newcomers write is deleted",
  timeout: "all that newcomers write is deleted, and they are timed out",
};

const END: APIActionRowComponent<APIButtonComponent> = {
  type: ComponentType.ActionRow,
  components: [{ type: ComponentType.Button, style: ButtonStyle.Danger, label: "End raid mode", custom_id: `${RAID}:end` }],
};

/** Ends it, for all who moderate. */
export const raidButton: Component<ButtonInteraction> = {
  prefix: RAID,
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const { user, message, component } = interaction;
      if (!(await context.raids.end(guildOf(interaction), user.id))) return "It is over already.";
      const ended = `${message.content}\nEnded by ${userMention(user.id)}, ${time(Math.floor(context.options.clock() / 1000), "f")}.`;
      const edit = { content: context.outbound.own(ended), components: [], allowedMentions: { parse: [] } };
      // Whoever forges the press may do so under another message of ours.
      if (component != null) await message.edit(edit).catch((error: unknown) => context.log.warn({ err: error }, "log channel"));
      return "Raid mode is over: newcomers are met as everybody is.";
    });
  },
};
