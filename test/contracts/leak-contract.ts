import { describe, expect, it } from "vitest";
import { AGENT_SURFACES, type Build, CHAIN_SURFACES, MODEL_SURFACES, type SurfaceName, shownOn } from "../support/surfaces.ts";

/** An agent, a model or a chain whose first draft is bad. */
export interface LeakSubject {
  readonly name: string;
  /** Builds it anew. What stands in a bad draft contains `bad`, what is answered in the end contains `good`. */
  readonly build: Build;
  readonly bad: string;
  readonly good: string;
  /** Surfaces to watch. @default those of an agent */
  readonly surfaces?: readonly SurfaceName[];
  /** Surfaces that show the draft all the same. @default none */
  readonly leaks?: readonly SurfaceName[];
}

const ON_AGENT = Object.keys(AGENT_SURFACES) as SurfaceName[];
export const ALONE = Object.keys(CHAIN_SURFACES) as SurfaceName[];
/** A chat model is watched in an agent and alone. */
export const ON_MODEL: readonly SurfaceName[] = [...ON_AGENT, ...ALONE, ...(Object.keys(MODEL_SURFACES) as SurfaceName[])];

/** Surfaces that show no answer, or only part of it: nothing can be expected there but that there is no leak. */
const SILENT: ReadonlySet<SurfaceName> = new Set(["stream custom", "cache"] as const);

/** A leak is a discarded draft that anybody gets to see. On every surface: no leak, or one that is known. */
export function leakContract({ name, build, bad, good, surfaces = ON_AGENT, leaks = [] }: LeakSubject): void {
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
