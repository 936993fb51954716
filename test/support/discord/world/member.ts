import { AuditLogEvent } from "discord-api-types/v10";
import type { Deed, Guild } from "./guild.ts";
import type { Role } from "./role.ts";
import type { User } from "./user.ts";

/** Somebody in a guild. */
export class Member {
  readonly guild: Guild;
  readonly user: User;
  readonly joinedAtMs: number;
  /** Beside @everyone. */
  readonly roles: Set<Role>;
  #timedOutUntilMs: number | undefined;

  constructor(guild: Guild, user: User, roles: readonly Role[]) {
    this.guild = guild;
    this.user = user;
    this.roles = new Set(roles);
    this.joinedAtMs = guild.world.clock.now();
  }

  get isOwner(): boolean {
    return this.guild.owner === this.user;
  }

  /** Until when they may only read; `undefined` without a time-out. */
  get timedOutUntilMs(): number | undefined {
    return this.#timedOutUntilMs;
  }

  get isTimedOut(): boolean {
    return (this.#timedOutUntilMs ?? 0) > this.guild.world.clock.now();
  }

  /** Where their highest role stands: who stands higher may act on them. */
  get position(): number {
    return Math.max(0, ...[...this.roles].map((role) => role.position));
  }

  /** `undefined`: it ends. */
  timeOut(untilMs: number | undefined, { by, reason }: Deed): void {
    const changes = [{ key: "communication_disabled_until", ...timesOf(this.#timedOutUntilMs, untilMs) }];
    this.#timedOutUntilMs = untilMs;
    const { announce } = this.guild.world;
    announce.memberUpdated(this);
    announce.logged(this.guild, { action: AuditLogEvent.MemberUpdate, by, target: this.user, reason, changes });
  }
}

/** Before and after, as the audit log tells it: what is not there is left out. */
function timesOf(before: number | undefined, after: number | undefined): object {
  const written = (ms: number) => new Date(ms).toISOString();
  return {
    ...(before === undefined ? {} : { old_value: written(before) }),
    ...(after === undefined ? {} : { new_value: written(after) }),
  };
}
