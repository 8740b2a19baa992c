import { Shrinker } from "../../kernels/shrink.ts";
import { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { blockEvidence } from "./block-evidence.ts";
import { planeSizes } from "./planes.ts";
import { FactLog, type FrameStage, noContext, type StagePicture } from "./stage.ts";

const lumaStep = 2;
const chromaStep = 4;

/** Takes out the edges of a codec's blocks and the ripples beside edges: coefficients that a coarse quantiser made or
 *  left are small in blocks that lie across its own. A frame that shows little of such blocks is changed less, one that
 *  shows none is left as it is.  8 and 10 bits. */
export class Deblock implements FrameStage {
  readonly context = noContext;
  readonly facts = new FactLog();
  readonly #picture: StagePicture;
  /** In 8-bit code values. */
  readonly #threshold: number;
  readonly #shrinkers: readonly Shrinker[];

  constructor(stage: Planned<"deblock">, picture: StagePicture) {
    this.#picture = picture;
    this.#threshold = deblockThreshold(stage.strength);
    this.#shrinkers = planeSizes(picture).map((plane) => new Shrinker({ ...plane, bitDepth: picture.bitDepth, pictures: 1 }));
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) yield this.#clean(frame);
  }

  #clean(frame: VideoFrame): VideoFrame {
    using input = frame;
    const { width, height, pixelFormat, bitDepth } = this.#picture;
    using output = VideoFrame.allocate(width, height, pixelFormat);
    output.takeProperties(input);
    const threshold = this.#threshold * 2 ** (bitDepth - 8);
    const thresholds = { spatialThreshold: threshold, temporalThreshold: threshold };
    let share = 1;
    for (const [index, shrinker] of this.#shrinkers.entries()) {
      const isLuma = index === 0;
      const step = isLuma ? lumaStep : chromaStep;
      const dropped = shrinker.shrink([input.plane(index)], { ...thresholds, step }, output.plane(index));
      if (isLuma) share = blockEvidence(dropped, this.#threshold, width * height);
      if (share === 0) break;
      if (share < 1) shrinker.fade(share, output.plane(index));
    }
    this.facts.record(input.pts, { frames: 1, gentlerFrames: share < 1 ? 1 : 0 });
    return share === 0 ? input.share() : output.share();
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
