import { type Rational, ticksToSeconds } from "../domain/rational.ts";
import type { PacketSize } from "../media/packet-sizes.ts";

/** A part of a video. Units: ticks of its time base; seconds from its first frame. */
export type Stretch = {
  readonly fromTicks: bigint;
  /** Undefined: to the end. */
  readonly untilTicks: bigint | undefined;
  readonly startSeconds: number;
  readonly durationSeconds: number;
  readonly reason: string;
};

const wantedSeconds = 2;
/** Above this the encoder's own spending says where it is hard. */
const notableRatio = 1.15;

/** The two seconds that took the most bits, which is where the picture holds and moves the most; where every stretch took
 *  about the same, the ones in the middle. `endTicks`: of the last frame. Pure. */
export function mostDemanding(sizes: readonly PacketSize[], timeBase: Rational, endTicks: bigint): Stretch | undefined {
  const first = sizes[0]?.ticks;
  if (first === undefined) return undefined;
  const wanted = BigInt(Math.max(1, Math.round((wantedSeconds * timeBase.den) / timeBase.num)));
  const whole = ticksToSeconds(endTicks - first, timeBase);
  if (endTicks - first <= wanted) {
    return { fromTicks: first, untilTicks: undefined, startSeconds: 0, durationSeconds: whole, reason: "the whole video" };
  }
  const windows = windowBytes(sizes, wanted, endTicks);
  const most = windows.reduce((best, window) => (window.bytes > best.bytes ? window : best));
  const sorted = windows.map(({ bytes }) => bytes).toSorted((a, b) => a - b);
  const usual = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const ratio = usual > 0 ? most.bytes / usual : 1;
  const chosen = ratio >= notableRatio ? most : (windows[Math.floor(windows.length / 2)] ?? most);
  const reason =
    ratio >= notableRatio
      ? `these two seconds took ${ratio.toFixed(1)} times the bits of usual ones`
      : "every stretch took about as many bits: the middle";
  const untilTicks = chosen.fromTicks + wanted;
  return {
    fromTicks: chosen.fromTicks,
    untilTicks: untilTicks >= endTicks ? undefined : untilTicks,
    startSeconds: ticksToSeconds(chosen.fromTicks - first, timeBase),
    durationSeconds: ticksToSeconds(wanted, timeBase),
    reason,
  };
}

type Window = { readonly fromTicks: bigint; readonly bytes: number };

/** The bytes of each window of that length that begins with a frame and ends before the end. */
function windowBytes(sizes: readonly PacketSize[], lengthTicks: bigint, endTicks: bigint): readonly Window[] {
  const windows: Window[] = [];
  let next = 0;
  let bytes = 0;
  for (const { ticks, bytes: own } of sizes) {
    if (ticks + lengthTicks > endTicks && windows.length > 0) break;
    for (let packet = sizes[next]; packet !== undefined && packet.ticks < ticks + lengthTicks; packet = sizes[next]) {
      bytes += packet.bytes;
      next += 1;
    }
    windows.push({ fromTicks: ticks, bytes });
    bytes -= own;
  }
  return windows;
}
