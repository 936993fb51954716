import { performance } from "node:perf_hooks";
import type { RestRequest } from "./rest-request.ts";

/** So many requests in so much time, which is real time: a client waits in real time, too. */
interface RateLimit {
  readonly requests: number;
  readonly windowMs: number;
}

export interface PlannedLimit extends RateLimit {
  /** A template, such as `/channels/:channel/messages`; it holds for each channel, guild or webhook by itself. @default all together */
  readonly route?: string;
}

/** What a request finds: how much it leaves of its bucket, or that there was nothing left. */
export interface Allowance {
  readonly isExceeded: boolean;
  readonly isGlobal: boolean;
  readonly limit: number;
  readonly remaining: number;
  readonly resetAfterMs: number;
  readonly bucket: string;
}

/** So much that nobody notices, unless a test wants it otherwise. */
const GENEROUS: RateLimit = { requests: 10_000, windowMs: 1000 };

interface Window {
  readonly endsAtMs: number;
  used: number;
}

/** Counts requests by route and by what the route is about, as Discord does. */
export class RateLimits {
  readonly #limits = new Map<string, RateLimit>();
  readonly #windows = new Map<string, Window>();
  #global: RateLimit = GENEROUS;

  limit({ route, requests, windowMs }: PlannedLimit): void {
    if (route === undefined) this.#global = { requests, windowMs };
    else this.#limits.set(route, { requests, windowMs });
  }

  take(request: RestRequest): Allowance {
    const all = this.#count("global", this.#global);
    const [, root, subject] = request.path.split("/");
    const bucket = `${request.method} ${request.route}`;
    const own = this.#count(`${bucket} ${root}/${subject}`, this.#limits.get(request.route) ?? GENEROUS);
    const isGlobal = all.isExceeded;
    return { ...(isGlobal ? all : own), isGlobal, bucket: bucketHash(bucket) };
  }

  #count(key: string, { requests, windowMs }: RateLimit): Omit<Allowance, "isGlobal" | "bucket"> {
    const nowMs = performance.now();
    const known = this.#windows.get(key);
    const window = known !== undefined && known.endsAtMs > nowMs ? known : { endsAtMs: nowMs + windowMs, used: 0 };
    this.#windows.set(key, window);
    window.used++;
    const remaining = Math.max(0, requests - window.used);
    return { isExceeded: window.used > requests, limit: requests, remaining, resetAfterMs: window.endsAtMs - nowMs };
  }
}

/** Discord calls its buckets by a hash. */
function bucketHash(name: string): string {
  return Buffer.from(name).toString("hex").slice(0, 32);
}
