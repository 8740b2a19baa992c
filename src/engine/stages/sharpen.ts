import { PlaneTouch } from "../../kernels/touch.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { type FrameStage, noContext, type StagePicture } from "./stage.ts";

/** Local contrasts, in 8-bit code values, from which sharpening sets in and is complete: noise and smooth areas, where it
 *  would only make the picture less like the original, stay as they are. */
const contrasts = { low: 8, high: 32 };

/** Makes the luma's edges and texture crisper without halos.  8 and 10 bits. */
export class Sharpen implements FrameStage {
  readonly context = noContext;
  readonly #touch: PlaneTouch;
  readonly #settings: { readonly gain: number; readonly low: number; readonly high: number };

  constructor(stage: Planned<"sharpen">, picture: StagePicture) {
    const unit = 2 ** (picture.bitDepth - 8);
    this.#touch = new PlaneTouch(picture);
    this.#settings = { gain: stage.strength, low: contrasts.low * unit, high: contrasts.high * unit };
  }

  /** Owns: takes each frame, which no one else may hold, and yields it. */
  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      this.#touch.sharpen(frame.plane(0), this.#settings);
      yield frame;
    }
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}
