import { Compensator } from "../../kernels/compensate.ts";
import type { Plane, VideoFrame } from "../../media/frame.ts";
import { NeighbourMotion } from "./neighbour-motion.ts";
import { copyFrame } from "./planes.ts";
import type { StageContext, StagePicture } from "./stage.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

/** A frame and its neighbours' luma laid on it, in the order −1, +1, −2, +2; where there is none, or a cut lies between,
 *  the frame's own.  Owns: the frame. */
export class Surrounded implements Disposable {
  readonly frame: VideoFrame;
  readonly neighbours: readonly Plane[];

  constructor(frame: VideoFrame, neighbours: readonly Plane[]) {
    this.frame = frame;
    this.neighbours = neighbours;
  }

  get pts(): bigint {
    return this.frame.pts;
  }

  [Symbol.dispose](): void {
    this.frame[Symbol.dispose]();
  }
}

/** Blocks further off than this from everything near them are something else, or behind a cut. */
const strangeDifference = 16;

/** Gives each frame what a network of several frames sees besides it. */
export class Surrounder {
  readonly context: StageContext;
  readonly #picture: StagePicture;
  readonly #reach: number;
  readonly #motion: NeighbourMotion;
  readonly #compensator: Compensator;

  /** `frames`: how many the network sees, itself included. */
  constructor(frames: number, picture: StagePicture) {
    const { width, height, bitDepth } = picture;
    this.#picture = picture;
    this.#reach = (frames - 1) / 2;
    this.context = { before: this.#reach, after: this.#reach };
    this.#motion = new NeighbourMotion({ width, height, bitDepth, reach: this.#reach, strangeDifference });
    this.#compensator = new Compensator({ width, height, bitDepth });
  }

  /** Owns: takes each frame, yields a copy of it with its neighbours. */
  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<Surrounded> {
    return throughWindow(frames, this.context, (window) => this.#surround(window));
  }

  #surround(window: FrameWindow): Surrounded {
    // throughWindow never calls with a centre outside of its frames.
    const frame = window.frames[window.centre]!;
    const found = new Map(this.#motion.find(window).map((neighbour) => [neighbour.offset, neighbour]));
    const copy = copyFrame(frame);
    const neighbours: Plane[] = [];
    for (let distance = 1; distance <= this.#reach; distance += 1) {
      for (const offset of [-distance, distance]) {
        const neighbour = found.get(offset);
        if (neighbour === undefined) {
          neighbours.push(copy.plane(0));
          continue;
        }
        const aligned = this.#emptyPlane();
        this.#compensator.compensate(neighbour.field, neighbour.frame.plane(0), aligned);
        neighbours.push(aligned);
      }
    }
    return new Surrounded(copy, neighbours);
  }

  #emptyPlane(): Plane {
    const { width, height, bitDepth } = this.#picture;
    const strideBytes = width * (bitDepth > 8 ? 2 : 1);
    return { data: Buffer.alloc(strideBytes * height), strideBytes, width, height };
  }
}
