import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { type Call, type Engine, Meter, type Prefix, PURPOSES, type Purpose } from "../../../src/core/index.ts";
import { loadLlamaEngine } from "../../../src/llama.ts";
import { ARCHITECTURES, type ArchitectureName } from "../../../training/architectures.ts";
import { writeRandomModel } from "../../../training/random-model.ts";
import { temporaryFolder } from "../../support/tiny-model.ts";

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

/** What is asked behind a node of a tree of texts, which is written behind an earlier node. */
interface Visit {
  /** Which node: counted from the newest one backwards. */
  readonly back: number;
  readonly tokens: readonly number[];
  readonly purpose: Purpose;
  readonly topK: number;
  /** Tokens whose logits are wanted. */
  readonly named: number;
  readonly isKept: boolean;
  /** Whether it is held from now on, as by a generation that is paused there. */
  readonly isHeld: boolean;
  /** Whether the parent is asked about in the same batch. */
  readonly isBeside: boolean;
}

const VISIT: fc.Arbitrary<Visit> = fc.record({
  back: fc.nat(6),
  tokens: fc.array(fc.integer({ min: 259, max: 900 }), { minLength: 1, maxLength: 20 }),
  purpose: fc.constantFrom(...PURPOSES),
  topK: fc.constantFrom(0, 5, 40),
  named: fc.constantFrom(0, 3),
  isKept: fc.boolean(),
  isHeld: fc.boolean(),
  isBeside: fc.boolean(),
});

/** What two readings of one prefix may differ by: the last digits depend on what is computed at once. */
const SAME = 5e-3;

describe.each(Object.keys(ARCHITECTURES) as ArchitectureName[])("A model of the kind %s", (name) => {
  it("expects behind any prefix what it would afresh, wherever it rewound to, and whatever others have asked", async () => {
    const model = await writeRandomModel(`${folder.path}/${name}.gguf`, name);
    // Fewer sequences and checkpoints than there are nodes, so that some are evicted.
    await using engine = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 4 });
    await using afresh = await loadLlamaEngine({ model, gpu: false, threads: 1, sequences: 1 });
    const start = engine.tokenizer.render([{ role: "user", text: "Who painted the old bridge?" }]);
    await fc.assert(
      fc.asyncProperty(fc.array(VISIT, { minLength: 4, maxLength: 16 }), async (visits) => {
        const nodes: Prefix[] = [start];
        const held: Disposable[] = [];
        for (const visit of visits) {
          const parent = nodes[Math.max(0, nodes.length - 1 - visit.back)] as Prefix;
          const prefix = [...parent, ...visit.tokens];
          nodes.push(prefix);
          if (visit.isHeld) held.push(engine.hold(prefix));
          await expectAfresh({ engine, afresh, visit, prefixes: visit.isBeside ? [prefix, parent] : [prefix] });
        }
        for (const one of held) one[Symbol.dispose]();
      }),
      { numRuns: 8 },
    );
  });
});

interface Compared {
  readonly engine: Engine;
  /** The same model, which nobody else asks. */
  readonly afresh: Engine;
  readonly visit: Visit;
  readonly prefixes: readonly Prefix[];
}

async function expectAfresh({ engine, afresh, visit, prefixes }: Compared): Promise<void> {
  const named = Array.from({ length: visit.named }, (_, index) => 300 + index);
  const topK = visit.topK + visit.named === 0 ? 1 : visit.topK;
  const queries = prefixes.map((prefix) => ({ prefix, topK, tokens: named, isKept: visit.isKept }));
  const found = await engine.next(queries, callFor(visit.purpose));
  for (const [index, { likeliest, logits }] of found.entries()) {
    const [expected] = await afresh.distributions({ prefix: prefixes[index] as Prefix, tokens: [0], isAfresh: true }, callFor("evaluate"));
    const read = [...likeliest, ...logits.map((logit, place) => ({ token: named[place] as number, logit }))];
    expectSame(
      read.slice(0, likeliest.length).map(({ logit }) => logit),
      read.slice(0, likeliest.length).map(({ token }) => expected?.[token] as number),
    );
    expectSame(
      logits,
      named.map((token) => expected?.[token] as number),
    );
  }
}

/** Logits up to a constant. */
function expectSame(found: readonly number[], expected: readonly number[]): void {
  for (const [index, logit] of found.entries()) {
    const difference = logit - (found[0] as number) - ((expected[index] as number) - (expected[0] as number));
    expect(Math.abs(difference)).toBeLessThan(SAME);
  }
}

function callFor(purpose: Purpose): Call {
  return { purpose, meter: new Meter() };
}
