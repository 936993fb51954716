/** What is told while an answer is written: events, and notices for people. */

/** What happens inside, as it happens; the same for everything here. Plain data, so that it can travel as JSON. */
export type RainCustomEvent =
  | {
      /** A text was judged bad and left; another one is written. */
      readonly type: "rewind";
      /** How many there were now, this one included. */
      readonly rewinds: number;
      /** Value of what was left: -1 (bad) to 1 (good). */
      readonly value: number;
      /** What was left: only with `revealDiscarded`. */
      readonly discarded?: string;
    }
  | {
      /** A text was accepted. It is never taken back. */
      readonly type: "commit";
      readonly text: string;
      readonly value: number;
    }
  | {
      /** Nothing acceptable came, or something was kept out. */
      readonly type: "violation";
      readonly stage: Stage;
      /** The best value that was found. */
      readonly value: number;
    };

/** What was judged: a person's message, the model's answer with its tool calls, or what a tool gave back. */
export type Stage = "input" | "output" | "tool_result";

/** What it throws, or rejects with, ends the request. */
export type OnRainEvent = (event: RainCustomEvent) => unknown;

/** The name under which these events are dispatched to LangChain's callbacks. */
export const RAIN_EVENT = "rain";

/** Takes custom events: a run manager of LangChain. */
export interface EventSink {
  handleCustomEvent(name: string, data: unknown): Promise<unknown> | unknown;
}

/** Tells the caller's own listener and, where there is a run, its callbacks: these may be read by anybody, and never hear what was discarded. */
export async function dispatchRainEvent(event: RainCustomEvent, onRainEvent: OnRainEvent, run: EventSink | undefined): Promise<void> {
  await onRainEvent(event);
  await run?.handleCustomEvent(RAIN_EVENT, forAnybody(event));
}

/** The same without discarded text, which is the listener's alone. */
export function forAnybody(event: RainCustomEvent): RainCustomEvent {
  if (event.type !== "rewind") return event;
  const { discarded: _, ...safe } = event;
  return safe;
}

/** Where a notice goes without a listener: to the warnings of the process, as libraries have no other place. */
export function warn(notice: string): void {
  process.emitWarning(notice, "RainWarning");
}

/** Tells a listener. What it throws does not end the work that it listens to, and becomes a warning of the process. */
export function emit<Event>(listener: ((event: Event) => unknown) | undefined, event: Event): void {
  const told = (async () => await listener?.(event))();
  told.catch((error: unknown) => warn(`Expected a listener to take what it is told, got an error: ${String(error)}`));
}
