import { BandHolder } from "../../kernels/bands.ts";
import { FrameFilter } from "../../media/filter.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { planeSizes } from "./planes.ts";
import { FactLog, type FrameStage, noContext, type StagePicture } from "./stage.ts";

/** A frame that keeps less of the change than this was not banded for the most part. */
const mostlyHeld = 0.5;

/** Breaks up steps in smooth areas with FFmpeg's `deband`: a sample takes the mean of four around it where all are within
 *  a limit. Only where a frame has such steps: texture and clean slopes stay.  8 and 10 bits.  Owns: the filter. */
export class Deband implements FrameStage {
  readonly context = noContext;
  readonly facts = new FactLog();
  readonly #filter: FrameFilter;
  readonly #holders: readonly BandHolder[];

  constructor(stage: Planned<"deband">, picture: StagePicture) {
    const limit = ((1.5 + 2.5 * stage.strength) / 255).toFixed(5);
    this.#filter = new FrameFilter(() => `deband=1thr=${limit}:2thr=${limit}:3thr=${limit}:range=16:blur=1:coupling=0`);
    this.#holders = planeSizes(picture).map((plane) => new BandHolder({ ...plane, bitDepth: picture.bitDepth }));
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      using before = frame.share();
      using changed = await this.#filter.apply(frame);
      changed.takeProperties(before);
      const kept = this.#holders.map((holder, index) => holder.hold(before.plane(index), changed.plane(index)));
      this.facts.record(before.pts, { frames: 1, gentlerFrames: (kept[0] ?? 0) < mostlyHeld ? 1 : 0 });
      yield changed.share();
    }
  }

  [Symbol.dispose](): void {
    this.#filter[Symbol.dispose]();
  }
}
