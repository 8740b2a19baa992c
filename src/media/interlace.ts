import { FrameFilter } from "./filter.ts";
import { VideoFrame } from "./frame.ts";

export type InterlaceCounts = {
  readonly frames: number;
  readonly progressive: number;
  /** Frames whose fields come from different moments, by which field is the earlier one. */
  readonly topFirst: number;
  readonly bottomFirst: number;
  /** Frames in which one field repeats the neighbouring frame's, as pulldown does. */
  readonly repeatedFields: number;
};

const widestPixels = 1024;
const highestPixels = 1088;

/** FFmpeg's interlace detector on a run of consecutive frames; of larger pictures it sees the centre.  Owns: native memory. */
export class InterlaceDetector implements Disposable {
  readonly #filter = new FrameFilter(describeChain);
  readonly #counts = { frames: 0, progressive: 0, topFirst: 0, bottomFirst: 0, repeatedFields: 0 };

  /** The verdict on a frame comes with the one after it, so that a run's last frame is not counted. Owns: only borrows the frame. */
  async look(frame: VideoFrame): Promise<void> {
    const reference = frame.native.clone();
    if (reference === null) return;
    using analysed = await this.#filter.push(new VideoFrame(reference));
    if (analysed === undefined) return;
    using metadata = analysed.native.getMetadata();
    const kind = metadata.get("lavfi.idet.single.current_frame");
    const repeated = metadata.get("lavfi.idet.repeated.current_frame");
    this.#counts.frames += 1;
    if (kind === "tff") this.#counts.topFirst += 1;
    if (kind === "bff") this.#counts.bottomFirst += 1;
    if (kind === "progressive") this.#counts.progressive += 1;
    if (repeated === "top" || repeated === "bottom") this.#counts.repeatedFields += 1;
  }

  get counts(): InterlaceCounts {
    return this.#counts;
  }

  [Symbol.dispose](): void {
    this.#filter[Symbol.dispose]();
  }
}

function describeChain({ width, height }: VideoFrame): string {
  const shownWidth = Math.min(width, widestPixels);
  const shownHeight = Math.min(height, highestPixels);
  const x = ((width - shownWidth) >> 4) * 8;
  const y = ((height - shownHeight) >> 4) * 8;
  const crop = shownWidth < width || shownHeight < height ? `crop=${shownWidth}:${shownHeight}:${x}:${y},` : "";
  return `${crop}idet=analyze_interlaced_flag=0`;
}
