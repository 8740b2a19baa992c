import { CombFinder } from "../../kernels/fields.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import { type FieldEvidence, type FieldPlace, placeFields } from "./field-cadence.ts";
import { evidenceOf, type FieldFits, isSameShape, measureFields } from "./field-fits.ts";

/** A picture of the film, or two fields that are of different ones.  Owns: the frame. */
export type MatchedFrame = {
  readonly frame: VideoFrame;
  readonly cycle: number;
  /** The same picture of the film as the frame before. */
  readonly isRepeated: boolean;
  readonly isCombed: boolean;
};

export type MatcherOptions = {
  readonly fieldOrder: "top_first" | "bottom_first";
  /** Frames with the same number are decided upon together. */
  readonly cycleOf: (frame: VideoFrame) => number;
};

/** Frames on each side of a cycle that its cadence is told from. */
const reach = 7;
/** The frames that a matched frame depends on, with the rest of its cycle and one for the comparison at the end. */
export const matchContext = reach + 4 + 1;

/** Combed samples in 16×16 from which on two fields are not of one picture: a corner of something that moves, not noise. */
const combedFrom = 80;

type Note = { readonly cycle: number; readonly fits: FieldFits; readonly frame: VideoFrame };

/** Puts to each frame's first field the second one of the same picture of the film: its own or that of the frame before.
 *  8 bits.  Owns: takes each frame, yields as many with the same times. */
export async function* matchFields(frames: AsyncIterable<VideoFrame>, options: MatcherOptions): AsyncGenerator<MatchedFrame> {
  const { fieldOrder, cycleOf } = options;
  const notes: Note[] = [];
  const combs = new Combs();
  let start = 0; // of the cycle that is next
  try {
    for await (const { frame, fits } of measureFields(frames, fieldOrder)) {
      notes.push({ cycle: cycleOf(frame), fits, frame });
      for (let end = endOfCycle(notes, start); notes.length - end >= reach; end = endOfCycle(notes, start)) {
        yield* matchCycle(notes, { start, end, fieldOrder, combs });
        start = forget(notes, end);
      }
    }
    for (; start < notes.length; start = endOfCycle(notes, start)) {
      yield* matchCycle(notes, { start, end: endOfCycle(notes, start), fieldOrder, combs });
    }
  } finally {
    for (const { frame } of notes) frame[Symbol.dispose]();
  }
}

function endOfCycle(notes: readonly Note[], start: number): number {
  const end = notes.findIndex(({ cycle }, index) => index > start && cycle !== notes[start]?.cycle);
  return end < 0 ? notes.length : end;
}

/** Lets go of what no cycle from `end` on needs; returns where that is then. */
function forget(notes: Note[], end: number): number {
  for (const { frame } of notes.slice(0, end - 1)) frame[Symbol.dispose]();
  const gone = Math.max(0, end - reach);
  notes.splice(0, gone);
  return end - gone;
}

type Cycle = {
  readonly start: number;
  readonly end: number;
  readonly fieldOrder: MatcherOptions["fieldOrder"];
  readonly combs: Combs;
};

function* matchCycle(notes: readonly Note[], { start, end, fieldOrder, combs }: Cycle): Generator<MatchedFrame> {
  const from = Math.max(0, start - reach);
  const fields = evidenceOf(notes.slice(from, end + reach).flatMap(({ fits }) => fits));
  const places = placeFields(fields);
  for (const [offset, { frame: own, cycle }] of notes.slice(start, end).entries()) {
    const before = notes[start + offset - 1]?.frame;
    const field = 2 * (start + offset - from);
    const place = places[field] ?? "alone";
    const isWithBefore = belongsBefore(place, fields[field]) && before !== undefined && isSameShape(own, before);
    using frame = isWithBefore ? weave(own, before, fieldOrder) : own.share();
    yield { frame: frame.share(), cycle, isRepeated: place === "last_of_three", isCombed: combs.isCombed(frame) };
  }
}

function belongsBefore(place: FieldPlace, evidence: FieldEvidence | undefined): boolean {
  if (place === "first") return false;
  return place === "last" || place === "last_of_three" || (evidence?.next ?? 0) < 0;
}

/** Looks at pictures of any size. */
class Combs {
  #finder: CombFinder | undefined;

  isCombed(frame: VideoFrame): boolean {
    const { width, height } = frame;
    const known = this.#finder?.options;
    if (this.#finder === undefined || known?.width !== width || known.height !== height) {
      this.#finder = new CombFinder({ width, height });
    }
    return this.#finder.combedSamples(frame.plane(0)) > combedFrom;
  }
}

/** The first field of one frame and the second one of another.  Owns: the caller disposes the result. */
function weave(first: VideoFrame, second: VideoFrame, fieldOrder: MatcherOptions["fieldOrder"]): VideoFrame {
  const woven = VideoFrame.allocate(first.width, first.height, first.formatName);
  woven.takeProperties(first);
  const parity = fieldOrder === "top_first" ? 0 : 1;
  for (const index of [0, 1, 2]) {
    copyRows(first.plane(index), woven.plane(index), parity);
    copyRows(second.plane(index), woven.plane(index), 1 - parity);
  }
  return woven;
}

/** Copies every second row from `from` on; 8 bits. */
function copyRows(source: Plane, target: Plane, from: number): void {
  for (let row = from; row < source.height; row += 2) {
    const start = row * source.strideBytes;
    source.data.copy(target.data, row * target.strideBytes, start, start + source.width);
  }
}
