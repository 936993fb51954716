import type { Channel } from "./channel.ts";
import type { Message } from "./message.ts";
import { User } from "./user.ts";

/** Somebody else's program that writes into one channel under a name of its own. */
export class Webhook {
  readonly channel: Channel;
  readonly user: User;

  constructor(channel: Channel, name: string) {
    this.channel = channel;
    this.user = new User(channel.world.snowflakes.next(), name, true);
  }

  says(content: string): Message {
    return this.channel.post({ author: this.user, content, webhookId: this.user.id });
  }
}
