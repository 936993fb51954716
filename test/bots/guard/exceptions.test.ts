import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { everySettings, filterActions, type GuildSettings, limitOf, settingsFor } from "../../../src/bots/guard/index.ts";
import { anySettings } from "../../support/random-settings.ts";

const USUAL = "usual";

/** Settings, some of whose exceptions are of places and some of roles, and who writes where. */
const anywhere = anySettings.chain((settings) => {
  const ids = Object.keys(settings.exceptions);
  return fc.record({
    settings: fc.constant(settings),
    where: fc
      .record({
        of: fc.array(fc.constantFrom("role", "place", "nobody"), { minLength: ids.length, maxLength: ids.length }),
        turned: fc.boolean(),
      })
      .map(({ of, turned }) => {
        const those = (kind: string) => ids.filter((_, index) => of[index] === kind);
        return { roles: those("role"), channels: turned ? those("place").toReversed() : those("place") };
      }),
  });
});

type Where = Parameters<typeof settingsFor>[1];
type Exception = GuildSettings["exceptions"][string];

/** Those that apply, by what the guide says: roles in the order of the settings, then places from within. */
function applying({ exceptions }: GuildSettings, { roles, channels }: Where): readonly Exception[] {
  const order = [...Object.keys(exceptions).filter((id) => roles.includes(id)), ...channels];
  return order.flatMap((id) => exceptions[id] ?? []);
}

/** One part of one rule, by what the guide says, step by step. */
function expectedOf(settings: GuildSettings, where: Where, name: string) {
  const rule = settings.moderation.rules[name] as GuildSettings["moderation"]["rules"][string];
  let { strictness, action }: { strictness: string; action: string } = rule;
  let hasOwnLimit = true;
  for (const exception of applying(settings, where)) {
    const own = exception.rules[name]?.strictness ?? USUAL;
    const said = own === USUAL && rule.strictness !== "off" ? exception.strictness : own;
    if (said === USUAL) continue;
    [strictness, hasOwnLimit] = [said, false];
    break;
  }
  for (const exception of strictness === "off" ? [] : applying(settings, where)) {
    const own = exception.rules[name]?.action ?? USUAL;
    const said = own === USUAL ? exception.action : own;
    if (said === USUAL) continue;
    action = said;
    break;
  }
  return { strictness, action, limit: hasOwnLimit ? rule.limit : undefined };
}

describe("Exceptions of single rules", () => {
  it("say what the guide says of them, whatever is set, wherever and by whomever something is written", () => {
    fc.assert(
      fc.property(anywhere, ({ settings, where }) => {
        const { rules } = settingsFor(settings, where).moderation;
        expect(Object.keys(rules)).toEqual(Object.keys(settings.moderation.rules));
        for (const [name, { strictness, action, limit }] of Object.entries(rules))
          expect({ strictness, action, limit }, name).toEqual(expectedOf(settings, where, name));
      }),
      { numRuns: 200 },
    );
  });

  it("make no rule stricter, nor have it do more, where no exception names it or speaks of all", () => {
    fc.assert(
      fc.property(anywhere, fc.nat(), ({ settings, where }, which) => {
        const names = Object.keys(settings.moderation.rules);
        const name = names[which % Math.max(1, names.length)];
        if (name === undefined) return;
        const silent = Object.entries(settings.exceptions).map(([id, exception]) => {
          const { [name]: _, ...rules } = exception.rules;
          return [id, { ...exception, strictness: USUAL, action: USUAL, rules } as Exception] as const;
        });
        const there = settingsFor({ ...settings, exceptions: Object.fromEntries(silent) }, where).moderation.rules[name];
        expect(there).toEqual(settings.moderation.rules[name]);
        expect(limitOf(there as NonNullable<typeof there>)).toBe(limitOf(settings.moderation.rules[name] as NonNullable<typeof there>));
      }),
      { numRuns: 200 },
    );
  });

  it("let no rule and no filter do anywhere what all that may hold anywhere does not say", () => {
    fc.assert(
      fc.property(anywhere, ({ settings, where }) => {
        const anywhereElse = everySettings(settings);
        const here = settingsFor(settings, where);
        const acts = (one: GuildSettings, name: string) => {
          const { strictness = "off", action = "log" } = one.moderation.rules[name] ?? {};
          return strictness !== "off" && action !== "log";
        };
        for (const name of Object.keys(settings.moderation.rules))
          if (acts(here, name))
            expect(
              anywhereElse.some((one) => acts(one, name)),
              name,
            ).toBe(true);
        const actions = anywhereElse.flatMap((one) => filterActions(one));
        for (const action of filterActions(here)) expect(actions).toContain(action);
      }),
      { numRuns: 300 },
    );
  });

  it("leave each filter as it is that none of them names, and do what is said of one that they name", () => {
    fc.assert(
      fc.property(anywhere, ({ settings, where }) => {
        const { links } = settings.moderation.filters;
        const isOn = links.action !== "off" && links.action !== "look";
        const said = applying(settings, where).flatMap(({ filters, action }) =>
          filters.links !== USUAL ? [filters.links] : isOn ? [action] : [],
        );
        const expected = said.find((one) => one !== USUAL) ?? links.action;
        expect(settingsFor(settings, where).moderation.filters.links).toEqual({ ...links, action: expected });
      }),
      { numRuns: 200 },
    );
  });
});
