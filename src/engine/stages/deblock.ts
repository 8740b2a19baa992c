import { Shrinker } from "../../kernels/shrink.ts";
import { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { planeSizes } from "./planes.ts";
import { type FrameStage, noContext, type StagePicture } from "./stage.ts";

const lumaStep = 2;
const chromaStep = 4;

/** Takes out the edges of a codec's blocks and the ripples beside edges: coefficients that a coarse quantiser made or
 *  left are small in blocks that lie across its own.  8 and 10 bits. */
export class Deblock implements FrameStage {
  readonly context = noContext;
  readonly #picture: StagePicture;
  readonly #threshold: number;
  readonly #shrinkers: readonly Shrinker[];

  constructor(stage: Planned<"deblock">, picture: StagePicture) {
    this.#picture = picture;
    this.#threshold = deblockThreshold(stage.strength) * 2 ** (picture.bitDepth - 8);
    this.#shrinkers = planeSizes(picture).map((plane) => new Shrinker({ ...plane, bitDepth: picture.bitDepth, pictures: 1 }));
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) yield this.#clean(frame);
  }

  #clean(frame: VideoFrame): VideoFrame {
    using input = frame;
    const output = VideoFrame.allocate(this.#picture.width, this.#picture.height, this.#picture.pixelFormat);
    output.takeProperties(input);
    const thresholds = { spatialThreshold: this.#threshold, temporalThreshold: this.#threshold };
    this.#shrinkers.forEach((shrinker, index) => {
      const step = index === 0 ? lumaStep : chromaStep;
      shrinker.shrink([input.plane(index)], { ...thresholds, step }, output.plane(index));
    });
    return output;
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}

/** Coefficients below this are dropped; in 8-bit code values. 5 gains most on H.264, 10 to 12 on MPEG-2 and MPEG-4 at coarse
 *  quantisers (docs/presets.md). */
function deblockThreshold(strength: number): number {
  return 3 + 10 * strength;
}
