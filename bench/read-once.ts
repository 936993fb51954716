import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Call, Engine, NextTokenQuery, NextTokens } from "rain-align";
import { PassOn } from "./pass-on.ts";

/** Remembers in a file what was read behind each prefix, so that a benchmark of hours goes on where it was stopped, and fits are tried again in seconds. */
export class ReadOnce extends PassOn {
  readonly #file: string;
  readonly #known = new Map<string, number[]>();

  constructor(engine: Engine, file: string) {
    super(engine);
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      // The last line may be half a line: the process was killed.
      const space = line.indexOf(" ");
      if (space < 0 || !line.endsWith("]")) continue;
      this.#known.set(line.slice(0, space), JSON.parse(line.slice(space + 1)) as number[]);
    }
  }

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    if (queries.some(({ topK = 0 }) => topK > 0)) return await this.engine.next(queries, call);
    const keys = queries.map(({ prefix, tokens }) => createHash("sha1").update(JSON.stringify({ prefix, tokens })).digest("base64url"));
    const missing = queries.filter((_, index) => !this.#known.has(keys[index] as string));
    const read = missing.length === 0 ? [] : await this.engine.next(missing, call);
    for (const [index, query] of missing.entries()) {
      const key = keys[queries.indexOf(query)] as string;
      const logits = (read[index] as NextTokens).logits.map((logit) => Math.round(logit * 1e4) / 1e4);
      this.#known.set(key, logits);
      appendFileSync(this.#file, `${key} ${JSON.stringify(logits)}\n`);
    }
    return keys.map((key) => ({ likeliest: [], logits: this.#known.get(key) as number[] }));
  }
}
