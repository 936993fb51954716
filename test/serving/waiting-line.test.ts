import fc from "fast-check";
import { type Answering, AnswerQueue } from "rain-align";
import { describe, expect, it } from "vitest";
import { ASK, ROBBERY, worldEngine } from "../support/scripted-world.ts";

/** Who wants an answer. */
interface Asker {
  readonly key: string;
  readonly number: number;
  readonly answering: Answering;
  /** Settles with the first step, or when it leaves. */
  readonly begun: Promise<unknown>;
  readonly controller: AbortController;
  /** How many it was told are before it. */
  ahead: number | undefined;
}

const keys = fc.constantFrom("a", "b", "c", "d");

/** What happens to a queue: somebody joins, the one whose answer is written goes, or somebody who waits leaves. */
const happenings = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ type: fc.constant("join" as const), key: keys }) },
    { weight: 2, arbitrary: fc.constant({ type: "go" as const }) },
    fc.record({ type: fc.constant("leave" as const), who: fc.nat() }),
  ),
  { maxLength: 40 },
);

type Happening = typeof happenings extends fc.Arbitrary<(infer One)[]> ? One : never;

/** A queue with one place, where whoever has it keeps it by not reading on. */
class Scene {
  readonly queue = new AnswerQueue(worldEngine(ROBBERY), { concurrency: 1 });
  /** In the order in which they joined. */
  readonly waiting: Asker[] = [];
  readonly taken: Asker[] = [];
  /** For each that was taken, who waited just before. */
  readonly waitedThen: (readonly Asker[])[] = [];
  readonly left: Asker[] = [];
  joined = 0;
  #whenNext: (() => void) | undefined;

  async play(all: readonly Happening[]): Promise<this> {
    for (const happening of all) {
      if (happening.type === "join") await this.#join(happening.key);
      else if (happening.type === "go") await this.go();
      else await this.#leave(happening.who);
      expect(this.queue.waiting).toBe(this.waiting.length);
    }
    return this;
  }

  /** The one whose answer is written has enough of it, and the next one's begins. */
  async go(): Promise<void> {
    const next = this.waiting.length === 0 ? undefined : new Promise<void>((resolve) => (this.#whenNext = resolve));
    await this.taken.at(-1)?.answering.return(undefined as never);
    await next;
    await this.taken.at(-1)?.begun;
  }

  async #join(key: string): Promise<void> {
    const controller = new AbortController();
    const told = { ahead: undefined as number | undefined };
    const answering = this.queue.rain(ASK, {
      ...{ mode: "vanilla", maxTokens: 2, key, signal: controller.signal },
      onBegin: () => this.#begin(asker),
      onPosition: (ahead) => {
        told.ahead = ahead;
      },
    });
    const begun = answering.next().catch((reason: unknown) => expect(reason).toBe(controller.signal.reason));
    const asker: Asker = Object.assign(told, { key, number: this.joined++, answering, begun, controller });
    this.waiting.push(asker);
    if (this.waiting.length === 1 && this.queue.waiting === 0) await begun;
  }

  #begin(asker: Asker): void {
    this.waitedThen.push([...this.waiting]);
    this.waiting.splice(this.waiting.indexOf(asker), 1);
    this.taken.push(asker);
    this.#whenNext?.();
  }

  async #leave(who: number): Promise<void> {
    const [one] = this.waiting.splice(who % Math.max(1, this.waiting.length), 1);
    if (one === undefined) return;
    one.controller.abort(new Error("enough"));
    await one.begun;
    this.left.push(one);
  }
}

describe("A queue with one place, whatever happens to it:", () => {
  it("everybody who joins is taken, leaves, or still waits: one of these, and once", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const { taken, left, waiting, joined } = await new Scene().play(all);
        const numbers = [...taken, ...left, ...waiting].map(({ number }) => number);
        expect(numbers.sort((one, other) => one - other)).toEqual(Array.from({ length: joined }, (_, index) => index));
      }),
      { numRuns: 60 },
    );
  });

  it("first come is first served within a key", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const { taken } = await new Scene().play(all);
        for (const key of ["a", "b", "c", "d"]) {
          const numbers = taken.flatMap((asker) => (asker.key === key ? [asker.number] : []));
          expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("no key is taken twice while another one waits all the time", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const { taken, waitedThen } = await new Scene().play(all);
        for (const [second, { key }] of taken.entries()) {
          const first = taken.findLastIndex((asker, index) => index < second && asker.key === key);
          if (first < 0) continue;
          const between = taken.slice(first + 1, second);
          const waitedBoth = waitedThen[first]?.filter((asker) => asker.key !== key && waitedThen[second]?.includes(asker)) ?? [];
          for (const asker of waitedBoth) expect(between.map((one) => one.key)).toContain(asker.key);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("everybody is told truly how many are taken before", async () => {
    await fc.assert(
      fc.asyncProperty(happenings, async (all) => {
        const scene = await new Scene().play(all);
        const before = scene.taken.length;
        const promised = scene.waiting.map((asker) => [asker, asker.ahead] as const);
        while (scene.waiting.length > 0) await scene.go();
        for (const [asker, ahead] of promised) expect(scene.taken.indexOf(asker) - before).toBe(ahead);
      }),
      { numRuns: 60 },
    );
  });
});
