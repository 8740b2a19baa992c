import { Compensator } from "../../kernels/compensate.ts";
import { Shrinker } from "../../kernels/shrink.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { type Neighbour, NeighbourMotion } from "./neighbour-motion.ts";
import { emptyPlane, noiseThreshold, planeSizes } from "./planes.ts";
import { FactLog, type FrameStage, type StageContext, type StagePicture } from "./stage.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

const lumaStep = 3;
const chromaStep = 4;
/** Two values of deviation 1 are so far apart on average. */
const meanDistance = 1.13;
/** Compared around each block of a motion field. */
const windowPixels = 16 * 16;

type PlaneTools = {
  readonly compensator: Compensator;
  readonly shrinker: Shrinker;
  readonly step: number;
  readonly aligned: readonly Plane[];
};

/** Takes noise out: neighbours in time are moved onto each picture; what they share is kept, what differs at random is
 *  dropped (see kernels/clean.c). Neighbours beyond a cut are left out.  8 and 10 bits. */
export class Denoise implements FrameStage {
  readonly context: StageContext;
  readonly facts = new FactLog();
  readonly #stage: Planned<"denoise">;
  readonly #picture: StagePicture;
  readonly #motion: NeighbourMotion;
  readonly #planes: readonly PlaneTools[];

  constructor(stage: Planned<"denoise">, picture: StagePicture) {
    const reach = stage.sigma < 3 ? 1 : 2;
    this.context = { before: reach, after: reach };
    this.#stage = stage;
    this.#picture = picture;
    const { width, height, bitDepth } = picture;
    const strangeDifference = meanDistance * stage.sigma + 14;
    this.#motion = new NeighbourMotion({
      width,
      height,
      bitDepth,
      reach,
      strangeDifference,
      smoothness: stage.sigma > 6 ? 48 : 24,
    });
    this.#planes = planeSizes(picture).map((plane, index) => ({
      compensator: new Compensator({ ...plane, bitDepth }),
      shrinker: new Shrinker({ ...plane, bitDepth, pictures: 2 * reach + 1 }),
      step: index === 0 ? lumaStep : chromaStep,
      aligned: Array.from({ length: 2 * reach }, () => emptyPlane(plane, bitDepth)),
    }));
  }

  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    return throughWindow(frames, this.context, (window) => this.#clean(window));
  }

  #clean(window: FrameWindow): VideoFrame {
    // throughWindow never calls with a centre outside of its frames.
    const frame = window.frames[window.centre]!;
    const { width, height, pixelFormat, bitDepth } = this.#picture;
    const found = this.#motion.find(window);
    const neighbours = evenNumber(found);
    const sigma = Math.min(this.#stage.sigma, mostNoise(found));
    const output = VideoFrame.allocate(width, height, pixelFormat);
    output.takeProperties(frame);
    const temporalThreshold = noiseThreshold(sigma, bitDepth);
    const spatialThreshold = temporalThreshold * this.#stage.spatial;
    this.#planes.forEach(({ compensator, shrinker, step, aligned }, index) => {
      const around = aligned.slice(0, neighbours.length);
      neighbours.forEach((neighbour, at) => {
        compensator.compensate(neighbour.field, neighbour.frame.plane(index), around[at]!); // cut to the same length above
      });
      const pictures = around.toSpliced(around.length / 2, 0, frame.plane(index));
      shrinker.shrink(pictures, { spatialThreshold, temporalThreshold, step }, output.plane(index));
    });
    this.facts.record(frame.pts, { frames: 1, neighbours: neighbours.length, gentlerFrames: sigma < this.#stage.sigma ? 1 : 0 });
    return output;
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}

/** The most noise there can be in a picture, told from how well its blocks were found next to it: a clean scene in a noisy
 *  video is treated as a clean one.  Units: deviation in 8-bit code values; Infinity without neighbours. */
function mostNoise(neighbours: readonly Neighbour[]): number {
  const nearest = neighbours.filter(({ offset }) => Math.abs(offset) === 1);
  const differences = nearest.map(({ field: { cost } }) => {
    const sorted = cost.toSorted();
    return (sorted[Math.floor(sorted.length * 0.6)] ?? 0) / windowPixels;
  });
  return (Math.min(...differences) / meanDistance) * 1.3;
}

/** The nearest ones, an even number of them, in the order of time. */
function evenNumber(neighbours: readonly Neighbour[]): readonly Neighbour[] {
  const nearest = neighbours.toSorted((a, b) => Math.abs(a.offset) - Math.abs(b.offset));
  return nearest.slice(0, neighbours.length - (neighbours.length % 2)).toSorted((a, b) => a.offset - b.offset);
}
