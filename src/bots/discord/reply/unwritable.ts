import { channelMention, type Message } from "discord.js";
import { type GuildSettings, saying } from "../../guard/index.ts";
import type { BotContext } from "../bot-context.ts";
import { tellServer } from "../moderate/log-channel.ts";
import { lackingToAnswer } from "./question.ts";
import { quoted } from "./text.ts";

/** Tells those who can change it that people ask where we may not write: once for each channel, until we may. */
export class Unwritable {
  readonly #context: BotContext;
  readonly #told = new Set<string>();

  constructor(context: BotContext) {
    this.#context = context;
  }

  /** Never rejects. */
  async look(message: Message, settings: GuildSettings): Promise<void> {
    const { channelId, guild } = message;
    const lacking = lackingToAnswer(message, settings, this.#context.options);
    if (guild === null || lacking.length === 0 || this.#told.has(channelId)) return;
    this.#told.add(channelId);
    const place = { channel: channelMention(channelId), server: quoted(guild.name) };
    await tellServer(this.#context, { guild: guild.id, settings }, saying("log.unwritable", { ...place, permissions: lacking.join(", ") }));
  }

  /** We may write there. */
  forget(channel: string): void {
    this.#told.delete(channel);
  }
}
