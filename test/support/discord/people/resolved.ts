import type { APIInteractionDataResolved } from "discord-api-types/v10";
import { channelPayload } from "../payloads/channel-payload.ts";
import { memberWithoutUser, rolePayload, userPayload } from "../payloads/member-payload.ts";
import { attachmentPayload } from "../payloads/message-payload.ts";
import { Channel } from "../world/channel.ts";
import type { UploadedFile } from "../world/message.ts";
import { guildPermissions } from "../world/permissions.ts";
import { Role } from "../world/role.ts";
import { User } from "../world/user.ts";

/** Something that an option, a select menu or a field can hold beside plain values. */
export type Entity = User | Role | Channel | UploadedFile;

type Parts = { -readonly [Part in keyof APIInteractionDataResolved]-?: Record<string, unknown> };

/** What an interaction refers to by id, told along with it. */
export class Resolved {
  readonly #where: Channel;
  readonly #parts: Parts = { users: {}, members: {}, roles: {}, channels: {}, attachments: {} };

  constructor(where: Channel) {
    this.#where = where;
  }

  /** @returns the entity's id, by which the interaction names it */
  add(entity: Entity): string {
    if (entity instanceof User) return this.#addUser(entity);
    if (entity instanceof Role) {
      this.#parts.roles[entity.id] = rolePayload(entity);
      return entity.id;
    }
    if (entity instanceof Channel) {
      const permissions = String(entity.permissionsOf(this.#where.world.bot) ?? 0n);
      this.#parts.channels[entity.id] = { ...channelPayload(entity), permissions };
      return entity.id;
    }
    const attachment = this.#where.world.store(entity);
    this.#parts.attachments[attachment.id] = attachmentPayload(attachment);
    return attachment.id;
  }

  /** Only the parts in which there is something. */
  get payload(): { readonly resolved?: APIInteractionDataResolved } {
    const parts = Object.entries(this.#parts).filter(([, part]) => Object.keys(part).length > 0);
    return parts.length === 0 ? {} : { resolved: Object.fromEntries(parts) as APIInteractionDataResolved };
  }

  #addUser(user: User): string {
    this.#parts.users[user.id] = userPayload(user);
    const member = this.#where.guild?.members.get(user.id);
    if (member !== undefined) {
      this.#parts.members[user.id] = { ...memberWithoutUser(member), permissions: String(guildPermissions(member)) };
    }
    return user.id;
  }
}
