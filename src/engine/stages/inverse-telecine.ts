import { rescaleTicks } from "../../domain/rational.ts";
import { FrameFilter } from "../../media/filter.ts";
import type { Plane, VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { filmCycle, filmTicks, slotOf } from "../time.ts";
import { FrameTimes } from "./deinterlace.ts";
import { matchContext, type MatchedFrame, matchFields } from "./field-matcher.ts";
import type { ScanStage, StagePicture } from "./stage.ts";

/** Less than any measured difference: stillness does not hide a repeat. */
const repeated = -1;

type Found = { readonly frame: VideoFrame; readonly slot: number; readonly unlike: number };

/** Gives film its 24 frames back. The fields of each film frame are put together (`field-matcher.ts`); what cannot be matched
 *  is deinterlaced. Of every five frames, counted by time from the video's first one, the one that repeats its predecessor or
 *  is most like it is left out, and the others go to a steady grid: stillness and cuts cannot upset the cadence, and neither
 *  can segments. */
export class InverseTelecine implements ScanStage {
  /** The rest of a cycle, the whole one before, whose last frame is compared with, and what matching needs around them. */
  readonly context = { before: matchContext + 6, after: matchContext + 6 };
  readonly #stage: Planned<"inverse_telecine">;
  readonly #picture: StagePicture;
  readonly #asFilm = new FrameFilter(() => "setfield=mode=prog");
  readonly #asFields: FrameFilter;
  readonly #deinterlace: FrameFilter;

  constructor(stage: Planned<"inverse_telecine">, picture: StagePicture) {
    const order = stage.fieldOrder === "top_first" ? "tff" : "bff";
    this.#stage = stage;
    this.#picture = picture;
    this.#asFields = new FrameFilter(() => `setfield=mode=${order}`);
    this.#deinterlace = new FrameFilter(() => `bwdif=mode=send_frame:parity=${order}:deint=interlaced`);
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    const { grid, fieldOrder } = this.#stage;
    const { timeBase, sourceTimeBase } = this.#picture;
    const first = rescaleTicks(grid.firstTicks, sourceTimeBase, timeBase);
    const slotOfFrame = ({ pts }: VideoFrame): number => slotOf(pts, first, grid.sourceRate, timeBase);
    const matched = matchFields(frames, { fieldOrder, cycleOf: (frame) => cycleOf(slotOfFrame(frame)) });
    const repeats: boolean[] = [];
    const times = new FrameTimes();
    let cycle: Found[] = [];
    let last: Uint8Array | undefined;
    try {
      for await (const frame of this.#deinterlace.stream(times.note(this.#flagged(matched, repeats)))) {
        const luma = sparseLuma(frame.plane(0));
        const measured = last === undefined ? Infinity : largestDifference(last, luma, Math.ceil(frame.width / 2));
        const unlike = repeats.shift() === true ? repeated : measured;
        last = luma;
        const slot = slotOf(times.current.pts, first, grid.sourceRate, timeBase);
        times.advance();
        const isNext = cycleOf(cycle[0]?.slot ?? slot) !== cycleOf(slot);
        const done = isNext ? cycle : [];
        cycle = isNext ? [] : cycle;
        cycle.push({ frame, slot, unlike });
        yield* this.#finish(done, first);
      }
      const done = cycle;
      cycle = [];
      yield* this.#finish(done, first);
    } finally {
      for (const { frame } of cycle) frame[Symbol.dispose]();
    }
  }

  /** Marks what is to be deinterlaced, and notes which frames are repeats. */
  async *#flagged(matched: AsyncIterable<MatchedFrame>, repeats: boolean[]): AsyncGenerator<VideoFrame> {
    for await (const { frame, isCombed, isRepeated } of matched) {
      const flagged = await (isCombed ? this.#asFields : this.#asFilm).apply(frame);
      repeats.push(isRepeated);
      yield flagged;
    }
  }

  /** Owns: takes the frames of one cycle. */
  *#finish(cycle: readonly Found[], first: bigint): Generator<VideoFrame> {
    const { filmRate } = this.#stage.grid;
    const { timeBase } = this.#picture;
    const kept = filmCycle(
      cycle.map(({ slot }) => slot - 5 * cycleOf(slot)),
      cycle.map(({ unlike }) => unlike),
    );
    const places = new Map(kept.map(({ index, place }) => [index, place]));
    using owned = new DisposableStack();
    for (const { frame } of cycle) owned.use(frame);
    for (const [index, { frame, slot }] of cycle.entries()) {
      const place = places.get(index);
      if (place === undefined) continue;
      const number = cycleOf(slot) * 4 + place;
      const film = frame.share();
      film.pts = filmTicks(number, first, filmRate, timeBase);
      film.durationTicks = filmTicks(number + 1, first, filmRate, timeBase) - film.pts;
      yield film;
    }
  }

  [Symbol.dispose](): void {
    this.#asFilm[Symbol.dispose]();
    this.#asFields[Symbol.dispose]();
    this.#deinterlace[Symbol.dispose]();
  }
}

function cycleOf(slot: number): number {
  return Math.floor(slot / 5);
}

/** Every second sample of two rows in four, one of each field, of 8-bit luma. */
function sparseLuma({ data, strideBytes, width, height }: Plane): Uint8Array {
  const columns = Math.ceil(width / 2);
  const rows = Array.from({ length: height }, (_, y) => y).filter((y) => y % 4 < 2);
  const result = new Uint8Array(columns * rows.length);
  let to = 0;
  for (const y of rows) {
    for (let x = y * strideBytes, end = x + width; x < end; x += 2, to += 1) result[to] = data[x] ?? 0;
  }
  return result;
}

const blockSide = 16;

/** The sum of absolute differences of the block where two pictures differ most: a mouth that moves counts, noise hardly. */
function largestDifference(a: Uint8Array, b: Uint8Array, columns: number): number {
  const across = Math.ceil(columns / blockSide);
  let sums = new Float64Array(across);
  let largest = 0;
  const rows = a.length / columns;
  for (let y = 0, at = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1, at += 1) {
      const block = (x / blockSide) | 0;
      sums[block] = (sums[block] ?? 0) + Math.abs((a[at] ?? 0) - (b[at] ?? 0));
    }
    if ((y + 1) % blockSide === 0 || y + 1 === rows) {
      largest = Math.max(largest, ...sums);
      sums = new Float64Array(across);
    }
  }
  return largest;
}
