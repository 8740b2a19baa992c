import type { DialectName } from "./job.ts";
import type { Rational } from "./rational.ts";
import { rateOf, type UpscaleRequest } from "./upscale-request.ts";

/** What a price depends on once the result is there. */
export type PricedResult = { readonly durationSeconds: number; readonly width: number; readonly height: number };

/** Prices that the operator sets, where a service has none of its own. */
export type PriceSettings = { readonly runwareSecondMicros: number };

const noPrices: PriceSettings = { runwareSecondMicros: 0 };

/** 0.0072 US dollars for a second of 1080p. */
export const falUnitPriceMicros = 7_200n;
/** Held at submit, when nobody knows yet how long the video is. */
const assumedDurationSeconds = 10;

const falBoxFactors = { "1080p": 1, "2k": 2, "4k": 4 } as const;

/** Seconds of output times the factors of size, frame rate and tier: what the fal dialect counts.
 *  Source: the hosted model's price table; with a scale ratio the size class follows from the output's pixels. */
export function falBillableUnits(request: UpscaleRequest, result: PricedResult): number {
  return (Math.round(result.durationSeconds * 1000) * falFactor(request, result)) / 1000;
}

function falFactor({ target, fps, tier }: UpscaleRequest, { width, height }: PricedResult): number {
  const size = target.kind === "box" ? falBoxFactors[target.box] : sizeFactor(width * height);
  return size * (fps !== "keep" && isAbove30(rateOf(fps)) ? 2 : 1) * (tier === "pro" ? 10 : 1);
}

function isAbove30({ num, den }: Rational): boolean {
  return num > 30 * den;
}

function sizeFactor(pixels: number): number {
  if (pixels <= 1920 * 1080) return 1;
  return pixels <= 2560 * 1440 ? 2 : 4;
}

export function runwareMicros(durationSeconds: number, secondMicros: number): bigint {
  return BigInt(Math.round(durationSeconds * secondMicros));
}

/** One credit is 0.01 US dollars. */
export const runwayCreditMicros = 10_000n;

/** Two credits a second, whole ones, at least one; a hundredth of a second is a container's rounding. */
export function runwayCredits(durationSeconds: number): bigint {
  return BigInt(Math.max(1, Math.ceil((Math.round(durationSeconds * 100) * 2) / 100)));
}

/** Two cents for each whole second, for at least five of them. */
export function wavespeedCents(durationSeconds: number): bigint {
  return BigInt(Math.max(5, Math.floor(Math.round(durationSeconds * 100) / 100)) * 2);
}

/** The price of a finished job by its dialect's own rule. Dialects that name no price are free.
 *  Units: millionths of a US dollar, rounded to nearest. */
export function priceMicros(
  dialect: DialectName,
  request: UpscaleRequest,
  result: PricedResult,
  { runwareSecondMicros }: PriceSettings = noPrices,
): bigint {
  switch (dialect) {
    case "fal": {
      const milliUnits = BigInt(Math.round(falBillableUnits(request, result) * 1000));
      return (milliUnits * falUnitPriceMicros + 500n) / 1000n;
    }
    case "runway":
    case "useapi":
      return runwayCredits(result.durationSeconds) * runwayCreditMicros;
    case "wavespeed":
      return wavespeedCents(result.durationSeconds) * 10_000n;
    case "runware":
      return runwareMicros(result.durationSeconds, runwareSecondMicros);
    case "native":
      return 0n;
  }
}

/** What is held from the credits until a job ends: the price of a short video at the largest size it may get. */
export function reserveMicros(dialect: DialectName, request: UpscaleRequest, settings?: PriceSettings): bigint {
  return priceMicros(dialect, request, { durationSeconds: assumedDurationSeconds, width: 3840, height: 2160 }, settings);
}
