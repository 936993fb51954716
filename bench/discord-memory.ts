import type { Inference } from "../src/bots/guard/index.ts";
import { BusyGuild } from "./discord-guild.ts";

/** Memory at the end against memory after the second tenth of the run. */
export interface MemoryOver {
  readonly heapRatio: number;
  readonly residentRatio: number;
}

const PEOPLE = 8;
const TENTHS = 10;

/** Watches one process, with one bot, over so many questions. What the Discord of our own remembers of them is dropped after each tenth. */
export async function memoryOver(inference: Inference, { messages, questions }: Watched): Promise<MemoryOver> {
  const heap: number[] = [];
  const resident: number[] = [];
  await using guild = await BusyGuild.open(inference, PEOPLE);
  const count = Math.ceil(messages / TENTHS);
  for (let tenth = 0; tenth < TENTHS; tenth++) {
    await guild.ask(Array.from({ length: count }, (_, index) => questions[(tenth * count + index) % questions.length] as string));
    guild.forget();
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    heap.push(heapUsed);
    resident.push(rss);
  }
  return { heapRatio: ratio(heap), residentRatio: ratio(resident) };
}

interface Watched {
  readonly messages: number;
  readonly questions: readonly string[];
}

/** The first tenth warms everything up. */
function ratio(values: readonly number[]): number {
  return (values.at(-1) as number) / (values[1] as number);
}
