import type { Guild } from "./guild.ts";

export interface RoleSpec {
  readonly name: string;
  /** @default none beside those of @everyone */
  readonly permissions?: bigint;
  /** Whether everybody may mention it. @default false */
  readonly isMentionable?: boolean;
  /** Who stands higher may act on those below. The bot's own role is at 100. @default above those that were added before */
  readonly position?: number;
}

export class Role {
  readonly id: string;
  readonly guild: Guild;
  readonly name: string;
  readonly position: number;
  readonly isMentionable: boolean;
  #permissions: bigint;

  constructor(guild: Guild, id: string, spec: RoleSpec) {
    this.guild = guild;
    this.id = id;
    this.name = spec.name;
    this.position = spec.position ?? guild.roles.size;
    this.isMentionable = spec.isMentionable ?? false;
    this.#permissions = spec.permissions ?? 0n;
  }

  get permissions(): bigint {
    return this.#permissions;
  }
}
