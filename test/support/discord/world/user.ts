import { Locale } from "discord-api-types/v10";

/** Whoever can write: the bot, a person, somebody else's bot, a webhook. */
export class User {
  readonly id: string;
  readonly name: string;
  readonly isBot: boolean;
  /** Whether the bot may write to them in private. */
  acceptsDirectMessages = true;
  /** In which language they use Discord. */
  locale: `${Locale}` = Locale.EnglishUS;

  constructor(id: string, name: string, isBot: boolean) {
    this.id = id;
    this.name = name;
    this.isBot = isBot;
  }

  /** What stands in a text that mentions them. */
  get mention(): string {
    return `<@${this.id}>`;
  }
}
