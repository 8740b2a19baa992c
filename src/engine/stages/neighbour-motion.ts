import { MotionEstimator, type MotionField } from "../../kernels/motion.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { halved } from "./planes.ts";
import type { FrameWindow } from "./window.ts";

export type NeighbourMotionOptions = {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  /** Looks at pictures of half the width and height, in a quarter of the time; fields are half as fine then. */
  readonly isHalved?: boolean;
  /** Frames on each side that are looked at. */
  readonly reach: number;
  readonly smoothness?: number;
  /** Mean difference of a block from its best match, in 8-bit code values, from which it counts as not found. */
  readonly strangeDifference: number;
};

/** A frame near another one and where the other's content lies in it. */
export type Neighbour = { readonly offset: number; readonly frame: VideoFrame; readonly field: MotionField };

const windowPixels = 16 * 16;

/** Finds the motion from a frame to those around it; each picture is loaded once. */
export class NeighbourMotion {
  readonly #estimator: MotionEstimator;
  readonly #options: NeighbourMotionOptions;
  readonly #slots = new Map<VideoFrame, number>();

  constructor(options: NeighbourMotionOptions) {
    const { width, height, isHalved = false, reach, smoothness } = options;
    this.#options = options;
    this.#estimator = new MotionEstimator({
      width: isHalved ? width >> 1 : width,
      height: isHalved ? height >> 1 : height,
      slots: 2 * reach + 1,
      ...(smoothness !== undefined && { smoothness }),
    });
  }

  /** The frames around the window's centre that show the same scene, in the order of time: a cut ends them. */
  find(window: FrameWindow): readonly Neighbour[] {
    const centre = window.frames[window.centre];
    if (centre === undefined) throw new RangeError("the window has no centre");
    for (const frame of this.#slots.keys()) if (!window.frames.includes(frame)) this.#slots.delete(frame);
    const found: Neighbour[] = [];
    for (const direction of [-1, 1]) {
      for (let distance = 1; distance <= this.#options.reach; distance += 1) {
        const offset = direction * distance;
        const frame = window.frames[window.centre + offset];
        if (frame === undefined) break;
        const field = this.#estimator.estimate(this.#slot(centre), this.#slot(frame));
        if (!this.#isSameScene(field)) break;
        found.push({ offset, frame, field });
      }
    }
    return found.toSorted((a, b) => a.offset - b.offset);
  }

  #isSameScene({ cost }: MotionField): boolean {
    const limit = this.#options.strangeDifference * windowPixels;
    let strange = 0;
    for (const sum of cost) if (sum > limit) strange += 1;
    return strange < cost.length / 2;
  }

  #slot(frame: VideoFrame): number {
    const known = this.#slots.get(frame);
    if (known !== undefined) return known;
    const taken = new Set(this.#slots.values());
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    const { bitDepth, isHalved = false } = this.#options;
    this.#estimator.load(slot, isHalved ? halved(frame.plane(0), bitDepth) : frame.plane(0), bitDepth);
    this.#slots.set(frame, slot);
    return slot;
  }
}
