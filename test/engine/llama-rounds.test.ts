import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rounds } from "../../src/core/engine/llama-rounds.ts";

/** A decode that ends when it is told to. */
function decode() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, ended };
}

const nextCycle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Rounds of decoding", () => {
  it("begin at once for a request that is alone", () => {
    const sizes: number[] = [];
    const rounds = new Rounds((tokens) => sizes.push(tokens));
    let hasBegun = false;
    void rounds.join({ tokens: 1, sequence: 0 }, async () => {
      hasBegun = true;
    });
    expect(hasBegun).toBe(true);
    expect(sizes).toEqual([1]);
  });

  it("take all who asked meanwhile into the next one, and those who ask for more, in the order of their sequences", async () => {
    const sizes: number[] = [];
    const began: number[] = [];
    const rounds = new Rounds((tokens) => sizes.push(tokens));
    const first = decode();
    const member = (sequence: number, work: Promise<void>) =>
      rounds.join({ tokens: 2, sequence }, () => {
        began.push(sequence);
        return work;
      });
    const one = member(1, first.ended);
    const others = [member(3, Promise.resolve()), member(0, Promise.resolve())];
    expect(began).toEqual([1]);
    first.end();
    await one;
    others.push(member(1, Promise.resolve()));
    await Promise.all(others);
    expect(began).toEqual([1, 0, 1, 3]);
    expect(sizes).toEqual([2, 6]);
  });

  it("go on when work fails, at once or later; the others of its round are none the worse", async () => {
    const rounds = new Rounds(() => undefined);
    const first = decode();
    const one = rounds.join({ tokens: 1, sequence: 0 }, () => first.ended);
    const joined = [
      rounds.join({ tokens: 1, sequence: 1 }, () => {
        throw new Error("at once");
      }),
      rounds.join({ tokens: 1, sequence: 2 }, () => Promise.reject(new Error("later"))),
      rounds.join({ tokens: 1, sequence: 3 }, async () => "done"),
    ];
    first.end();
    await one;
    const settled = await Promise.allSettled(joined);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(await rounds.join({ tokens: 1, sequence: 0 }, async () => "again")).toBe("again");
  });

  it("come to everybody, whoever asks when", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }), async (asks) => {
        let members = 0;
        const rounds = new Rounds((tokens) => {
          expect(members).toBe(0);
          members = tokens;
        });
        const request = async (times: number, sequence: number) => {
          for (let time = 0; time <= times; time++) {
            await rounds.join({ tokens: 1, sequence }, nextCycle);
            members--;
            if (time % 2 === 1) await nextCycle();
          }
        };
        await Promise.all(asks.map(request));
        expect(members).toBe(0);
      }),
    );
  });
});
