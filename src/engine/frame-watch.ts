import type { VideoFrame } from "../media/frame.ts";
import { changedShare, isBlack, type Thumbnail, thumbnail } from "./measure.ts";

type Look = { readonly ticks: bigint; readonly thumbnail: Thumbnail };

/** Compares the output coarsely with the source, on the way to the encoder. With frames at other times than the source's,
 *  a new picture may come up to a source frame early or late. */
export class FrameWatch {
  frames = 0;
  /** Frames that are black in the output and not in the source. */
  blackFrames = 0;
  /** Source pictures that move while the output stands still. */
  frozenFrames = 0;
  readonly #bitDepth: number;
  readonly #isRetimed: boolean;
  #looks: Look[] = [];
  #last: { before: Thumbnail; after: Thumbnail } | undefined;
  /** Whether the output changed since the last source picture began, and during the one before it. */
  #changes = { now: true, earlier: true };

  constructor(bitDepth: number, isRetimed: boolean) {
    this.#bitDepth = bitDepth;
    this.#isRetimed = isRetimed;
  }

  /** Takes note of a source picture; they come in order. */
  noteSource(ticks: bigint, look: Thumbnail): void {
    this.#looks.push({ ticks, thumbnail: look });
  }

  async *pass(frames: AsyncIterable<VideoFrame>, onFrame?: () => void): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      const before = this.#sourceAt(frame.pts);
      const after = thumbnail(frame, this.#bitDepth);
      this.frames += 1;
      if (before !== undefined) this.#compare(before, after);
      onFrame?.();
      yield frame;
    }
  }

  #compare(before: Thumbnail, after: Thumbnail): void {
    const sources = this.#isRetimed ? this.#looks.slice(0, 2).map((look) => look.thumbnail) : [before];
    if (isBlack(after, this.#bitDepth) && !sources.some((source) => isBlack(source, this.#bitDepth))) this.blackFrames += 1;
    const last = this.#last;
    this.#last = { before, after };
    if (last === undefined) return;
    if (changedShare(last.after, after, this.#bitDepth) > 0) this.#changes.now = true;
    if (last.before === before) return;
    const isStill = !this.#changes.now && !(this.#isRetimed && this.#changes.earlier);
    if (isStill && changedShare(last.before, before, this.#bitDepth) > 0.2) this.frozenFrames += 1;
    this.#changes = { now: false, earlier: this.#changes.now };
  }

  /** The last source picture not after `ticks`; earlier ones are forgotten. */
  #sourceAt(ticks: bigint): Thumbnail | undefined {
    const next = this.#looks.findIndex((look) => look.ticks > ticks);
    const current = next === -1 ? this.#looks.length - 1 : next - 1;
    if (current > 0) this.#looks = this.#looks.slice(current);
    return this.#looks[0]?.thumbnail;
  }
}
