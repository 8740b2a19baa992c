import { rm } from "node:fs/promises";
import { commitFile } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import { DifferencePictures } from "../kernels/film-difference.ts";
import { type EncodedPacket, type EncodeSettings, VideoEncoder } from "../media/encode.ts";
import { VideoFrame } from "../media/frame.ts";
import { writeMedia } from "../media/mux.ts";
import type { Inspection } from "./inspect.ts";
import type { Plan } from "./plan.ts";
import { sourcePicture } from "./stages/open-stages.ts";
import { RemoveDirt } from "./stages/remove-dirt.ts";
import { Restorer } from "./stages/restored.ts";
import type { StagePicture } from "./stages/stage.ts";

export type RemovedOptions = {
  readonly inputPath: string;
  readonly outputPath: string;
  readonly inspection: Inspection;
  readonly threads: number;
  readonly signal?: AbortSignal;
};

/** Throws: AppError `bad_request` where the plan takes no dirt out. */
export function refuseWithoutDirt({ stages }: Pick<Plan, "stages">): void {
  if (stages.some(({ name }) => name === "remove_dirt")) return;
  throw new AppError("bad_request", "--removed shows the dirt that --preset old_film takes out; this run takes none out.");
}

/** Writes a video, at the source's size, of what was taken out as dirt and scratches: grey is what stayed, brighter and
 *  darker is what was brighter and darker than what is there now. Runs the stages up to there once more. */
export async function writeRemoved(options: RemovedOptions): Promise<void> {
  const { inputPath, outputPath, inspection, threads, signal } = options;
  const { plan, timeline } = inspection;
  refuseWithoutDirt(plan);
  const at = plan.stages.findIndex(({ name }) => name === "remove_dirt");
  const planned = plan.stages[at];
  if (planned?.name !== "remove_dirt") throw new RangeError("the plan takes no dirt out");
  const picture = sourcePicture(plan);
  const settings = encodeSettings(plan, picture);
  const temporaryPath = `${outputPath}.part`;
  using before = new Restorer({ ...plan, stages: plan.stages.slice(0, at) });
  using stage = new RemoveDirt(planned, picture);
  using encoder = await VideoEncoder.open(settings);
  const frames = before.run({
    path: inputPath,
    timeline,
    range: { fromTicks: undefined, untilTicks: undefined },
    margin: { before: 0, after: 0 },
    threads,
    canSeek: false,
    ...(signal !== undefined && { signal }),
  });
  try {
    const packets: EncodedPacket[] = [];
    for await (const packet of encoder.encode(removedPictures(stage, frames, picture), signal)) packets.push(packet);
    using parameters = encoder.parameters();
    await writeMedia({
      outputPath: temporaryPath,
      container: "mp4",
      sourcePath: inputPath,
      video: {
        sourceIndex: -1, // what describes the source's pictures does not describe these
        parameters,
        timeBase: settings.timeBase,
        frameRate: settings.frameRate,
        ptsTicks: packets.map(({ pts }) => pts),
        packets: iterate(packets),
      },
      decisions: [],
      startSeconds: new Map(),
      shiftSeconds: plan.time.shiftSeconds,
      ...(signal !== undefined && { signal }),
    });
    await commitFile(temporaryPath, outputPath);
  } finally {
    await rm(temporaryPath, { force: true });
  }
}

/** Each picture's difference from what the stage makes of it.  Owns: takes each frame, yields new ones. */
async function* removedPictures(
  stage: RemoveDirt,
  frames: AsyncIterable<VideoFrame>,
  picture: StagePicture,
): AsyncGenerator<VideoFrame> {
  const differences = new DifferencePictures(picture);
  const waiting: VideoFrame[] = [];
  async function* remembered(): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      waiting.push(frame.share());
      yield frame;
    }
  }
  try {
    for await (const frame of stage.run(remembered())) {
      using after = frame;
      using before = waiting.shift();
      if (before === undefined) throw new RangeError("the stage gave more frames than it was given");
      const output = VideoFrame.allocate(even(picture.width), even(picture.height), "yuv420p");
      try {
        output.takeProperties(after);
        for (const index of [0, 1, 2]) output.plane(index).data.fill(128);
        const luma = output.plane(0);
        differences.draw(before.plane(0), after.plane(0), { ...luma, width: picture.width, height: picture.height });
      } catch (error) {
        output[Symbol.dispose]();
        throw error;
      }
      yield output;
    }
  } finally {
    for (const frame of waiting) frame[Symbol.dispose]();
  }
}

function encodeSettings({ encode, time }: Plan, { width, height }: StagePicture): EncodeSettings {
  return {
    codec: "libx264",
    size: { width: even(width), height: even(height) },
    pixelFormat: "yuv420p",
    timeBase: time.timeBase,
    frameRate: encode.frameRate,
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    threads: encode.threads,
    gopFrames: encode.gopFrames,
    options: { preset: "veryfast", crf: "20" },
  };
}

function even(side: number): number {
  return side + (side % 2);
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
