import type { Channel } from "./world/channel.ts";
import type { Message } from "./world/message.ts";
import type { World } from "./world/world.ts";

/** What the bot has posted, for tests that look at it or wait for it. */
export class Posts {
  readonly #world: World;
  /** How many posts of each channel a test has waited for. */
  readonly #awaited = new Map<Channel, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** What everybody in this channel can read now. */
  in(channel: Channel): readonly Message[] {
    return this.#everIn(channel).filter(({ isDeleted }) => !isDeleted);
  }

  next(channel: Channel): Promise<Message> {
    const index = this.#awaited.get(channel) ?? 0;
    this.#awaited.set(channel, index + 1);
    return this.#world.happenings.until(() => this.#everIn(channel)[index], `a post in ${channel.name}`);
  }

  replyTo(message: Message): Promise<Message> {
    const reply = () => this.#world.botMessages.find(({ replyTo }) => replyTo === message);
    return this.#world.happenings.until(reply, `a reply to "${message.content}"`);
  }

  forget(): void {
    this.#awaited.clear();
  }

  #everIn(channel: Channel): readonly Message[] {
    return this.#world.botMessages.filter((message) => message.channel === channel && !message.isEphemeral);
  }
}
