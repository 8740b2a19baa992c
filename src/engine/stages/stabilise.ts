import { FilmTouch } from "../../kernels/film-touch.ts";
import { MotionEstimator } from "../../kernels/motion.ts";
import { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { type GlobalMotion, globalMotion } from "./global-motion.ts";
import { planeSizes } from "./planes.ts";
import { FactLog, type FrameStage, type StagePicture } from "./stage.ts";
import { type Shift, weaveCorrection, weaveReach } from "./weave.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

const smoothness = 48;

/** Takes out gate weave: the picture as a whole jumps by up to a few pixels from frame to frame. Pans, drift, shaken cameras
 *  and everything across cuts stay. Borders are repeated outwards.
 *  Facts: `movedFrames`, `movedPixels` (sum of distances). */
export class Stabilise implements FrameStage {
  readonly context = { before: weaveReach, after: weaveReach };
  readonly facts = new FactLog();
  readonly #strength: number;
  readonly #picture: StagePicture;
  readonly #estimator: MotionEstimator;
  readonly #touches: readonly FilmTouch[];
  /** How the content of a frame lies in the frame before it. */
  readonly #steps = new Map<VideoFrame, GlobalMotion | undefined>();
  #slot = 0;

  constructor({ strength }: Planned<"stabilise">, picture: StagePicture) {
    const { width, height, bitDepth } = picture;
    this.#strength = strength;
    this.#picture = picture;
    this.#estimator = new MotionEstimator({ width, height, slots: 2, smoothness });
    this.#touches = planeSizes(picture).map((size) => new FilmTouch({ ...size, bitDepth }));
  }

  /** Owns: takes each frame, yields new ones. */
  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    return throughWindow(frames, this.context, (window) => this.#steady(window));
  }

  #steady({ frames, centre }: FrameWindow): VideoFrame {
    // throughWindow never calls with a centre outside of its frames.
    const frame = frames[centre]!;
    const correction = weaveCorrection(this.#stepsBetween(frames), centre, this.#picture.width);
    const shift = { x: correction.x * this.#strength, y: correction.y * this.#strength };
    const distance = Math.hypot(shift.x, shift.y);
    const isMoved = distance >= 1 / 64;
    this.facts.record(frame.pts, { movedFrames: isMoved ? 1 : 0, movedPixels: isMoved ? distance : 0 });
    return isMoved ? this.#move(frame, shift) : frame.share();
  }

  /** Content that must move right is looked up to the left. */
  #move(frame: VideoFrame, shift: Shift): VideoFrame {
    const output = VideoFrame.allocate(frame.width, frame.height, frame.formatName);
    try {
      output.takeProperties(frame);
      for (const [index, touch] of this.#touches.entries()) {
        const plane = frame.plane(index);
        const place = { x: (-shift.x * plane.width) / frame.width, y: (-shift.y * plane.height) / frame.height };
        touch.shift(plane, output.plane(index), place);
      }
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  #stepsBetween(frames: readonly VideoFrame[]): readonly (GlobalMotion | undefined)[] {
    for (const frame of this.#steps.keys()) if (!frames.includes(frame)) this.#steps.delete(frame);
    const found = frames.map((frame, index) => {
      if (this.#steps.has(frame)) return this.#steps.get(frame);
      const slot = this.#slot;
      this.#slot = 1 - slot;
      this.#estimator.load(slot, frame.plane(0), this.#picture.bitDepth);
      const step = index === 0 ? undefined : globalMotion(this.#estimator.estimate(slot, 1 - slot));
      this.#steps.set(frame, step);
      return step;
    });
    return found.slice(1);
  }

  [Symbol.dispose](): void {
    this.#steps.clear();
  }
}
