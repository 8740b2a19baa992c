import { runwareMicros } from "../../domain/pricing.ts";
import type { Job } from "../../domain/job.ts";

/** What a finished job costs, by the length of its source where that is known.
 *  Callbacks are written before the price is settled, so they cannot read it. */
export function jobQuoteMicros({ isFree, planned, result }: Job, secondMicros: number): bigint {
  const durationSeconds = planned?.durationSeconds ?? result?.durationSeconds ?? 0;
  return isFree ? 0n : runwareMicros(durationSeconds, secondMicros);
}

/** As the wire has it: a number of US dollars. */
export function toDollars(micros: bigint): number {
  return Number(micros) / 1e6;
}
