/** What is known of a source frame when in-betweens are planned. */
export type TimedFrame = {
  readonly pts: bigint;
  /** The same picture as the frame before. */
  readonly isRepeat: boolean;
};

/** What to show at a time: a frame as it is, or a picture at `share` of the way between two frames. */
export type Showing =
  | { readonly kind: "frame"; readonly index: number }
  | { readonly kind: "between"; readonly first: number; readonly second: number; readonly share: number };

/** Repeated frames over which motion is continued: a run of one picture shown at most this many times. */
export const longestRun = 4;
/** A repeat differs by less than this (8-bit code values over the 16x16 pixels that differ most)… */
const repeatDifference = 1.5;
/** …and by this much less than one of the frames just before it differed from its own predecessor. */
const repeatContrast = 5;
const contrastFrames = 3;

/** Frames around the ones at and after an output time on which its picture depends: for finding repeats, and to be mixed. */
export const pairingContext = { before: 2 * longestRun, after: longestRun } as const;

/** Whether a frame repeats the one before, from its largest difference and those of the frames before it, latest last.
 *  In a calm scene, where all frames differ little, none is a repeat unless it is exactly the same. */
export function isRepeatedFrame(difference: number, earlier: readonly number[]): boolean {
  if (difference === 0) return true;
  if (difference > repeatDifference) return false;
  return earlier.slice(-contrastFrames).some((other) => other >= repeatContrast * difference);
}

/** How many frames must be known after `index` to decide what is shown between it and its successor: grows with repeats. */
export function knowsEnough(frames: readonly TimedFrame[], index: number): boolean {
  for (let next = index + 1; next <= index + longestRun; next += 1) {
    const frame = frames[next];
    if (frame === undefined) return false;
    if (!frame.isRepeat) return true;
  }
  return true;
}

/** Decides what is shown at `ticks`. Runs of up to `longestRun` repeats become one picture at its first time, so that motion
 *  goes on through them; in longer ones the picture stands still.
 *  Shape: `frames` in order of time, at least `pairingContext` around the time where the source has them. */
export function chooseShowing(frames: readonly TimedFrame[], ticks: bigint): Showing {
  const index = frames.findLastIndex((frame) => frame.pts <= ticks);
  if (index < 0) return { kind: "frame", index: 0 };
  const run = findRun(frames, index);
  const first = run?.first ?? index;
  const second = run?.next ?? index + 1;
  const [from, to] = [frames[first], frames[second]];
  if (from === undefined || to === undefined || ticks === from.pts) return { kind: "frame", index: first };
  if (run === undefined && to.isRepeat) return { kind: "frame", index };
  return { kind: "between", first, second, share: Number(ticks - from.pts) / Number(to.pts - from.pts) };
}

/** The frame that begins the run of repeats and the one that ends it; undefined for a picture that stands still. */
function findRun(frames: readonly TimedFrame[], index: number): { first: number; next: number } | undefined {
  let first = index;
  while (first > 0 && frames[first]?.isRepeat === true) {
    first -= 1;
    if (index - first >= longestRun) return undefined;
  }
  let next = index + 1;
  while (frames[next]?.isRepeat === true) next += 1;
  if (frames[next] === undefined && next > index + 1) return undefined; // the last picture stands still
  return next - first > longestRun ? undefined : { first, next };
}
