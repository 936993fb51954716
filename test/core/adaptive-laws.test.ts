import fc from "fast-check";
import {
  type Engine,
  HARMLESS,
  type NextTokenQuery,
  type RainAnswer,
  type RainEvent,
  type RainOptions,
  type RainStep,
  rain,
  type Token,
} from "rain-align";
import { describe, expect, it } from "vitest";
import { type Habits, randomWorld } from "../support/random-world.ts";
import { ASK, type World, worldEngine } from "../support/scripted-world.ts";
import { assertWithAll, Tally } from "../support/tally.ts";
import { watchedEngine } from "../support/watched-engine.ts";

const REFUSAL = "I would rather not.";

/** Stop strings that a model of these habits writes now and then, most of them over several tokens. */
const stops = fc.constantFrom("\n ", "of", "n the", "é", "日", "s.", ", ", ". o", ".\n", " rather");

/** Whatever anybody may ask for; rather long answers, so that much can happen in them. */
const options = fc.record({
  seed: fc.nat(),
  maxTokens: often(fc.integer({ min: 20, max: 40 }), fc.integer({ min: 1, max: 19 })),
  temperature: fc.constantFrom(0, 1),
  preset: fc.constantFrom("fast", "balanced"),
  threshold: fc.constantFrom(-0.5, 0, 0.5),
  doubtMargin: fc.constantFrom(0, 0.5, 2),
  judging: fc.constantFrom("in-place", "preamble"),
  judgeExamples: fc.constant(1),
  firstCheck: fc.constantFrom(1, 4),
  maxCheckGap: fc.constantFrom(1, 3, 9, 48),
  candidates: fc.integer({ min: 1, max: 4 }),
  explore: fc.constantFrom("resample", "contrast"),
  retries: fc.integer({ min: 0, max: 2 }),
  heldBack: fc.constantFrom(0, 7, Number.POSITIVE_INFINITY),
  principle: often(fc.constant(HARMLESS), fc.constant({ ...HARMLESS, horizon: "end" } as const)),
  onExhausted: often(fc.constant("refuse" as const), fc.constant("best" as const)),
  refusal: fc.constant(REFUSAL),
  stop: fc.uniqueArray(stops, { maxLength: 3 }),
} as const) satisfies fc.Arbitrary<RainOptions>;

function often<Value>(usual: fc.Arbitrary<Value>, other: fc.Arbitrary<Value>): fc.Arbitrary<Value> {
  return fc.oneof({ weight: 3, arbitrary: usual }, { weight: 1, arbitrary: other });
}

type Given = typeof options extends fc.Arbitrary<infer Value> ? Value : never;

const habits: fc.Arbitrary<Habits> = fc.record({ salt: fc.nat(), badness: fc.constantFrom(0.02, 0.05, 0.1, 0.2, 0.5, 1) });

/** The text before the first stop string. */
function cut(text: string, { stop }: Given): string {
  return text.slice(0, Math.min(text.length, ...stop.map((one) => text.indexOf(one)).filter((start) => start >= 0)));
}

function isRefusal({ whole }: WatchedAnswer): boolean {
  return whole.finishReason === "content_filter" && whole.value === undefined;
}

/** All that may be read of the tokens that are out, computed from these alone. A character that was cut at the length limit is not text. */
function readable(watched: WatchedAnswer, given: Given): string {
  if (isRefusal(watched)) return cut(REFUSAL, given);
  return cut(watched.written.at(-1) ?? "", given)
    .replace(/\uFFFD$/, "")
    .trimStart();
}

/**
 * The texts under which what is out may have been judged: all of it up to a stop string, of whose tokens some may be in it and some
 * not. The judge with examples puts a space before a text that begins without one.
 */
function judgedAs(step: number, { written, heard }: WatchedAnswer, given: Given): readonly string[] {
  const text = written[step] as string;
  const isIt = (one: string, before: string) => one.startsWith(before + cut(text, given)) && (before + text).startsWith(one);
  return [...(heard[step] as Set<string>)].filter((one) => isIt(one, "") || isIt(one, " "));
}

function passes(text: string, world: World, { threshold }: Given): boolean {
  return 2 * world.goodness(text) - 1 >= threshold;
}

function rewindsOf({ events }: WatchedAnswer): (RainEvent & { type: "rewind" })[] {
  return events.flatMap((event) => (event.type === "rewind" ? [event] : []));
}

describe("Adaptive decoding, whatever the model, its opinions and the options:", () => {
  it("what is shown is what the tokens say: whole characters, up to a stop string, and never taken back", async () => {
    const tally = new Tally();
    await assertWithAll(
      fc.asyncProperty(habits, options, async (habit, given) => {
        const watched = await watchAnswer(randomWorld(habit), given);
        expect(watched.whole.text).toBe(readable(watched, given));
        expect(watched.shown.at(-1)).toBe(watched.whole.text);
        for (const text of watched.shown) expect(watched.whole.text.startsWith(text)).toBe(true);
        countCuts(tally, watched, given);
      }),
      tally,
    );
  });

  it("nothing is out that was not judged just as it stands; and unless the best is to be taken, nothing that did not pass", async () => {
    const tally = new Tally();
    await assertWithAll(
      fc.asyncProperty(habits, options, async (habit, given) => {
        const world = randomWorld(habit);
        const watched = await watchAnswer(world, given);
        for (const [step, { tokens }] of watched.steps.entries()) {
          // Of an answer that says nothing, nothing is out.
          if (tokens.length === 0 || watched.shown[step]?.trim() === "") continue;
          const texts = judgedAs(step, watched, given);
          expect(texts).not.toEqual([]);
          const isGood = texts.some((text) => passes(text, world, given));
          if (given.onExhausted === "refuse") expect(isGood).toBe(true);
          tally.count(`good text is out, judged ${given.judging}`, isGood);
          tally.count("bad text is out, the best there is", !isGood);
        }
        countSearches(tally, watched, given);
      }),
      tally,
    );
  });

  it("as long as nothing is flagged, what is out is token for token the plain answer of the same seed", async () => {
    const tally = new Tally();
    await assertWithAll(
      fc.asyncProperty(habits, options, async (habit, given) => {
        const world = randomWorld(habit);
        const { whole, steps, releasedBeforeFlag } = await watchAnswer(world, given);
        const plain = (await watchAnswer(world, { ...given, mode: "vanilla" })).steps.flatMap(({ tokens }) => tokens);
        const out = steps.flatMap(({ tokens }) => tokens);
        if (releasedBeforeFlag === undefined) expect(out).toEqual(plain);
        else expect(out.slice(0, releasedBeforeFlag)).toEqual(plain.slice(0, releasedBeforeFlag));
        const isUnflagged = whole.rewinds === 0;
        expect(isUnflagged).toBe(releasedBeforeFlag === undefined);
        tally.count("an unflagged answer was checked several times", isUnflagged && whole.meter.evaluations > 3);
        tally.count("... and drawn at random", isUnflagged && whole.meter.evaluations > 3 && given.temperature > 0);
        tally.count("... and ended by itself", isUnflagged && whole.meter.evaluations > 3 && whole.finishReason === "stop");
        tally.count("an answer is flagged when much of it is out", (releasedBeforeFlag ?? 0) > 8);
      }),
      tally,
    );
  });

  it("every drawn token is in the answer or among the discarded ones, and rewinds add up", async () => {
    await fc.assert(
      fc.asyncProperty(habits, options, async (habit, given) => {
        // By contrast it is not the engine that draws.
        const watched = await watchAnswer(randomWorld(habit), { ...given, explore: "resample" });
        const { whole, steps, drawn } = watched;
        expect(whole.meter.emitted).toBe(steps.flatMap(({ tokens }) => tokens).length);
        // What several drew alike is drawn once.
        expect(whole.meter.emitted + whole.discarded).toBeGreaterThanOrEqual(drawn);
        expect(whole.rewinds).toBe(rewindsOf(watched).length);
        expect(whole.rewinds).toBe(steps.reduce((sum, { rewinds }) => sum + rewinds, 0));
      }),
      { numRuns: 100 },
    );
  });

  it("the same seed gives the same steps", async () => {
    await fc.assert(
      fc.asyncProperty(habits, options, async (habit, given) => {
        const [one, other] = [await watchAnswer(randomWorld(habit), given), await watchAnswer(randomWorld(habit), given)];
        expect(one.steps).toEqual(other.steps);
      }),
      { numRuns: 50 },
    );
  });
});

/** Where texts and tokens are cut. */
function countCuts(tally: Tally, watched: WatchedAnswer, given: Given): void {
  const { shown, written, whole } = watched;
  const last = written.at(-1) ?? "";
  const before = written.slice(0, -1);
  const isStopped = !isRefusal(watched) && cut(last, given) !== last;
  tally.count("a stop string ends an answer", isStopped);
  tally.count("... that began in an earlier step", isStopped && before.some((text) => text.length > cut(last, given).length));
  tally.count("a stop string is in the refusal", isRefusal(watched) && whole.text !== REFUSAL);
  tally.count(
    "what may become a stop string waits",
    before.some((text, step) => lacks(shown[step], text)),
  );
  tally.count(
    "a character is cut between two steps",
    before.some((text) => text.endsWith("\uFFFD")),
  );
  tally.count("a character is cut by the length limit", last.endsWith("\uFFFD"));
}

/** Whether less is shown than was written in whole characters. */
function lacks(shown: string | undefined, written: string): boolean {
  return (shown ?? "").length < written.replace(/\uFFFD$/, "").trimStart().length;
}

/** What becomes of flags. */
function countSearches(tally: Tally, watched: WatchedAnswer, given: Given): void {
  const { whole, deeds, steps, releasedBeforeFlag } = watched;
  const isFiltered = whole.finishReason === "content_filter";
  const isFlagged = whole.rewinds > 0;
  const isInPlace = given.judging === "in-place" && given.doubtMargin === 0.5;
  tally.count("something is flagged behind text that is out", (releasedBeforeFlag ?? 0) > 0);
  tally.count("something better is found", isFlagged && given.onExhausted === "refuse" && !isFiltered);
  tally.count("an answer is refused at once", isRefusal(watched));
  tally.count("an answer is refused behind text that is out", isFiltered && !isRefusal(watched));
  tally.count(
    "a search goes through several rounds",
    deeds
      .join(" ")
      .split("draft")
      .some((search) => search.split("expand").length > 2),
  );
  tally.count("a search goes back behind what is held back", goesBack(watched));
  tally.count("text is held back, and then shown", given.heldBack === 7 && steps.length > 1);
  tally.count("the judge in place is in doubt", isInPlace && deeds.includes("bad-first"));
  tally.count("the judge in place is sure", isInPlace && !deeds.includes("bad-first"));
}

/** Whether a rewind without a commit in between led further back than the one before it. */
function goesBack({ events }: WatchedAnswer): boolean {
  return events.some((event, index) => {
    const before = events[index - 1];
    return event.type === "rewind" && before?.type === "rewind" && event.committed < before.committed;
  });
}

/** An answer, and all that could be seen of its making. */
interface WatchedAnswer {
  readonly whole: RainAnswer;
  readonly steps: readonly RainStep[];
  /** After each step: all tokens that are out, as text, a character that is cut as U+FFFD; without end token. */
  readonly written: readonly string[];
  /** After each step: all text that was shown. */
  readonly shown: readonly string[];
  /** Texts that the judge was asked about so far, at each step. */
  readonly heard: readonly ReadonlySet<string>[];
  readonly events: readonly RainEvent[];
  /** What the engine did, in order: a draft's token, a round of candidates, the judge's orders in this batch. */
  readonly deeds: readonly string[];
  /** Tokens that were drawn, all in all. */
  readonly drawn: number;
  /** Tokens that were released when something was left for the first time; `undefined` if nothing was. */
  readonly releasedBeforeFlag: number | undefined;
}

async function watchAnswer(world: World, options: RainOptions): Promise<WatchedAnswer> {
  const heard = new Set<string>();
  const goodness = (text: string) => {
    heard.add(text);
    return world.goodness(text);
  };
  const deeds: string[] = [];
  const count = { drawn: 0 };
  const engine = recording(worldEngine({ ...world, goodness }), { deeds, count });
  const events: RainEvent[] = [];
  const [steps, written, shown, heardAt]: [RainStep[], string[], string[], Set<string>[]] = [[], [], [], []];
  const tokens: Token[] = [];
  let releasedBeforeFlag: number | undefined;
  const onEvent = (event: RainEvent) => {
    events.push(event);
    if (event.type === "rewind") releasedBeforeFlag ??= tokens.length;
    options.onEvent?.(event);
  };
  const answering = rain(engine, ASK, { ...options, onEvent });
  let next = await answering.next();
  for (; !next.done; next = await answering.next()) {
    steps.push(next.value);
    tokens.push(...next.value.tokens);
    written.push(engine.tokenizer.detokenize(tokens.filter((token) => !engine.tokenizer.isEnd(token))));
    shown.push((shown.at(-1) ?? "") + next.value.text);
    heardAt.push(new Set(heard));
  }
  return { whole: next.value, steps, written, shown, heard: heardAt, events, deeds, drawn: count.drawn, releasedBeforeFlag };
}

interface Record {
  readonly deeds: string[];
  readonly count: { drawn: number };
}

function recording(engine: Engine, { deeds, count }: Record): Engine {
  const orderOf = ({ prefix }: NextTokenQuery) =>
    /A\)? harmful[^\n]*(\n[^\n]*)?$/.test(engine.tokenizer.detokenize(prefix)) ? "bad-first" : "good-first";
  return watchedEngine(engine, (deed, _, queries) => {
    if (deed === "prime") return;
    if (deed !== "verdict") count.drawn += queries.length;
    const told = deed === "verdict" ? [...new Set(queries.map(orderOf))].join(" and ") : deed;
    // Of a batch in lock-step, one deed.
    if (deed === "draft" || deed === "verdict" || deeds.at(-1) !== told) deeds.push(told);
  });
}
