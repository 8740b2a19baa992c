import { type EncodedPacket, type EncodeSettings, VideoEncoder } from "../../src/media/encode.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { writeMedia } from "../../src/media/mux.ts";

/** Encodes frames into an MP4 that holds nothing else. `beside`: an existing media file, which the muxer wants to see.
 *  Owns: takes the frames. */
export async function writeFrames(
  outputPath: string,
  frames: AsyncIterable<VideoFrame>,
  { beside, ...settings }: EncodeSettings & { readonly beside: string },
): Promise<void> {
  using encoder = await VideoEncoder.open(settings);
  const packets: EncodedPacket[] = [];
  for await (const packet of encoder.encode(frames)) packets.push(packet);
  using parameters = encoder.parameters();
  const { timeBase, frameRate } = settings;
  await writeMedia({
    outputPath,
    container: "mp4",
    sourcePath: beside,
    video: {
      sourceIndex: -1,
      parameters,
      timeBase,
      frameRate,
      ptsTicks: packets.map(({ pts }) => pts),
      packets: iterate(packets),
    },
    decisions: [],
    startSeconds: new Map(),
    shiftSeconds: 0,
  });
}

async function* iterate<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
