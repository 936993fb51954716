/** Raid mode: when enough newcomers wrote what was found, `moderation.filters.raids` says for a while what is done about whatever newcomers write. */
import {
  type APIActionRowComponent,
  type APIButtonComponent,
  type ButtonInteraction,
  ButtonStyle,
  ComponentType,
  type GuildMember,
  time,
  userMention,
} from "discord.js";
import { type GuildSettings, newcomerWords, type Store, say, saying, together, type Words } from "../../guard/index.ts";
import { type BotContext, judgesByItself } from "../bot-context.ts";
import { languageOfServer } from "../client.ts";
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
  if (until !== undefined) await tellServer(context, { guild, settings: usual }, wordsOf(settings, people, until), endButton);
}

function wordsOf({ moderation }: GuildSettings, people: number, until: number): Words {
  const { raids, newcomers } = moderation.filters;
  const end = Math.floor(until / 1000);
  const began = saying("raid.began", {
    people,
    minutes: raids.withinMinutes,
    time: time(end, "t"),
    relative: time(end, "R"),
    answer: saying(`raid.answer.${raids.action}`),
  });
  const line = moderation.shadow ? together([began, saying("raid.shadow")], " ") : began;
  return together([line, saying("raid.newcomers", { days: newcomers.accountDays, hours: newcomers.memberHours })], "\n");
}

function endButton(language: string | undefined): APIActionRowComponent<APIButtonComponent> {
  const label = say(language, "raid.end.button");
  return {
    type: ComponentType.ActionRow,
    components: [{ type: ComponentType.Button, style: ButtonStyle.Danger, label, custom_id: `${RAID}:end` }],
  };
}

/** Ends it, for all who moderate. */
export const raidButton: Component<ButtonInteraction> = {
  prefix: RAID,
  async run(interaction, context) {
    await answerPrivately(interaction, context, async () => {
      checkModerates(interaction);
      const { user, message, component, locale } = interaction;
      const guild = guildOf(interaction);
      if (!(await context.raids.end(guild, user.id))) return say(locale, "raid.overAlready");
      const when = time(Math.floor(context.options.clock() / 1000), "f");
      const ended = say(languageOfServer(context.client, guild), "raid.endedBy", { who: userMention(user.id), when });
      const edit = { content: context.outbound.own(`${message.content}\n${ended}`), components: [], allowedMentions: { parse: [] } };
      // Whoever forges the press may do so under another message of ours.
      if (component != null) await message.edit(edit).catch((error: unknown) => context.log.warn({ err: error }, "log channel"));
      return say(locale, "raid.over");
    });
  },
};
