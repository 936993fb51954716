import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Rounds } from "../../../src/engines/llama/rounds.ts";

/** A decode that ends when it is told to. */
function decode() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, ended };
}

/** Nothing has happened meanwhile. */
const free = () => undefined;

const nextCycle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("Rounds of decoding", () => {
  it("begin at once for a request that is alone", () => {
    const sizes: number[] = [];
    const rounds = new Rounds((tokens) => sizes.push(tokens));
    let hasBegun = false;
    const work = async () => {
      hasBegun = true;
    };
    void rounds.join([{ tokens: 1, sequence: 0, work }], free);
    expect(hasBegun).toBe(true);
    expect(sizes).toEqual([1]);
  });

  it("take all requests that came meanwhile into the next one, and those that ask for more, in the order of their sequences", async () => {
    const sizes: number[] = [];
    const began: number[] = [];
    const rounds = new Rounds((tokens) => sizes.push(tokens));
    const first = decode();
    const member = (sequences: readonly number[], ended: Promise<void>) => {
      const work = (sequence: number) => () => {
        began.push(sequence);
        return ended;
      };
      return rounds.join(
        sequences.map((sequence) => ({ tokens: 2, sequence, work: work(sequence) })),
        free,
      );
    };
    const one = member([1], first.ended);
    const others = [member([4, 2], Promise.resolve()), member([0, 3], Promise.resolve())];
    expect(began).toEqual([1]);
    first.end();
    await one;
    others.push(member([1], Promise.resolve()));
    await Promise.all(others);
    expect(began).toEqual([1, 0, 1, 2, 3, 4]);
    expect(sizes).toEqual([2, 10]);
  });

  it("go on when work fails, or is not wanted any more; the others of its round are none the worse", async () => {
    const rounds = new Rounds(() => undefined);
    const first = decode();
    const share = <Found>(sequence: number, work: () => Promise<Found>) => ({ tokens: 1, sequence, work });
    const one = rounds.join([share(0, () => first.ended)], free);
    let hasBegun = false;
    const unwanted = async () => {
      hasBegun = true;
    };
    const joined = [
      rounds.join([share(1, unwanted)], () => {
        throw new Error("aborted");
      }),
      rounds.join([share(2, () => Promise.reject(new Error("failed"))), share(4, async () => "whole")], free),
      rounds.join([share(3, async () => "done")], free),
    ];
    first.end();
    await one;
    expect(await Promise.allSettled(joined)).toEqual([
      { status: "rejected", reason: new Error("aborted") },
      {
        status: "fulfilled",
        value: [
          { status: "rejected", reason: new Error("failed") },
          { status: "fulfilled", value: "whole" },
        ],
      },
      { status: "fulfilled", value: [{ status: "fulfilled", value: "done" }] },
    ]);
    expect(hasBegun).toBe(false);
    expect(await rounds.join([share(0, async () => "again")], free)).toEqual([{ status: "fulfilled", value: "again" }]);
  });

  it("come to every request, whenever it asks", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(4), { minLength: 1, maxLength: 12 }), async (asks) => {
        let members = 0;
        const rounds = new Rounds((tokens) => {
          expect(members).toBe(0);
          members = tokens;
        });
        const request = async (times: number, sequence: number) => {
          for (let time = 0; time <= times; time++) {
            await rounds.join([{ tokens: 1, sequence, work: nextCycle }], free);
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
