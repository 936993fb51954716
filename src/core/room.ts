import type { Engine } from "./engine.ts";

/** How many prefixes are written behind at once, by all requests to an engine together: as many as it keeps. More would push each other out of its cache. */
export class Room {
  static readonly #rooms = new WeakMap<Engine, Room>();
  #free: number;
  #waiting: (() => void)[] = [];

  static of(engine: Engine): Room {
    const room = Room.#rooms.get(engine) ?? new Room(engine.facts.sequences ?? Number.POSITIVE_INFINITY);
    Room.#rooms.set(engine, room);
    return room;
  }

  private constructor(size: number) {
    this.#free = size;
  }

  /** Takes a place if one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free--;
    return true;
  }

  /** Takes a place, and waits for it. Rejects with the signal's reason. */
  async take(signal: AbortSignal | undefined): Promise<void> {
    for (signal?.throwIfAborted(); !this.tryTake(); signal?.throwIfAborted()) {
      await new Promise<void>((resolve) => {
        const look = () => {
          signal?.removeEventListener("abort", look);
          resolve();
        };
        this.#waiting.push(look);
        signal?.addEventListener("abort", look, { once: true });
      });
    }
  }

  /** What is held in a place that was taken: let go of, it leaves the place to others. */
  holding(held: Disposable): Disposable {
    let isLeft = false;
    return {
      [Symbol.dispose]: () => {
        if (isLeft) return;
        isLeft = true;
        held[Symbol.dispose]();
        this.#free++;
        for (const look of this.#waiting.splice(0)) look();
      },
    };
  }
}
