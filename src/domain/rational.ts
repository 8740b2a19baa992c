/** An exact fraction: frame rates, time bases, sample aspect ratios. `den` is positive. */
export type Rational = { readonly num: number; readonly den: number };

export function rational(num: number, den: number): Rational {
  return { num, den };
}

export function toNumber(value: Rational): number {
  return value.num / value.den;
}

export function formatRational(value: Rational): string {
  return value.den === 1 ? `${value.num}` : `${value.num}/${value.den}`;
}

export function equalRationals(a: Rational, b: Rational): boolean {
  return BigInt(a.num) * BigInt(b.den) === BigInt(b.num) * BigInt(a.den);
}

/** Ticks of `from` expressed in ticks of `to`, rounded to nearest, halves away from zero. */
export function rescaleTicks(ticks: bigint, from: Rational, to: Rational): bigint {
  const numerator = ticks * BigInt(from.num) * BigInt(to.den);
  const denominator = BigInt(from.den) * BigInt(to.num);
  const half = denominator / 2n;
  return numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator);
}

export function ticksToSeconds(ticks: bigint, timeBase: Rational): number {
  return (Number(ticks) * timeBase.num) / timeBase.den;
}

export function secondsToTicks(seconds: number, timeBase: Rational): bigint {
  return BigInt(Math.round((seconds * timeBase.den) / timeBase.num));
}
