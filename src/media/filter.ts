import { FilterGraph, type FilterContext } from "node-av";
import { AppError } from "../domain/errors.ts";
import { check, isAgain } from "./ffmpeg.ts";
import { VideoFrame } from "./frame.ts";

/** A chain of FFmpeg filters on single pictures, rebuilt when the input's shape changes.
 *  `describe` returns the chain for a frame, e.g. "transpose=clock,format=yuv420p". */
export class FrameFilter implements Disposable {
  readonly #describe: (frame: VideoFrame) => string;
  #graph: { key: string; graph: FilterGraph; input: FilterContext; output: FilterContext } | undefined;

  constructor(describe: (frame: VideoFrame) => string) {
    this.#describe = describe;
  }

  /** For chains that answer at once. Owns: takes the frame, returns a new one. */
  async apply(frame: VideoFrame): Promise<VideoFrame> {
    const output = await this.push(frame);
    if (output === undefined) throw new AppError("internal", "A filter gave no frame.");
    return output;
  }

  /** For chains that look ahead: gives an earlier frame, or undefined while there is none. Owns: as `apply`. */
  async push(frame: VideoFrame): Promise<VideoFrame | undefined> {
    using input = frame;
    const graph = this.#prepare(input);
    check(await graph.input.buffersrcAddFrame(input.native), "internal", "A filter refused a frame");
    const output = VideoFrame.empty();
    const code = await graph.output.buffersinkGetFrame(output.native);
    if (code >= 0) return output;
    output[Symbol.dispose]();
    if (isAgain(code)) return undefined;
    check(code, "internal", "A filter failed");
    return undefined;
  }

  #prepare(frame: VideoFrame): { input: FilterContext; output: FilterContext } {
    const { native } = frame;
    const source =
      `buffer@in=video_size=${frame.width}x${frame.height}:pix_fmt=${frame.formatName}:time_base=1/1000000:pixel_aspect=1/1` +
      `:colorspace=${Number(native.colorSpace)}:range=${Number(native.colorRange)}`;
    const key = `${source},${this.#describe(frame)},buffersink@out`;
    if (this.#graph?.key === key) return this.#graph;
    this.#graph?.graph.free();
    this.#graph = undefined;
    const graph = new FilterGraph();
    graph.alloc();
    try {
      graph.nbThreads = 1;
      check(graph.parsePtr(key), "internal", `The filter chain ${key} is not valid`);
      check(graph.configSync(), "internal", `The filter chain ${key} cannot be set up`);
      const input = graph.getFilter("buffer@in");
      const output = graph.getFilter("buffersink@out");
      if (input === null || output === null) throw new AppError("internal", "A filter chain lost its ends.");
      this.#graph = { key, graph, input, output };
      return this.#graph;
    } catch (error) {
      graph.free();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#graph?.graph.free();
    this.#graph = undefined;
  }
}
