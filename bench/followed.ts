import { type Call, type Engine, Meter, type NextTokenQuery, type NextTokens, type Passage, type Prefix } from "rain-align";
import { PassOn } from "./pass-on.ts";

/** One engine that answers, and others of the same vocabulary that are asked all that it is asked: what they say is computed and not heard. */
export class Followed extends PassOn {
  /** What each of the others computed. */
  readonly meters: readonly Meter[];
  readonly #followers: readonly Engine[];

  constructor(engine: Engine, followers: readonly Engine[]) {
    super(engine);
    this.#followers = followers;
    this.meters = followers.map(() => new Meter());
  }

  override async next(queries: readonly NextTokenQuery[], call: Call): Promise<NextTokens[]> {
    for (const [index, follower] of this.#followers.entries())
      await follower.next(queries, { ...call, meter: this.meters[index] as Meter });
    return await this.engine.next(queries, call);
  }

  override hold(prefix: Prefix): Disposable {
    const held = [this.engine, ...this.#followers].map((engine) => engine.hold(prefix));
    return {
      [Symbol.dispose]: () => {
        for (const one of held) one[Symbol.dispose]();
      },
    };
  }

  override async distributions(passage: Passage, call: Call): Promise<Float32Array[]> {
    for (const [index, follower] of this.#followers.entries())
      await follower.distributions(passage, { ...call, meter: this.meters[index] as Meter });
    return await this.engine.distributions(passage, call);
  }
}
