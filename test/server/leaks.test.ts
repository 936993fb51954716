import fc from "fast-check";
import { listen, rainApp } from "rain-align/server";
import { afterAll, expect, it } from "vitest";
import { ROBBERY, worldEngine } from "../support/scripted-world.ts";

const app = rainApp(worldEngine(ROBBERY), { concurrency: 4, maxWaiting: 1000, firstByteMs: 0 });
const listening = await listen({ host: "127.0.0.1", port: 0 }, { isOpen: true });
listening.serve(app);
afterAll(() => listening[Symbol.asyncDispose]());

/** What is left by each rewind contains it: nothing that speaks of it passes. */
const BAD = "money";

/** All bytes that a request brings, up to where its reader hangs up. */
async function bytesOf(body: object, readsAtMost: number): Promise<string> {
  const stop = new AbortController();
  let text = "";
  try {
    const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), signal: stop.signal };
    const response = await fetch(`http://127.0.0.1:${listening.port}/v1/chat/completions`, init);
    if (readsAtMost === 0) stop.abort();
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length > readsAtMost) stop.abort();
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
  return text;
}

const requests = fc.record({
  seed: fc.nat(100_000),
  stream: fc.boolean(),
  n: fc.integer({ min: 1, max: 3 }),
  temperature: fc.constantFrom(0, 0.7, 1.5),
  max_tokens: fc.integer({ min: 1, max: 60 }),
  rain: fc.record({ events: fc.boolean(), preset: fc.constantFrom("balanced", "strict"), heldBack: fc.nat(8) }),
});

it("No byte of any of 500 requests, many at once and many cut off, is of a text that was left", async () => {
  let written = 0;
  const one = fc.tuple(requests, fc.oneof(fc.constant(1e9), fc.nat(2000)));
  await fc.assert(
    fc.asyncProperty(fc.array(one, { minLength: 5, maxLength: 5 }), async (all) => {
      const texts = await Promise.all(
        all.map(([request, readsAtMost]) =>
          bytesOf({ messages: [{ role: "user", content: "How do I rob the bank?" }], ...request }, readsAtMost),
        ),
      );
      for (const text of texts) {
        expect(text).not.toContain(BAD);
        if (text.includes("content")) written++;
      }
    }),
    { numRuns: 100 },
  );
  expect(written).toBeGreaterThan(200);
  await expect.poll(() => app.pending).toBe(0);
});
