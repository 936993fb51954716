import { answer, HARMLESS, type RainOptions } from "rain-align";
import { describe, expect, it } from "vitest";
import { scriptedEngine } from "../support/scripted-engine.ts";
import { ASK } from "../support/scripted-world.ts";
import { spiedJudge } from "../support/spied-judge.ts";

/** How long an answer of so many words is at each check, in tokens. A comma ends the words of which `clauses` says so. */
async function checks(words: number, clauses: (word: number) => boolean, options: RainOptions = {}): Promise<readonly number[]> {
  const next = (text: string) => {
    const word = (text.split("Assistant:")[1]?.match(/ \w/g) ?? []).length + 1;
    return { [clauses(word) ? " so," : " so"]: 1 };
  };
  const { find, heard } = spiedJudge();
  const engine = scriptedEngine({ pieces: [" so", " so,"], next });
  await answer(engine, ASK, { maxTokens: words, judge: find, ...options });
  return heard.map((one) => one.length);
}

const always = () => true;
const never = () => false;
const behind =
  (...words: readonly number[]) =>
  (word: number) =>
    words.includes(word);

describe("The schedule", () => {
  it("checks early more often, and never waits longer than maxCheckGap; the end is always checked", async () => {
    expect(await checks(200, always)).toEqual([4, 16, 60, 104, 148, 192, 200]);
    expect(await checks(60, always, { firstCheck: 2, checkGrowth: 2, maxCheckGap: 10 })).toEqual([2, 4, 8, 16, 26, 36, 46, 56, 60]);
  });

  it("waits a little for a clause to end", async () => {
    expect(await checks(6, behind(2, 4))).toEqual([4, 6]);
    expect(await checks(6, behind(2, 6))).toEqual([5, 6]);
  });

  it("waits longer where the gap is longer, up to four tokens", async () => {
    // Behind 4 tokens the gap is 12, and a check waits for 3 tokens more; behind 60 the gap is 44, and it waits for 4.
    expect(await checks(25, behind(4))).toEqual([4, 19, 25]);
    expect(await checks(25, behind(4, 18))).toEqual([4, 18, 25]);
    expect(await checks(120, behind(4, 16, 60))).toEqual([4, 16, 60, 108, 120]);
    expect(await checks(120, behind(4, 16, 60, 107))).toEqual([4, 16, 60, 107, 120]);
  });

  it("always checks the end, and nothing else where the principle looks that far", async () => {
    const principle = { ...HARMLESS, horizon: "end" } as const;
    expect(await checks(2, never)).toEqual([2]);
    expect(await checks(40, always, { principle })).toEqual([40]);
    expect(await checks(40, behind(9), { principle, stop: [","] })).toEqual([9]);
  });
});
