/** Numbers that depend on the seed alone. */
export type Random = {
  /** Evenly spread over [0, 1). */
  readonly even: () => number;
  /** Normally distributed around 0 with deviation 1. */
  readonly normal: () => number;
};

/** The mulberry32 generator, seeded with the FNV-1a hash of a text. */
export function seededRandom(seed: string): Random {
  let state = 2166136261;
  for (const byte of Buffer.from(seed)) state = Math.imul(state ^ byte, 16777619);
  const even = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - even())) * Math.cos(2 * Math.PI * even());
  return { even, normal };
}
