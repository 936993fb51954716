/**
 * Random numbers that are functions of what they are for. Nothing here has state, so nothing depends on the order in which
 * batches, branches and requests were run.
 */

/** A number in [0, 1) that depends on `seed` and `index` alone (both are taken as 32-bit integers). */
export function randomAt(seed: number, index: number): number {
  return mix(mix(seed) ^ Math.imul(index + 1, 0x9e3779b9)) / 2 ** 32;
}

/** A new seed, a non-negative 32-bit integer, for the part of the work named by `label`. */
export function deriveSeed(seed: number, ...label: readonly number[]): number {
  return label.reduce((derived, part) => mix(derived ^ Math.imul(part + 1, 0x85ebca6b)), mix(seed));
}

/** The finaliser of MurmurHash3 over the next Weyl step: every input bit changes every output bit with probability near 1/2. */
function mix(value: number): number {
  let mixed = (value + 0x6d2b79f5) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
