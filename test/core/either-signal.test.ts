import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { EitherSignal } from "../../src/core/index.ts";

describe("A signal that is either of several", () => {
  it("is aborted with the first of them, with its reason, and leaves the others alone", () => {
    const [one, other] = [new AbortController(), new AbortController()];
    using either = new EitherSignal(one.signal, undefined, other.signal);
    expect(either.signal.aborted).toBe(false);
    other.abort("the other");
    one.abort("the one");
    expect(either.signal.reason).toBe("the other");
    for (const { signal } of [one, other]) expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it("is aborted from the start where one is, and never where there is none", () => {
    expect(new EitherSignal(new AbortController().signal, AbortSignal.abort("before")).signal.reason).toBe("before");
    expect(new EitherSignal().signal.aborted).toBe(false);
  });

  it("is one listener of theirs, however many there are: Node.js warns of more than ten", () => {
    const life = new AbortController();
    const all = Array.from({ length: 100 }, () => new EitherSignal(life.signal, new AbortController().signal));
    expect(getEventListeners(life.signal, "abort")).toHaveLength(1);
    all[0]?.[Symbol.dispose]();
    life.abort("over");
    expect(all.map(({ signal }) => signal.reason)).toEqual([undefined, ...Array.from({ length: 99 }, () => "over")]);
    expect(getEventListeners(life.signal, "abort")).toEqual([]);
  });

  it("leaves nothing with them when it is let go of", () => {
    const life = new AbortController();
    for (let call = 0; call < 100; call++) {
      using either = new EitherSignal(life.signal, new AbortController().signal);
      either.signal.addEventListener("abort", () => undefined);
      expect(getEventListeners(life.signal, "abort")).toHaveLength(1);
    }
    expect(getEventListeners(life.signal, "abort")).toEqual([]);
  });
});
