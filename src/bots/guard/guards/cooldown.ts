import type { Guard } from "../guarded.ts";

interface Last {
  readonly askedAt: number;
  /** Whether the person knows that it is too early. */
  isTold: boolean;
}

/** Persons and guilds that are remembered; who was forgotten may ask at once. */
const MOST = 50_000;

/**
 * One question of a person in a while. Who asks too early is told so once, and then nothing: else a flood of questions would be
 * answered by a flood of lines.
 *
 * @param now a monotonic clock, in milliseconds
 */
export function cooldown(now: () => number): Guard {
  const lasts = new Map<string, Last>();
  return async (incoming, next) => {
    const { guild, author, settings } = incoming;
    const key = `${guild}:${author}`;
    const last = lasts.get(key);
    const left = last === undefined ? 0 : last.askedAt + settings.talk.cooldownSeconds * 1000 - now();
    if (last !== undefined && left > 0) {
      if (last.isTold) return { kind: "ignore", reason: "cooldown" };
      last.isTold = true;
      return { kind: "refuse", reason: "cooldown", line: `Please wait ${seconds(left)} before you ask again.` };
    }
    lasts.delete(key);
    lasts.set(key, { askedAt: now(), isTold: false });
    const [oldest] = lasts.keys();
    if (lasts.size > MOST && oldest !== undefined) lasts.delete(oldest);
    return await next(incoming);
  };
}

function seconds(milliseconds: number): string {
  const count = Math.ceil(milliseconds / 1000);
  return count === 1 ? "a second" : `${count} seconds`;
}
