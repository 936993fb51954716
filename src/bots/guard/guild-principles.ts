import { PRINCIPLES, type Principle, principle } from "../../core/index.ts";
import type { GuildSettings } from "./settings.ts";

/** A principle that a guild names: a built-in one or its own. The settings' schema lets no other name pass. */
export function guildPrinciple({ principles }: Pick<GuildSettings, "principles">, name: string): Principle {
  const builtIn = Object.hasOwn(PRINCIPLES, name) ? PRINCIPLES[name] : undefined;
  const own = Object.hasOwn(principles, name) ? principles[name] : undefined;
  if (builtIn !== undefined) return builtIn;
  if (own === undefined) throw new RangeError(`Expected the name of a principle, got "${name}"`);
  return principle({ name, question: own.question, good: own.good, bad: own.bad });
}
