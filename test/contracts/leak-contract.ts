import { describe, expect, it } from "vitest";
import { AGENT_SURFACES, type AgentSurface, type Build, MODEL_SURFACES, type ModelSurface, shownOn } from "../support/surfaces.ts";

/** An agent or a model whose first draft is bad. */
export interface LeakSubject {
  readonly name: string;
  /** Builds it anew. What stands in a bad draft contains `bad`, what is answered in the end contains `good`. */
  readonly build: Build;
  readonly bad: string;
  readonly good: string;
  /** Whether the model alone keeps the draft back, so that it is watched without an agent too. */
  readonly isModel?: boolean;
  /** Surfaces that show the draft all the same. @default none */
  readonly leaks?: readonly (AgentSurface | ModelSurface)[];
}

/** Surfaces that show no answer, or only part of it: nothing can be expected there but that there is no leak. */
const SILENT: ReadonlySet<string> = new Set(["stream custom", "cache"]);

/** A leak is a discarded draft that anybody gets to see. On every surface: no leak, or one that is known. */
export function leakContract({ name, build, bad, good, isModel = false, leaks = [] }: LeakSubject): void {
  const surfaces = [...Object.keys(AGENT_SURFACES), ...(isModel ? Object.keys(MODEL_SURFACES) : [])] as (AgentSurface | ModelSurface)[];

  describe(name, () => {
    it.each(surfaces.filter((surface) => !leaks.includes(surface)))("shows nothing of a discarded draft: %s", async (surface) => {
      const shown = await shownOn(surface, build);
      expect(shown).not.toContain(bad);
      if (!SILENT.has(surface)) expect(shown).toContain(good);
    });

    it.each(leaks)("is known to show a discarded draft: %s", async (surface) => {
      expect(await shownOn(surface, build)).toContain(bad);
    });
  });
}
