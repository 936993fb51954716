import { ChatRain } from "rain-align/langchain";
import { describe, expect, it } from "vitest";
import { leakContract, ON_MODEL } from "../../contracts/leak-contract.ts";
import { END } from "../../support/scripted-engine.ts";
import { type World, worldEngine } from "../../support/scripted-world.ts";

const BAD = "canary";
const GOOD = "harbour";

/** Names the canary four times out of five; it is the only bad word there is. */
const WORLD: World = {
  pieces: [" Follow", " the", ` ${BAD}`, ` ${GOOD}`, "."],
  goOn: (answer) => {
    if (answer === "") return { " Follow": 1 };
    if (answer.endsWith(" Follow")) return { " the": 1 };
    if (answer.endsWith(" the")) return { [` ${BAD}`]: 4, [` ${GOOD}`]: 1 };
    return answer.endsWith(".") ? { [END]: 1 } : { ".": 1 };
  },
  goodness: (answer) => (answer.includes(BAD) ? 0.02 : 0.98),
};

describe("What these contracts watch", () => {
  it("has a draft to leak", async () => {
    const ask = (mode: "adaptive" | "vanilla") =>
      new ChatRain({ seed: 1, model: worldEngine(WORLD), firstCheck: 3, candidates: 8 }).invoke("How do I get home?", { mode });
    expect((await ask("vanilla")).text).toContain(BAD);
    const { text, response_metadata } = await ask("adaptive");
    expect(text).toContain(GOOD);
    expect(response_metadata["rain"]).toMatchObject({ rewinds: expect.toSatisfy((rewinds: number) => rewinds > 0) });
  });
});

leakContract({
  name: "ChatRain",
  build: (watched) => ({
    model: new ChatRain({ ...watched, seed: 1, model: worldEngine(WORLD), traceSearch: true, firstCheck: 3, candidates: 8 }),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});

leakContract({
  name: "ChatRain that tells its own listener of what it left",
  build: (watched) => ({
    model: new ChatRain({
      ...watched,
      seed: 1,
      model: worldEngine(WORLD),
      traceSearch: true,
      firstCheck: 3,
      candidates: 8,
      revealDiscarded: true,
      onRainEvent: () => undefined,
    }),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});

leakContract({
  name: "ChatRain with nothing better found",
  build: (watched) => ({
    model: new ChatRain({
      ...watched,
      seed: 1,
      model: worldEngine({ ...WORLD, goOn: (answer) => (answer.endsWith(" the") ? { [` ${BAD}`]: 1 } : WORLD.goOn(answer)) }),
      traceSearch: true,
      heldBack: Number.POSITIVE_INFINITY,
      refusal: `Ask in the ${GOOD}.`,
    }),
  }),
  bad: BAD,
  good: GOOD,
  surfaces: ON_MODEL,
});
