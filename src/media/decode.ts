import {
  AV_CODEC_FLAG_OUTPUT_CORRUPT,
  AV_FRAME_FLAG_CORRUPT,
  AVDISCARD_ALL,
  AVERROR_ENOMEM,
  AVSEEK_FLAG_BACKWARD,
  Codec,
  CodecContext,
  type Packet,
  type Stream,
} from "node-av";
import { throwIfAborted } from "../core/async.ts";
import { AppError } from "../domain/errors.ts";
import { check, isAgain, isEndOfFile, knownTicks } from "./ffmpeg.ts";
import { VideoFrame } from "./frame.ts";
import { MediaSource } from "./source.ts";

/** 16384 × 8640: larger pictures are refused before memory is taken for them. */
const maxDecodedPixels = 141_557_760;
const maxErrorsInARow = 16;

export type DecodeOptions = {
  readonly path: string;
  readonly streamIndex: number;
  readonly threads: number;
  /** Only frames with `fromTicks <= pts < untilTicks` are delivered. */
  readonly fromTicks?: bigint;
  readonly untilTicks?: bigint;
  /** Time of a key frame at or before `fromTicks` to start reading at; without it everything from the start is decoded. */
  readonly seekTicks?: bigint;
  readonly stats?: DecodeStats;
  /** The part of the delivered range in which damaged frames are counted; left out: all of it. */
  readonly counted?: { readonly fromTicks: bigint | undefined; readonly untilTicks: bigint | undefined };
  readonly signal?: AbortSignal;
};

/** Damage met on the way. */
export type DecodeStats = { damagedFrames: number; rejectedPackets: number; repairedTimestamps: number };

export function newDecodeStats(): DecodeStats {
  return { damagedFrames: 0, rejectedPackets: 0, repairedTimestamps: 0 };
}

/** Decodes one video stream in presentation order with strictly rising timestamps.
 *  Owns: the consumer owns each frame.  Throws: AppError `decode_failed`, `unsupported_input`, `out_of_memory`. */
export async function* decodeVideo(options: DecodeOptions): AsyncGenerator<VideoFrame> {
  const { fromTicks, untilTicks, counted, signal } = options;
  const stats = options.stats ?? newDecodeStats();
  await using source = await MediaSource.open(options.path);
  const stream = source.context.streams[options.streamIndex];
  if (stream === undefined) throw new RangeError(`there is no stream ${options.streamIndex}`);
  using decoder = await openDecoder(stream, options.threads);
  for (const other of source.context.streams) if (other.index !== stream.index) other.discard = AVDISCARD_ALL;
  if (options.seekTicks !== undefined) {
    check(
      await source.context.seekFrame(stream.index, options.seekTicks, AVSEEK_FLAG_BACKWARD),
      "decode_failed",
      "The input cannot be read from the middle",
    );
  }
  let last: bigint | undefined;
  for await (const frame of decodePackets(source.packets(), decoder, stream, stats)) {
    if (signal?.aborted === true) frame[Symbol.dispose]();
    throwIfAborted(signal);
    const stated = knownTicks(frame.native.bestEffortTimestamp) ?? (last ?? -1n) + 1n;
    const ticks = last !== undefined && stated <= last ? last + 1n : stated;
    last = ticks;
    if (untilTicks !== undefined && ticks >= untilTicks) {
      frame[Symbol.dispose]();
      return;
    }
    if (fromTicks !== undefined && ticks < fromTicks) {
      frame[Symbol.dispose]();
      continue;
    }
    frame.pts = ticks;
    const isCounted = ticks >= (counted?.fromTicks ?? ticks) && ticks < (counted?.untilTicks ?? ticks + 1n);
    if (isCounted && ticks !== stated) stats.repairedTimestamps += 1;
    if (isCounted && isDamaged(frame)) stats.damagedFrames += 1;
    yield frame;
  }
}
function isDamaged({ native }: VideoFrame): boolean {
  return native.hasFlags(AV_FRAME_FLAG_CORRUPT) || native.decodeErrorFlags !== 0;
}

async function openDecoder(stream: Stream, threads: number): Promise<CodecContext> {
  const codec = Codec.findDecoder(stream.codecpar.codecId);
  if (codec === null) {
    throw new AppError("unsupported_input", "The video's codec is not supported.", {
      details: { codec: stream.codecpar.codecId },
    });
  }
  const decoder = new CodecContext();
  try {
    decoder.allocContext3(codec);
    check(decoder.parametersToContext(stream.codecpar), "decode_failed", "The video stream's header cannot be used");
    decoder.pktTimebase = stream.timeBase;
    decoder.threadCount = threads;
    decoder.setFlags(AV_CODEC_FLAG_OUTPUT_CORRUPT);
    decoder.setOption("max_pixels", maxDecodedPixels);
    check(await decoder.open2(codec, null), "decode_failed", `The ${codec.name ?? "video"} decoder refuses this stream`);
    return decoder;
  } catch (error) {
    decoder[Symbol.dispose]();
    throw error;
  }
}

async function* decodePackets(
  packets: AsyncIterable<Packet>,
  decoder: CodecContext,
  stream: Stream,
  stats: DecodeStats,
): AsyncGenerator<VideoFrame> {
  for await (const packet of packets) {
    if (packet.streamIndex !== stream.index) continue;
    const sent = await decoder.sendPacket(packet);
    if (sent === AVERROR_ENOMEM) check(sent, "out_of_memory", "There is no memory to decode the video");
    if (sent < 0 && !isAgain(sent)) stats.rejectedPackets += 1;
    yield* receiveFrames(decoder, stats);
  }
  await decoder.sendPacket(null);
  yield* receiveFrames(decoder, stats);
}

async function* receiveFrames(decoder: CodecContext, stats: DecodeStats): AsyncGenerator<VideoFrame> {
  for (let errors = 0; errors < maxErrorsInARow; errors += 1) {
    const frame = VideoFrame.empty();
    const code = await decoder.receiveFrame(frame.native);
    if (code >= 0) {
      errors = 0;
      yield frame;
      continue;
    }
    frame[Symbol.dispose]();
    if (isAgain(code) || isEndOfFile(code)) return;
    if (code === AVERROR_ENOMEM) check(code, "out_of_memory", "There is no memory to decode the video");
    stats.rejectedPackets += 1;
  }
}
