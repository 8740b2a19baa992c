import { FrameFilter } from "../../media/filter.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { middle } from "../time.ts";
import type { ScanStage } from "./stage.ts";

/** Makes whole pictures of interlaced ones by FFmpeg's bwdif, motion adaptive: one of each frame's first field, or one of
 *  each field, the second halfway to the next frame. */
export class Deinterlacer implements ScanStage {
  readonly context = { before: 1, after: 1 };
  readonly #perFrame: 1 | 2;
  readonly #filter: FrameFilter;

  constructor({ fieldOrder, output }: Planned<"deinterlace">) {
    const mode = output === "fields" ? "send_field" : "send_frame";
    this.#perFrame = output === "fields" ? 2 : 1;
    this.#filter = new FrameFilter(() => `bwdif=mode=${mode}:parity=${fieldOrder === "top_first" ? "tff" : "bff"}:deint=all`);
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    const times = new FrameTimes();
    let made = 0;
    for await (const frame of this.#filter.stream(times.note(frames))) {
      const isSecond = made % this.#perFrame === 1;
      made += 1;
      const { pts, durationTicks } = times.current;
      const half = this.#perFrame === 2 ? times.untilNext() / 2n : durationTicks;
      frame.pts = isSecond ? middle(pts, pts + times.untilNext()) : pts;
      frame.durationTicks = half;
      yield frame;
      if (made % this.#perFrame === 0) times.advance();
    }
  }

  [Symbol.dispose](): void {
    this.#filter[Symbol.dispose]();
  }
}

type FrameTime = { readonly pts: bigint; readonly durationTicks: bigint };

/** Times of the frames that went into a filter, for what comes out of it in the same order. */
export class FrameTimes {
  readonly #waiting: FrameTime[] = [];

  async *note(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      this.#waiting.push({ pts: frame.pts, durationTicks: frame.durationTicks });
      yield frame;
    }
  }

  /** Of the frame whose result is due. */
  get current(): FrameTime {
    const [first] = this.#waiting;
    if (first === undefined) throw new RangeError("more frames came out of a filter than went in");
    return first;
  }

  /** To the next frame; the last one's own duration. */
  untilNext(): bigint {
    const next = this.#waiting[1];
    return next === undefined ? this.current.durationTicks : next.pts - this.current.pts;
  }

  advance(): void {
    this.#waiting.shift();
  }
}
