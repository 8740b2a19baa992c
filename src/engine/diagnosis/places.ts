import type { Place } from "../../media/samples.ts";
import { lastKeyUntil } from "../segments.ts";

/** Consecutive frames of a window: three cycles of pulldown, five of animation on threes. */
export const windowFrames = 16;

/** Larger pictures are looked at in fewer places: decoding them is most of the cost. */
const effort: readonly { readonly upToPixels: number; readonly windows: number; readonly strideFrames: number }[] = [
  { upToPixels: 1_000_000, windows: 8, strideFrames: 24 },
  { upToPixels: 2_300_000, windows: 5, strideFrames: 16 },
  { upToPixels: 9_000_000, windows: 3, strideFrames: 16 },
  { upToPixels: Infinity, windows: 1, strideFrames: 16 },
];

export type PlacesQuestion = {
  readonly frameTicks: readonly bigint[];
  readonly keyTicks: readonly bigint[];
  readonly pixels: number;
};

/** Spreads windows over the whole file. Each starts where decoding can; where key frames are rare, several follow one. */
export function choosePlaces({ frameTicks, keyTicks, pixels }: PlacesQuestion): readonly Place[] {
  const { windows, strideFrames } = effort.find(({ upToPixels }) => pixels <= upToPixels) ?? { windows: 1, strideFrames: 16 };
  const whole = Math.ceil(frameTicks.length / windowFrames);
  if (whole <= windows) return [{ seekTicks: undefined, windows: Math.max(1, whole), windowFrames, strideFrames: windowFrames }];
  const starts = new Map<bigint | undefined, number>();
  for (let index = 0; index < windows; index += 1) {
    const middle = frameTicks[Math.floor(((index + 0.5) * frameTicks.length) / windows)] ?? 0n;
    const key = lastKeyUntil(keyTicks, middle);
    const seekTicks = key === undefined || key === frameTicks[0] ? undefined : key;
    starts.set(seekTicks, (starts.get(seekTicks) ?? 0) + 1);
  }
  return [...starts].map(([seekTicks, count]) => ({ seekTicks, windows: count, windowFrames, strideFrames }));
}
