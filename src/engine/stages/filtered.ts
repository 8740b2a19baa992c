import { FrameFilter } from "../../media/filter.ts";
import { VideoFrame } from "../../media/frame.ts";
import { type FrameStage, noContext } from "./stage.ts";

/** A stage that is one of FFmpeg's filters, each picture by itself.  Owns: the filter. */
export class FilteredStage implements FrameStage {
  readonly context = noContext;
  readonly #filter: FrameFilter;

  constructor(description: string) {
    this.#filter = new FrameFilter(() => description);
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      using tags = VideoFrame.empty();
      tags.takeProperties(frame);
      const filtered = await this.#filter.apply(frame);
      filtered.takeProperties(tags);
      yield filtered;
    }
  }

  [Symbol.dispose](): void {
    this.#filter[Symbol.dispose]();
  }
}
