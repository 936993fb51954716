/** What the benchmarks accept on the command line, checked in one way. */

/** @throws {RangeError} for anything but a positive integer */
export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(`Expected \`--${option}\` to be a positive integer, got \`${text}\``);
}

/** @throws {RangeError} for a name that is none of these */
export function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((known) => known === text);
  if (name !== undefined) return name;
  throw new RangeError(`Expected \`--${option}\` to be one of ${names.join(", ")}, got \`${text}\``);
}

/** The names that were given, or all of them. */
export function someOf<Name extends string>(option: string, texts: readonly string[] | undefined, names: readonly Name[]): readonly Name[] {
  return texts?.map((text) => oneOf(option, text, names)) ?? names;
}
