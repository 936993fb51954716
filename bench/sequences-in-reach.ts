import { type Call, type Engine, Meter, type Prefix } from "rain-align";

/**
 * How many prefixes an idle engine keeps at the same time: as many as it has sequences, if none is lost. So many are read and held; what is kept is found again
 * a token later, the latest first, as each that is not pushes out another one.
 */
export async function sequencesInReach(engine: Engine): Promise<number> {
  const more = engine.tokenizer.tokenize(" a");
  const prefixes: Prefix[] = Array.from({ length: engine.facts.sequences ?? 1 }, (_, index) =>
    engine.tokenizer.renderText(`${index} rivers and the house by the`),
  );
  const held = prefixes.map((prefix) => engine.hold(prefix));
  try {
    for (const prefix of prefixes) await read(engine, prefix);
    let found = 0;
    for (const prefix of prefixes.toReversed()) if ((await read(engine, [...prefix, ...more])) <= more.length) found++;
    return found;
  } finally {
    for (const one of held) one[Symbol.dispose]();
  }
}

/** Tokens that are computed to ask behind a prefix. */
async function read(engine: Engine, prefix: Prefix): Promise<number> {
  const call: Call = { purpose: "draft", meter: new Meter() };
  await engine.next([{ prefix, topK: 1 }], call);
  return call.meter.spent.draft.tokens;
}
