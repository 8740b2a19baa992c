import { type AveragingDistance, TemporalAverager } from "../../kernels/average.ts";
import { Compensator } from "../../kernels/compensate.ts";
import type { Plane, VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { NeighbourMotion } from "./neighbour-motion.ts";
import { copyFrame, emptyPlane } from "./planes.ts";
import { FactLog, type FrameStage, type StageContext, type StagePicture } from "./stage.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

/** Blocks further off than this from everything near them are something else, or behind a cut. */
const strangeDifference = 16;
/** What is left of fine detail's distance for the coarse part, where motion that is not quite right matters less. */
const coarseShare = 1 / 3;
/** Pictures with a smaller side are looked at whole. */
const leastHalvedSide = 64;

/** Averages the luma of enlarged pictures with that of their neighbours, moved onto them, where they show the same: what the
 *  codec left in one frame and not in the next goes, and flicker with it. Neighbours beyond a cut are left out.  8 and 10 bits. */
export class TemporalAverage implements FrameStage {
  readonly context: StageContext;
  readonly facts = new FactLog();
  readonly #distance: AveragingDistance;
  readonly #motion: NeighbourMotion;
  readonly #compensator: Compensator;
  readonly #averager: TemporalAverager;
  readonly #moved: readonly Plane[];

  constructor({ reach, distance }: Planned<"temporal_average">, picture: StagePicture) {
    const { width, height, bitDepth } = picture;
    this.context = { before: reach, after: reach };
    const fine = distance * 2 ** (bitDepth - 8);
    this.#distance = { coarse: fine * coarseShare, fine };
    const isHalved = Math.min(width, height) >= leastHalvedSide;
    this.#motion = new NeighbourMotion({ width, height, bitDepth, isHalved, reach, strangeDifference });
    this.#compensator = new Compensator({ width, height, bitDepth });
    this.#averager = new TemporalAverager({ width, height, bitDepth, neighbours: 2 * reach });
    this.#moved = Array.from({ length: 2 * reach }, () => emptyPlane(picture, bitDepth));
  }

  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    return throughWindow(frames, this.context, (window) => this.#average(window));
  }

  #average(window: FrameWindow): VideoFrame {
    // throughWindow never calls with a centre outside of its frames.
    const frame = window.frames[window.centre]!;
    const found = this.#motion.find(window);
    const output = copyFrame(frame);
    found.forEach((neighbour, index) => {
      this.#compensator.compensate(neighbour.field, neighbour.frame.plane(0), this.#moved[index]!); // as many as the reach allows
    });
    this.#averager.average(output.plane(0), this.#moved.slice(0, found.length), this.#distance);
    this.facts.record(frame.pts, { frames: 1, neighbours: found.length });
    return output;
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}
