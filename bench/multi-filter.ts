import { type FilterContext, FilterGraph } from "node-av";
import { AppError } from "../src/domain/errors.ts";
import { check, isAgain, isEndOfFile } from "../src/media/ffmpeg.ts";
import { VideoFrame } from "../src/media/frame.ts";

/** An FFmpeg filter graph with several inputs, `[in0]`, `[in1]`, …, and one output, `[out]`, for streams of one shape each. */
export class MultiFilter implements Disposable {
  readonly #graph = new FilterGraph();
  readonly #inputs: FilterContext[];
  readonly #output: FilterContext;

  /** `samples` shows the shape and colour of each input; `chain` is what lies between the inputs and the output. */
  constructor(samples: readonly VideoFrame[], chain: string) {
    const sources = samples.map(
      ({ width, height, formatName, native }, index) =>
        `buffer@in${index}=video_size=${width}x${height}:pix_fmt=${formatName}:time_base=1/25:frame_rate=25:pixel_aspect=1/1` +
        `:colorspace=${Number(native.colorSpace)}:range=${Number(native.colorRange)}[in${index}]`,
    );
    const description = `${sources.join(";")};${chain};[out]buffersink@out`;
    this.#graph.alloc();
    try {
      check(this.#graph.parsePtr(description), "internal", `The filter chain ${description} is not valid`);
      check(this.#graph.configSync(), "internal", `The filter chain ${description} cannot be set up`);
      this.#inputs = samples.map((_, index) => this.#end(`buffer@in${index}`));
      this.#output = this.#end("buffersink@out");
    } catch (error) {
      this.#graph.free();
      throw error;
    }
  }

  #end(name: string): FilterContext {
    const context = this.#graph.getFilter(name);
    if (context === null) throw new AppError("internal", `The filter chain has no ${name}.`);
    return context;
  }

  /** Feeds one picture to each input, or the end of all, and returns what is ready. Owns: leaves the inputs as they are. */
  async push(frames: readonly VideoFrame[] | "end", index: number): Promise<VideoFrame[]> {
    for (const [position, input] of this.#inputs.entries()) {
      const frame = frames === "end" ? undefined : frames[position];
      const copy = frame?.native.clone() ?? null;
      if (copy !== null) copy.pts = BigInt(index);
      check(await input.buffersrcAddFrame(copy), "internal", "A filter refused a frame");
      copy?.free();
    }
    const ready: VideoFrame[] = [];
    for (;;) {
      const output = VideoFrame.empty();
      const code = await this.#output.buffersinkGetFrame(output.native);
      if (code >= 0) {
        ready.push(output);
        continue;
      }
      output[Symbol.dispose]();
      if (isAgain(code) || isEndOfFile(code)) return ready;
      check(code, "internal", "A filter failed");
    }
  }

  [Symbol.dispose](): void {
    this.#graph.free();
  }
}
