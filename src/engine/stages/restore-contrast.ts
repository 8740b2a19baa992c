import { ticksToSeconds } from "../../domain/rational.ts";
import { FilmTouch } from "../../kernels/film-touch.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { ContrastPoint, Planned } from "../stage-plan.ts";
import { chromaTable, contrastAt, isNeutral, lumaTable, withoutScenes } from "./contrast.ts";
import { copyFrame, planeSizes } from "./planes.ts";
import { type FrameStage, noContext, type StagePicture } from "./stage.ts";

/** Undoes fading by the plan's slowly varying curve. Fractions of code values become a fixed fine pattern, so that nothing
 *  jumps from frame to frame and stretched tones show no steps. */
export class RestoreContrast implements FrameStage {
  readonly context = noContext;
  readonly #curve: readonly ContrastPoint[];
  readonly #picture: StagePicture;
  readonly #touches: readonly FilmTouch[];

  constructor({ curve }: Planned<"restore_contrast">, picture: StagePicture) {
    this.#curve = withoutScenes(curve);
    this.#picture = picture;
    this.#touches = planeSizes(picture).map((size) => new FilmTouch({ ...size, bitDepth: picture.bitDepth }));
  }

  /** Owns: takes each frame, yields it or a new one. */
  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) yield this.#restore(frame);
  }

  #restore(frame: VideoFrame): VideoFrame {
    const { range, bitDepth, timeBase, sourceTimeBase } = this.#picture;
    const contrast = contrastAt(this.#curve, ticksToSeconds(frame.pts, timeBase), sourceTimeBase);
    if (contrast === undefined || isNeutral(contrast, range)) return frame;
    using input = frame;
    const output = copyFrame(input);
    try {
      const tables = [
        lumaTable(contrast, range, bitDepth),
        chromaTable(contrast, contrast.cb, range, bitDepth),
        chromaTable(contrast, contrast.cr, range, bitDepth),
      ];
      for (const [index, table] of tables.entries()) this.#touches[index]?.tone(output.plane(index), table);
      return output;
    } catch (error) {
      output[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    // Plain memory only.
  }
}
