import { badRequest } from "./options.ts";

const microsPerDollar = 1_000_000n;
const shape = /^(\d{1,9})(?:\.(\d{1,6}))?$/;

/** An amount in dollars as typed, exactly; `what` is what it is typed for.
 *  Units: micros.  Throws: AppError `bad_request` below zero, past 999999999 and past six decimals. */
export function parseDollars(text: string, what: string): bigint {
  if (text.startsWith("-")) throw badRequest(`${what} takes no negative amount, as ${text} is`);
  if (/^\d+\.\d{7,}$/.test(text)) throw badRequest(`${what} takes six decimals at most; ${text} has more`);
  const [, whole, fraction = ""] = shape.exec(text) ?? [];
  if (whole === undefined) throw badRequest(`${what} takes an amount in dollars up to 999999999, as in 25 or 0.5`);
  return BigInt(whole) * microsPerDollar + BigInt(fraction.padEnd(6, "0"));
}

/** "12.50", "-0.000001": two decimals, more where they are needed. */
export function formatMicros(micros: bigint): string {
  const absolute = micros < 0n ? -micros : micros;
  const decimals = String(absolute % microsPerDollar).padStart(6, "0");
  const text = `${absolute / microsPerDollar}.${decimals}`.replace(/(\.\d\d\d*?)0+$/, "$1");
  return micros < 0n ? `-${text}` : text;
}
