import { DirtRemover } from "../../kernels/film.ts";
import { LineFinder } from "../../kernels/film-lines.ts";
import { MotionEstimator, type MotionField } from "../../kernels/motion.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { describePixelFormat } from "../../media/pixel-format.ts";
import type { Planned } from "../stage-plan.ts";
import { copyFrame } from "./planes.ts";
import { driftOf, fewestBands, findScratches, type LineSight, scratchReach } from "./scratches.ts";
import { FactLog, type FrameStage, type StagePicture } from "./stage.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

/** Smoother than usual: dirt must not lead the motion astray. */
const smoothness = 48;
const planeIndices = [0, 1, 2] as const;

type Sight = LineSight & {
  /** From this frame to the one before it, and from that one to this. */
  readonly toPrevious: MotionField | undefined;
  readonly fromPrevious: MotionField | undefined;
};

/** Takes out dirt that lives one frame, filled from both neighbours along the motion, and upright scratches that stay,
 *  bridged from their sides. The first and last frame of the video keep their dirt.
 *  Facts: `dirtSpots`, `dirtPixels`, `scratches` (once for each frame), `scratchPixels`. */
export class RemoveDirt implements FrameStage {
  readonly context = { before: scratchReach, after: scratchReach };
  readonly facts = new FactLog();
  readonly #threshold: number;
  readonly #picture: StagePicture;
  readonly #estimator: MotionEstimator;
  readonly #remover: DirtRemover;
  readonly #lines: LineFinder;
  readonly #sights = new Map<VideoFrame, Sight>();
  readonly #slots = new Map<VideoFrame, number>();
  #motionSlot = 0;

  constructor({ strength }: Planned<"remove_dirt">, picture: StagePicture) {
    const { width, height, bitDepth, pixelFormat } = picture;
    const { chroma } = describePixelFormat(pixelFormat);
    this.#picture = picture;
    this.#threshold = Math.round(30 - 16 * strength);
    this.#estimator = new MotionEstimator({ width, height, slots: 2, smoothness });
    this.#lines = new LineFinder({ width, height, bitDepth });
    this.#remover = new DirtRemover({
      width,
      height,
      bitDepth,
      chromaShiftX: chroma === "444" ? 0 : 1,
      chromaShiftY: chroma === "420" ? 1 : 0,
      slots: 3,
    });
  }

  /** Owns: takes each frame, yields new ones. */
  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    return throughWindow(frames, this.context, (window) => this.#clean(window));
  }

  #clean({ frames, centre }: FrameWindow): VideoFrame {
    const sights = this.#look(frames);
    // throughWindow never calls with a centre outside of its frames.
    const frame = frames[centre]!;
    const scratches = findScratches(sights, centre, this.#picture.width);
    const output = copyFrame(frame);
    try {
      const { spots, pixels } = this.#fillDirt(frames, centre, sights, output);
      let scratchPixels = 0;
      for (const line of scratches) {
        for (const index of planeIndices) {
          const changed = this.#lines.mend(output.plane(index), line);
          if (index === 0) scratchPixels += changed;
        }
      }
      this.facts.record(frame.pts, { dirtSpots: spots, dirtPixels: pixels, scratches: scratches.length, scratchPixels });
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  #fillDirt(
    frames: readonly VideoFrame[],
    centre: number,
    sights: readonly Sight[],
    output: VideoFrame,
  ): { readonly spots: number; readonly pixels: number } {
    const [previous, current, next] = [frames[centre - 1], frames[centre], frames[centre + 1]];
    const toPrevious = sights[centre]?.toPrevious;
    const toNext = sights[centre + 1]?.fromPrevious;
    const isWhole = previous !== undefined && current !== undefined && next !== undefined;
    if (!isWhole || toPrevious === undefined || toNext === undefined) return { spots: 0, pixels: 0 };
    const near = [previous, current, next];
    const question = {
      previous: this.#slot(previous, near),
      current: this.#slot(current, near),
      next: this.#slot(next, near),
      toPrevious,
      toNext,
      threshold: this.#threshold,
    };
    const found = this.#remover.find(question);
    if (found.spots > 0) this.#remover.write(question, [output.plane(0), output.plane(1), output.plane(2)]);
    return found;
  }

  /** What each frame of the window shows; each is looked at once. */
  #look(frames: readonly VideoFrame[]): readonly Sight[] {
    for (const frame of this.#sights.keys()) if (!frames.includes(frame)) this.#sights.delete(frame);
    return frames.map((frame, index) => {
      const known = this.#sights.get(frame);
      if (known !== undefined) return known;
      const { bitDepth } = this.#picture;
      const slot = this.#motionSlot;
      this.#motionSlot = 1 - slot;
      this.#estimator.load(slot, frame.plane(0), bitDepth);
      const lines = this.#lines.find(frame.plane(0), fewestBands);
      const toPrevious = index === 0 ? undefined : this.#estimator.estimate(slot, 1 - slot);
      const fromPrevious = index === 0 ? undefined : this.#estimator.estimate(1 - slot, slot);
      const sight = { lines, drift: toPrevious === undefined ? [] : driftOf(toPrevious), toPrevious, fromPrevious };
      this.#sights.set(frame, sight);
      return sight;
    });
  }

  #slot(frame: VideoFrame, near: readonly VideoFrame[]): number {
    const known = this.#slots.get(frame);
    if (known !== undefined) return known;
    for (const old of this.#slots.keys()) if (!near.includes(old)) this.#slots.delete(old);
    const taken = new Set(this.#slots.values());
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    this.#remover.load(
      slot,
      planeIndices.map((index) => frame.plane(index)),
    );
    this.#slots.set(frame, slot);
    return slot;
  }

  [Symbol.dispose](): void {
    this.#sights.clear();
    this.#slots.clear();
  }
}
