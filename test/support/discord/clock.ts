/** The platform's time. Unless it is given a clock that runs, it stands still: nothing dies because a machine is slow. */
export class PlatformClock {
  readonly #base: () => number;
  #advancedMs = 0;

  constructor(base: (() => number) | undefined) {
    const startMs = Date.now();
    this.#base = base ?? (() => startMs);
  }

  /** Milliseconds since 1970. */
  now(): number {
    return this.#base() + this.#advancedMs;
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
  }
}

const DISCORD_EPOCH_MS = 1_420_070_400_000;

/** Discord's ids: the time they were made, and a number that tells apart those of one millisecond. Later ones are greater. */
export class Snowflakes {
  readonly #clock: PlatformClock;
  #count = 0;

  constructor(clock: PlatformClock) {
    this.#clock = clock;
  }

  /** @param aheadMs how much later than now it says that it was made */
  next(aheadMs = 0): string {
    const sinceEpochMs = this.#clock.now() + aheadMs - DISCORD_EPOCH_MS;
    return String((BigInt(sinceEpochMs) << 22n) + BigInt(this.#count++));
  }
}

/** When what has this id was made, in milliseconds since 1970. */
export function madeAt(snowflake: string): number {
  return Number(BigInt(snowflake) >> 22n) + DISCORD_EPOCH_MS;
}

/** The shard that is told of this guild. */
export function shardOf(guildId: string, shardCount: number): number {
  return Number((BigInt(guildId) >> 22n) % BigInt(shardCount));
}
