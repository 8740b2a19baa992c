import { AVMEDIA_TYPE_AUDIO, FormatContext, Packet, Rational } from "node-av";
import { readFile } from "node:fs/promises";
import { prefetch } from "../../src/core/async.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { VideoEncoder, type EncodedPacket } from "../../src/media/encode.ts";
import { check } from "../../src/media/ffmpeg.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { MediaSource } from "../../src/media/source.ts";
import { MultiFilter } from "../multi-filter.ts";
import { BaselineJob } from "./job.ts";

// The process that the product is compared with: decode, FFmpeg's Lanczos, the same encoder settings, audio copied.

const [jobPath] = process.argv.slice(2);
if (jobPath === undefined) throw new RangeError("usage: node baseline.ts <job file>");
const job = BaselineJob.parse(JSON.parse(await readFile(jobPath, "utf8")));

await using source = await MediaSource.open(job.inputPath);
using encoder = await VideoEncoder.open(job.encode);
const context = new FormatContext();
check(context.allocOutputContext2(null, "mp4", `file:${job.outputPath}`), "output_unwritable", "No output");
check(await context.openOutput(), "output_unwritable", "No output");
const video = context.newStream(null);
using parameters = encoder.parameters();
check(parameters.copy(video.codecpar), "internal", "No stream description");
video.timeBase = new Rational(job.encode.timeBase.num, job.encode.timeBase.den);
const audioInputs = source.context.streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_AUDIO);
const audio = new Map(
  audioInputs.map((input) => {
    const output = context.newStream(null);
    check(input.codecpar.copy(output.codecpar), "internal", "No stream description");
    output.codecpar.codecTag = 0;
    output.timeBase = input.timeBase;
    return [input.index, { input, output }];
  }),
);
check(await context.writeHeader(null), "output_unwritable", "No output");
for await (const encoded of encoder.encode(prefetch(upscaled(), 2))) {
  using packet = toPacket(encoded);
  packet.streamIndex = video.index;
  packet.rescaleTs(new Rational(job.encode.timeBase.num, job.encode.timeBase.den), video.timeBase);
  check(await context.interleavedWriteFrame(packet), "output_unwritable", "No output");
}
for await (const packet of source.packets()) {
  const route = audio.get(packet.streamIndex);
  if (route === undefined) continue;
  packet.streamIndex = route.output.index;
  packet.rescaleTs(route.input.timeBase, route.output.timeBase);
  check(await context.interleavedWriteFrame(packet), "output_unwritable", "No output");
}
check(await context.writeTrailer(), "output_unwritable", "No output");
await context.closeOutput();
context.freeContext();

async function* upscaled(): AsyncGenerator<VideoFrame> {
  const { width, height } = job.encode.size;
  using stack = new DisposableStack();
  let filter: MultiFilter | undefined;
  const decoded = decodeVideo({ path: job.inputPath, streamIndex: job.streamIndex, threads: 0 });
  for await (const frame of prefetch(decoded, 2)) {
    using input = frame;
    filter ??= stack.use(new MultiFilter([input], `[in0]scale=${width}:${height}:flags=lanczos[out]`));
    for (const scaled of await filter.push([input], 0)) {
      scaled.pts = input.pts;
      scaled.durationTicks = input.durationTicks;
      yield scaled;
    }
  }
}

function toPacket({ data, pts, dts, durationTicks, isKey }: EncodedPacket): Packet {
  const packet = new Packet();
  packet.alloc();
  packet.data = data;
  packet.pts = pts;
  packet.dts = dts;
  packet.duration = durationTicks;
  packet.isKeyframe = isKey;
  return packet;
}
