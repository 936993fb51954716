import { expect, it } from "vitest";
import { rememberedEngine } from "../../../src/bots/guard/calibrate-guild.ts";
import { type Call, Meter } from "../../../src/core/index.ts";
import { ROBBERY, worldEngine } from "../../support/scripted-world.ts";
import { watchedEngine } from "../../support/watched-engine.ts";

const call: Call = { purpose: "evaluate", meter: new Meter(), signal: undefined };

it("An engine that is remembered says the same as it does by itself, and is asked once about each prefix", async () => {
  let asked = 0;
  const engine = watchedEngine(worldEngine(ROBBERY), () => {
    asked++;
  });
  const { engine: remembered, remember } = rememberedEngine(engine);
  const [you = 0, take = 0, money = 0] = [" You", " Take", " money"].map((text) => engine.tokenizer.tokenize(text)[0]);
  const prefixes = ["User: Hello.\nAssistant:", "User: Hello.\nAssistant: Take the"].map((text) => engine.tokenizer.renderText(text));
  remember([you, take, money]);
  for (const tokens of [[take, you], [money], [you, money, take], [take, you]]) {
    const queries = prefixes.map((prefix) => ({ prefix, tokens }));
    expect(await remembered.next(queries, call)).toEqual(await engine.next(queries, call));
  }
  // Four times by itself, and once for each prefix.
  expect(asked).toBe(6);
  const others = [{ prefix: prefixes[0] ?? [], tokens: [take, engine.tokenizer.tokenize(" bus")[0] ?? 0] }];
  expect(await remembered.next(others, call)).toEqual(await engine.next(others, call));
  expect(remembered.tokenizer.tokenize(" Take the")).toEqual(engine.tokenizer.tokenize(" Take the"));
  expect([remembered.facts, remembered.tokenizer.detokenize([take])]).toEqual([engine.facts, " Take"]);
  const ended = { ...call, signal: AbortSignal.abort(new Error("enough")) };
  await expect(remembered.next([{ prefix: prefixes[0] ?? [], tokens: [take] }], ended)).rejects.toThrow("enough");
});
