import type { MemorySample, SoakReport } from "./soak-run.ts";

/** Requests until code is compiled, caches are full and memory is as large as it needs to be. */
export const WARM_UP = 200;

/** How many times as much memory there may be at the end as behind the warm-up. */
const MOST_GROWTH = 1.05;

/** The end over the end of the warm-up. `undefined`: there is nothing behind the warm-up. */
export function growthOf(memory: readonly MemorySample[]): { readonly resident: number; readonly heap: number } | undefined {
  const warm = memory.find(({ after }) => after >= WARM_UP);
  const end = memory.at(-1);
  if (warm === undefined || end === undefined || warm === end) return undefined;
  return { resident: end.resident / warm.resident, heap: end.heap / warm.heap };
}

/** What must not be, one line each. */
export function complaintsAbout({ memory, lostSequences, lostPlaces, unhandledRejections, faults }: SoakReport): string[] {
  const complaints: string[] = [];
  for (const [kind, growth] of Object.entries(growthOf(memory) ?? {})) {
    if (growth > MOST_GROWTH)
      complaints.push(`Expected ${kind} memory to stay within a factor of ${MOST_GROWTH}, got ${growth.toFixed(3)}`);
  }
  const counts = { "lost sequences": lostSequences, "lost places in the queue": lostPlaces, "unhandled rejections": unhandledRejections };
  for (const [kind, count] of Object.entries(counts)) if (count !== 0) complaints.push(`Expected no ${kind}, got ${count}`);
  return [...complaints, ...faults.map((fault) => `Expected no other errors, got ${fault}`)];
}
