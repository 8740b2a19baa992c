import { FilterGraph, type FilterContext } from "node-av";
import { AppError } from "../domain/errors.ts";
import { check, isAgain, isEndOfFile } from "./ffmpeg.ts";
import { VideoFrame } from "./frame.ts";

type OpenGraph = {
  readonly key: string;
  readonly graph: FilterGraph;
  readonly input: FilterContext;
  readonly output: FilterContext;
};

/** A chain of FFmpeg filters on pictures, rebuilt when the input's shape changes.
 *  `describe` returns the chain for a frame, e.g. "transpose=clock,format=yuv420p". */
export class FrameFilter implements Disposable {
  readonly #describe: (frame: VideoFrame) => string;
  #graph: OpenGraph | undefined;

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
    return await receive(graph);
  }

  /** For chains that look ahead or give another number of frames: everything they give, drained at the end and where
   *  the input's shape changes. Timestamps are as the chain makes them.  Owns: takes each frame, yields new ones. */
  async *stream(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      using input = frame;
      if (this.#graph !== undefined && this.#graph.key !== this.#keyOf(input)) yield* this.#drain(this.#graph);
      const graph = this.#prepare(input);
      check(await graph.input.buffersrcAddFrame(input.native), "internal", "A filter refused a frame");
      yield* receiveAll(graph);
    }
    if (this.#graph !== undefined) yield* this.#drain(this.#graph);
  }

  async *#drain(graph: OpenGraph): AsyncGenerator<VideoFrame> {
    check(await graph.input.buffersrcAddFrame(null), "internal", "A filter cannot be drained");
    yield* receiveAll(graph);
    this[Symbol.dispose](); // a drained graph takes no more frames
  }

  #keyOf(frame: VideoFrame): string {
    const { native } = frame;
    const source =
      `buffer@in=video_size=${frame.width}x${frame.height}:pix_fmt=${frame.formatName}:time_base=1/1000000:pixel_aspect=1/1` +
      `:colorspace=${Number(native.colorSpace)}:range=${Number(native.colorRange)}`;
    return `${source},${this.#describe(frame)},buffersink@out`;
  }

  #prepare(frame: VideoFrame): OpenGraph {
    const key = this.#keyOf(frame);
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

async function receive({ output }: OpenGraph): Promise<VideoFrame | undefined> {
  const frame = VideoFrame.empty();
  const code = await output.buffersinkGetFrame(frame.native);
  if (code >= 0) return frame;
  frame[Symbol.dispose]();
  if (!isAgain(code) && !isEndOfFile(code)) check(code, "internal", "A filter failed");
  return undefined;
}

async function* receiveAll(graph: OpenGraph): AsyncGenerator<VideoFrame> {
  for (let frame = await receive(graph); frame !== undefined; frame = await receive(graph)) yield frame;
}
