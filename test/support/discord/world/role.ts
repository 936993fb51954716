import type { Guild } from "./guild.ts";

export interface RoleSpec {
  readonly name: string;
  /** @default none beside those of @everyone */
  readonly permissions?: bigint;
  /** Whether everybody may mention it. @default false */
  readonly isMentionable?: boolean;
}

/** A role. The later it was added, the higher it stands. */
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
    this.position = guild.roles.size;
    this.isMentionable = spec.isMentionable ?? false;
    this.#permissions = spec.permissions ?? 0n;
  }

  get permissions(): bigint {
    return this.#permissions;
  }

  get mention(): string {
    return `<@&${this.id}>`;
  }

  changePermissions(permissions: bigint): void {
    this.#permissions = permissions;
    this.guild.world.announce.roleUpdated(this);
  }
}
