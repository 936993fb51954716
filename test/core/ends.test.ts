import fc from "fast-check";
import { MODES, type RainOptions, type RainStep, rain, type Turn } from "rain-align";
import { describe, expect, it } from "vitest";
import { END } from "../support/scripted-engine.ts";
import { ASK, worldEngine } from "../support/scripted-world.ts";

const JUDGED = MODES.filter((mode) => mode !== "vanilla");

/** An answer that is given at once, and others that may be. */
interface Answers {
  readonly likely: string;
  readonly other: string;
}

/** Says one of two answers to the end, token by token; the judge likes them all. What it read is kept. */
function twoAnswers({ likely, other }: Answers, read: string[] = []) {
  const pieces = [...new Set([likely, other].flatMap((text) => text.match(/\s*\S+|\s+/g) ?? []))];
  const next = (text: string, answer: string) => {
    if (!text.startsWith(answer)) return undefined;
    const rest = text.slice(answer.length);
    return pieces.find((piece) => rest.startsWith(piece)) ?? (rest[0] || END);
  };
  return worldEngine({
    pieces,
    goOn: (answer) => {
      const ways = [next(likely, answer), next(other, answer)].filter((way) => way !== undefined);
      const [first = END, second = first] = ways;
      return first === second ? { [first]: 1 } : { [second]: 1, [first]: 3 };
    },
    goodness: (answer) => {
      read.push(answer);
      return 0.98;
    },
  });
}

async function written(engine: Parameters<typeof rain>[0], options: RainOptions, turns: readonly Turn[] = ASK) {
  const steps: RainStep[] = [];
  const answering = rain(engine, turns, { maxTokens: 24, ...options });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) steps.push(next.value);
  return { shown: steps.map(({ text }) => text).join(""), answer: next.value };
}

describe("An answer behind which the model writes the next turn itself", () => {
  it.each(MODES)("ends before it, whatever is said there: mode %s", async (mode) => {
    const word = fc.constantFrom(" yes", " well", " so", "\nthen", " User", ":");
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 5 }), fc.nat(99), async (words, seed) => {
        const said = ` well${words.join("")}.`;
        const read: string[] = [];
        const forged = `${said}\nUser: FORGED and\nAssistant: FORGED`;
        const { shown, answer } = await written(twoAnswers({ likely: forged, other: forged }, read), { mode, seed });
        expect(shown).toBe(said.trimStart());
        expect(answer).toMatchObject({ text: shown, finishReason: "stop" });
        expect(read.filter((text) => text.includes("FORGED"))).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

describe("An answer that says nothing", () => {
  it.each([
    ["adaptive", ""],
    ["adaptive", "\n \n"],
    ["paper", ""],
    ["best-of-n", ""],
    ["best-of-n", " \n"],
  ] as const)("passes no judge: mode %s, %j", async (mode, likely) => {
    const read: string[] = [];
    const { shown, answer } = await written(twoAnswers({ likely, other: " I can." }, read), { mode, bestOf: 64, seed: 3 });
    expect(shown).toBe("I can.");
    expect(answer.value).toBeGreaterThan(0);
    expect(read.filter((text) => text.trim() === "")).toEqual([]);
  });

  it("is refused where the model has no other", async () => {
    const { shown, answer } = await written(twoAnswers({ likely: "", other: "" }), { refusal: "Sorry." });
    expect(shown).toBe("Sorry.");
    expect(answer).toMatchObject({ finishReason: "content_filter", value: undefined });
  });

  it("is the worst that there is where something must be taken", async () => {
    for (const mode of ["paper", "best-of-n"] as const) {
      const { shown, answer } = await written(twoAnswers({ likely: "", other: "" }), { mode });
      expect({ shown, value: answer.value }).toEqual({ shown: "", value: -1 });
    }
  });

  it("is one to a judge, and none to plain decoding", async () => {
    const { shown, answer } = await written(twoAnswers({ likely: "", other: "" }), { mode: "vanilla" });
    expect(shown).toBe("");
    expect(answer).toMatchObject({ finishReason: "stop", value: undefined });
  });

  it.each(JUDGED)("is enough to a turn that was begun: mode %s", async (mode) => {
    const { shown, answer } = await written(twoAnswers({ likely: "", other: "" }), { mode }, [
      ...ASK,
      { role: "assistant", text: "I can." },
    ]);
    expect(shown).toBe("");
    expect(answer.value).toBeGreaterThan(0);
  });
});
