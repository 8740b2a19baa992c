import { resolveColor } from "../../src/engine/color.ts";
import { selectVideo } from "../../src/engine/streams.ts";
import { AppError } from "../../src/domain/errors.ts";
import type { ColorInfo, Size } from "../../src/domain/media-info.ts";
import { writeColor } from "../../src/media/color.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { VideoFrame } from "../../src/media/frame.ts";
import { orientationFilters } from "../../src/media/orientation.ts";
import { probe } from "../../src/media/probe.ts";
import { Scaler } from "../../src/media/scale.ts";
import { readTimeline } from "../../src/media/timeline.ts";

/** Consecutive pictures of one size, 8-bit 4:2:0. Owns: the pictures. */
export class Pictures implements Disposable {
  readonly frames: readonly VideoFrame[];
  readonly color: ColorInfo;

  constructor(frames: readonly VideoFrame[], color: ColorInfo) {
    this.frames = frames;
    this.color = color;
  }

  get first(): VideoFrame {
    const [frame] = this.frames;
    if (frame === undefined) throw new RangeError("there are no pictures");
    return frame;
  }

  get size(): Size {
    return { width: this.first.width, height: this.first.height };
  }

  [Symbol.dispose](): void {
    for (const frame of this.frames) frame[Symbol.dispose]();
  }
}

/** Decodes `count` frames from the middle of the clip's main moving track, upright and cropped to multiples of 8. */
export async function readTruth(path: string, count: number): Promise<Pictures> {
  const media = await probe(path);
  const extents = (await readTimeline(path, 0)).extents;
  const video = selectVideo(media, (index) => extents.get(index)?.packets ?? 0);
  const { frameTicks } = await readTimeline(path, video.index);
  const from = Math.max(0, Math.floor((frameTicks.length - count) / 2));
  const fromTicks = frameTicks[from];
  if (fromTicks === undefined) throw new AppError("no_video", `${path} has no frames.`);
  const { color } = resolveColor(video.color, video.codedSize, video.pixelFormat);
  const upright = orientationFilters(video.orientation);
  using filter = new FrameFilter(() => [...upright, "crop=trunc(iw/8)*8:trunc(ih/8)*8:0:0", "format=yuv420p"].join(","));
  const frames: VideoFrame[] = [];
  for await (const frame of decodeVideo({ path, streamIndex: video.index, threads: 0, fromTicks })) {
    if (frame.formatName === "yuvj420p") frame.relabel("yuv420p");
    writeColor(frame.native, color);
    const cropped = await filter.apply(frame);
    writeColor(cropped.native, color);
    cropped.pts = BigInt(frames.length);
    frames.push(cropped);
    if (frames.length === count) break;
  }
  return new Pictures(frames, color);
}

/** The pictures without what sides that are multiples of `multiple` leave over, to the right and below. Owns: leaves the source
 *  as it is. */
export async function cropToMultiple({ frames, color }: Pictures, multiple: number): Promise<Pictures> {
  using filter = new FrameFilter(() => `crop=trunc(iw/${multiple})*${multiple}:trunc(ih/${multiple})*${multiple}:0:0`);
  const result: VideoFrame[] = [];
  for (const frame of frames) {
    const cropped = await filter.apply(copyFrame(frame));
    cropped.takeProperties(frame);
    result.push(cropped);
  }
  return new Pictures(result, color);
}

/** Resamples every picture with one of FFmpeg's kernels. Owns: leaves the source as it is. */
export async function scale({ frames, size, color }: Pictures, to: Size, kernel: "area" | "lanczos"): Promise<Pictures> {
  using scaler = new Scaler({ from: size, to, format: "yuv420p", chromaLocation: color.chromaLocation, kernel });
  const result: VideoFrame[] = [];
  for (const frame of frames) {
    const scaled = VideoFrame.allocate(to.width, to.height, "yuv420p");
    await scaler.scaleFrame(frame, scaled);
    scaled.takeProperties(frame);
    result.push(scaled);
  }
  return new Pictures(result, color);
}

/** New pictures whose samples `value` computes, rounded and kept within a byte. Owns: leaves the source as it is. */
export function mapSamples(
  { frames, color }: Pictures,
  value: (samples: SampleReader) => (x: number, y: number) => number,
): Pictures {
  const result = frames.map((frame, index) => {
    const output = VideoFrame.allocate(frame.width, frame.height, "yuv420p");
    output.takeProperties(frame);
    for (const plane of [0, 1, 2] as const) {
      const from = frame.plane(plane);
      const to = output.plane(plane);
      const { width, height } = from;
      const sample = (x: number, y: number): number => {
        const column = Math.min(width - 1, Math.max(0, x));
        const row = Math.min(height - 1, Math.max(0, y));
        return from.data[row * from.strideBytes + column] ?? 0;
      };
      const at = value({ index, plane, width, height, sample });
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          to.data[y * to.strideBytes + x] = Math.max(0, Math.min(255, Math.round(at(x, y))));
        }
      }
    }
    return output;
  });
  return new Pictures(result, color);
}

/** One plane (0 luma, 1 Cb, 2 Cr) of picture `index`; places outside it read its border. */
export type SampleReader = {
  readonly index: number;
  readonly plane: 0 | 1 | 2;
  readonly width: number;
  readonly height: number;
  readonly sample: (x: number, y: number) => number;
};

/** All of the frames in turn. Owns: takes each; frees them where a later one fails. */
export async function gather(frames: AsyncIterable<VideoFrame>): Promise<readonly VideoFrame[]> {
  using stack = new DisposableStack();
  const result: VideoFrame[] = [];
  for await (const frame of frames) result.push(stack.use(frame));
  stack.move();
  return result;
}

/** Second references to the same pictures, for a consumer that takes what it is given. */
export async function* copyFrames(frames: readonly VideoFrame[]): AsyncGenerator<VideoFrame> {
  for (const frame of frames) yield copyFrame(frame);
}

export function copyFrame(frame: VideoFrame): VideoFrame {
  const copy = frame.native.clone();
  if (copy === null) throw new AppError("out_of_memory", "There is no memory for a frame.");
  return new VideoFrame(copy);
}
