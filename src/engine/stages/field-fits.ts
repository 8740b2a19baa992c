import { FieldComparer, type FieldFit, type Parity } from "../../kernels/fields.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { FieldEvidence } from "./field-cadence.ts";

/** A frame and how its fields fit to those around them.  Owns: the frame. */
export type MeasuredFrame = { readonly frame: VideoFrame; readonly fits: FieldFits };
export type FieldFits = readonly [first: FieldFit, second: FieldFit];

/** Squared sums that say nothing: half of what one sample does that differs by one. */
const leastEvidence = 18;
/** Nor does this share of what most fields around show at most: a codec's noise, in stillness and in the dark. */
const noiseShare = 0.03;
const mostFields = 0.75;
const noFit: FieldFit = { laterWorse: 0, earlierWorse: 0, apart: 0 };

/** Compares every field with the one before and the one after it; at the ends, and where the pictures' shape changes, nothing
 *  is known.  8 bits.  Owns: takes each frame, yields the same ones. */
export async function* measureFields(
  frames: AsyncIterable<VideoFrame>,
  fieldOrder: "top_first" | "bottom_first",
): AsyncGenerator<MeasuredFrame> {
  const first: Parity = fieldOrder === "top_first" ? 0 : 1;
  const second: Parity = first === 0 ? 1 : 0;
  let comparer: FieldComparer | undefined;
  let number = 0;
  let waiting: { readonly frame: VideoFrame; readonly fit: FieldFit } | undefined;
  try {
    for await (const frame of frames) {
      const before = waiting;
      waiting = { frame, fit: noFit };
      if (before === undefined || comparer === undefined || !isSameShape(before.frame, frame)) {
        if (before !== undefined) yield { frame: before.frame, fits: [before.fit, noFit] };
        comparer = new FieldComparer({ width: frame.width, height: frame.height });
        number = 0;
        comparer.load(number, frame.plane(0));
        continue;
      }
      number += 1;
      comparer.load(number, frame.plane(0));
      waiting = { frame, fit: comparer.compare(number, first, number - 1, number) };
      yield { frame: before.frame, fits: [before.fit, comparer.compare(number - 1, second, number - 1, number)] };
    }
    const last = waiting;
    waiting = undefined;
    if (last !== undefined) yield { frame: last.frame, fits: [last.fit, noFit] };
  } finally {
    waiting?.frame[Symbol.dispose]();
  }
}

export function isSameShape(a: VideoFrame, b: VideoFrame): boolean {
  return a.width === b.width && a.height === b.height && a.formatName === b.formatName;
}

/** What the fits of consecutive fields say. Pure. */
export function evidenceOf(fits: readonly FieldFit[]): readonly FieldEvidence[] {
  const leastStanding = leastOf(fits.map(({ laterWorse, earlierWorse }) => laterWorse + earlierWorse));
  const leastApart = leastOf(fits.map(({ apart }) => apart));
  return fits.map(({ laterWorse, earlierWorse, apart }, index) => {
    // Two fields beside each other are not both in the middle of a run.
    const beside = [fits[index - 1], fits[index + 1]].filter((fit) => fit !== undefined);
    const apartBeside = Math.min(...beside.map((fit) => fit.apart));
    const repeat = beside.length === 0 ? 0 : preference(apartBeside, apart, leastApart);
    return { next: preference(earlierWorse, laterWorse, leastStanding), repeat };
  });
}

function leastOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).toSorted();
  return leastEvidence + noiseShare * (sorted[Math.floor(sorted.length * mostFields)] ?? 0);
}

function preference(more: number, less: number, least: number): number {
  return (more - less) / (more + less + least);
}
