import type { Size } from "../../domain/media-info.ts";
import { PictureInterpolator, RepeatDetector } from "../../kernels/interpolate.ts";
import { VideoFrame } from "../../media/frame.ts";
import { chooseShowing, isRepeatedFrame, knowsEnough, pairingContext, type TimedFrame } from "./interpolate-pairing.ts";

// Motion-compensated pictures for any output times. How to run it:
//
//   using stage = new FrameInterpolator({ sourceSize, outputSize, bitDepth });
//   for await (const frame of stage.run(pairs, ticks)) …
//
// - `pairs`: every source frame in order of time, as { small, large }: the prepared frame (upright, working format, source
//   size; motion is found on it) and the enlarged one (it is what is mixed), both with the source's pts. The stage owns both.
// - `ticks`: the wanted output times, rising, in the time base of the frames' pts (one in which both are whole numbers).
// - Each output frame is new, owned by the consumer, with pts = its tick, the duration until the next tick and the colour tags
//   of the source. Before the first frame the first is shown, after the last one the last.
// - Output for a time depends only on source frames within `context` around the frame shown before it: a segment that is
//   given these as well makes the same pictures as the whole. Large frames are needed only within `largeContext`; others
//   may come without. Frames at `at ≤ time` count from `at` itself: before 4 means the four frames before the one at the time.

/** One source frame in both sizes. Owns: both. */
export class FramePair implements Disposable {
  readonly small: VideoFrame;
  readonly large: VideoFrame | undefined;

  constructor(small: VideoFrame, large: VideoFrame | undefined) {
    this.small = small;
    this.large = large;
  }

  [Symbol.dispose](): void {
    this.small[Symbol.dispose]();
    this.large?.[Symbol.dispose]();
  }
}

export type FrameInterpolatorOptions = {
  readonly sourceSize: Size;
  readonly outputSize: Size;
  readonly bitDepth: number;
};

/** What was made, for the report. */
export type InterpolationCounts = { frames: number; between: number; repeats: number; cuts: number };

/** A cut changes at least this share of the picture, of which motion fails to explain at least the other share, and leaves
 *  the pictures this far apart. Scenes at 12 to 30 frames a second stay below 0.3 of the second, cuts are mostly above 0.95
 *  of both; dissolves, which are not cuts, come to as much of the second but stay below 0.4 of the third. */
const cut = { changedShare: 0.3, lostShare: 0.5, distance: 0.5 } as const;

type Entry = TimedFrame & { readonly pair: FramePair };
type MotionPair = { readonly first: FramePair; readonly second: FramePair; readonly isCut: boolean };

/** Shows a video at other times: frames as they are at their own times, pictures made from the motion between them at others.
 *  Repeated pictures (animation on twos) count once; across a cut the nearer frame is held. */
export class FrameInterpolator implements Disposable {
  static readonly context = pairingContext;
  static readonly largeContext = { before: pairingContext.after, after: pairingContext.after } as const;
  readonly counts: InterpolationCounts = { frames: 0, between: 0, repeats: 0, cuts: 0 };
  readonly #repeats: RepeatDetector;
  readonly #pictures: PictureInterpolator;
  readonly #differences: number[] = [];
  #entries: Entry[] = [];
  #motion: MotionPair | undefined;

  constructor({ sourceSize, outputSize, bitDepth }: FrameInterpolatorOptions) {
    this.#repeats = new RepeatDetector({ ...sourceSize, bitDepth });
    const { width: planeWidth, height: planeHeight } = outputSize;
    this.#pictures = new PictureInterpolator({ ...sourceSize, planeWidth, planeHeight, bitDepth });
  }

  /** Bytes of the kernels' memory, for all of the run. */
  get reservedBytes(): number {
    return this.#pictures.reservedBytes + this.#repeats.reservedBytes;
  }

  /** Owns: takes each pair; yields new frames. Runs once. */
  async *run(pairs: AsyncIterable<FramePair>, ticks: Iterable<bigint>): AsyncGenerator<VideoFrame> {
    const source = pairs[Symbol.asyncIterator]();
    let isAtEnd = false;
    try {
      for (const { tick, durationTicks } of withDurations(ticks)) {
        while (!isAtEnd && !this.#isReadyFor(tick)) {
          const next = await source.next();
          if (next.done === true) isAtEnd = true;
          else this.#add(next.value);
        }
        if (this.#entries.length === 0) return;
        const frame = this.#show(tick);
        frame.pts = tick;
        frame.durationTicks = durationTicks;
        this.counts.frames += 1;
        yield frame;
      }
    } finally {
      await source.return?.(undefined);
      this[Symbol.dispose]();
    }
  }

  #add(pair: FramePair): void {
    const difference = this.#repeats.difference(pair.small.plane(0));
    const isRepeat = this.#differences.length > 0 && isRepeatedFrame(difference, this.#differences);
    this.#differences.push(difference);
    if (this.#differences.length > pairingContext.before) this.#differences.shift();
    if (isRepeat) this.counts.repeats += 1;
    this.#entries.push({ pts: pair.small.pts, isRepeat, pair });
  }

  #isReadyFor(tick: bigint): boolean {
    const index = this.#entries.findLastIndex(({ pts }) => pts <= tick);
    this.#releaseBefore(index);
    const shown = this.#entries.findLastIndex(({ pts }) => pts <= tick);
    return this.#entries.length > 0 && knowsEnough(this.#entries, shown);
  }

  /** Lets go of frames that no later time needs: those before the run of repeats that `index` is in. */
  #releaseBefore(index: number): void {
    let first = index;
    while (first > 0 && index - first < pairingContext.after && this.#entries[first]?.isRepeat === true) first -= 1;
    for (const { pair } of this.#entries.splice(0, Math.max(0, first))) pair[Symbol.dispose]();
  }

  #show(tick: bigint): VideoFrame {
    const showing = chooseShowing(this.#entries, tick);
    if (showing.kind === "frame") return copyOf(largeOf(this.#entry(showing.index).pair));
    const [first, second] = [this.#entry(showing.first), this.#entry(showing.second)];
    if (this.#motionBetween(first.pair, second.pair).isCut) {
      const last = this.#entry(showing.second - 1);
      return copyOf(largeOf(second.pts - tick < tick - last.pts ? second.pair : last.pair));
    }
    this.counts.between += 1;
    this.#pictures.setTime(showing.share);
    return this.#mix(largeOf(first.pair), largeOf(second.pair));
  }

  #motionBetween(first: FramePair, second: FramePair): MotionPair {
    if (this.#motion?.first === first && this.#motion.second === second) return this.#motion;
    const facts = this.#pictures.setPair(first.small.plane(0), second.small.plane(0));
    const isChanged = facts.changedShare >= cut.changedShare && facts.distance >= cut.distance;
    const isCut = isChanged && facts.lostShare >= cut.lostShare;
    if (isCut) this.counts.cuts += 1;
    this.#motion = { first, second, isCut };
    return this.#motion;
  }

  #mix(first: VideoFrame, second: VideoFrame): VideoFrame {
    const output = VideoFrame.allocate(first.width, first.height, first.formatName);
    try {
      for (const plane of [0, 1, 2]) this.#pictures.mix(first.plane(plane), second.plane(plane), output.plane(plane));
      output.takeProperties(first);
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  #entry(index: number): Entry {
    const entry = this.#entries[index];
    if (entry === undefined) throw new RangeError(`frame ${index} is not at hand`);
    return entry;
  }

  [Symbol.dispose](): void {
    for (const { pair } of this.#entries) pair[Symbol.dispose]();
    this.#entries = [];
    this.#motion = undefined;
  }
}

function largeOf({ large, small }: FramePair): VideoFrame {
  if (large === undefined) throw new RangeError(`the frame at ${small.pts} came without its enlarged picture`);
  return large;
}

function copyOf(frame: VideoFrame): VideoFrame {
  const copy = VideoFrame.allocate(frame.width, frame.height, frame.formatName);
  for (const index of [0, 1, 2]) {
    const [from, to] = [frame.plane(index), copy.plane(index)];
    const rowBytes = Math.min(from.strideBytes, to.strideBytes);
    for (let row = 0; row < from.height; row += 1) {
      from.data.copy(to.data, row * to.strideBytes, row * from.strideBytes, row * from.strideBytes + rowBytes);
    }
  }
  copy.takeProperties(frame);
  return copy;
}

/** Each time with the ticks until the next; the last one lasts as long as the one before. */
function* withDurations(ticks: Iterable<bigint>): Generator<{ tick: bigint; durationTicks: bigint }> {
  let last: bigint | undefined;
  let durationTicks = 1n;
  for (const tick of ticks) {
    if (last !== undefined) {
      durationTicks = tick - last;
      yield { tick: last, durationTicks };
    }
    last = tick;
  }
  if (last !== undefined) yield { tick: last, durationTicks };
}
