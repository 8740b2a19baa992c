import {
  AV_PKT_FLAG_KEY,
  type CodecParameters,
  Dictionary,
  FormatContext,
  Packet,
  Rational as NativeRational,
  type Stream,
  avGetCodecName,
} from "node-av";
import { throwIfAborted } from "../core/async.ts";
import type { Rational } from "../domain/rational.ts";
import { rescaleTicks, secondsToTicks, ticksToSeconds } from "../domain/rational.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import type { Container } from "../domain/upscale-request.ts";
import { decodeTimes } from "./decode-order.ts";
import type { EncodedPacket } from "./encode.ts";
import { check, knownTicks } from "./ffmpeg.ts";
import { MediaSource } from "./source.ts";
import { containerMetadata, copyDescription, openRoute, type Route, routePacket } from "./stream-route.ts";

export type MuxOptions = {
  readonly outputPath: string;
  readonly container: Container;
  readonly sourcePath: string;
  readonly video: {
    readonly sourceIndex: number;
    readonly parameters: CodecParameters;
    readonly timeBase: Rational;
    readonly frameRate: Rational;
    /** Left out: square pixels. */
    readonly sampleAspect?: Rational;
    /** Every presentation time in the order of the packets. */
    readonly ptsTicks: readonly bigint[];
    readonly packets: AsyncIterable<EncodedPacket>;
  };
  readonly decisions: readonly StreamDecision[];
  /** By source index: the time of each stream's first packet. */
  readonly startSeconds: ReadonlyMap<number, number>;
  /** Taken off every timestamp. */
  readonly shiftSeconds: number;
  readonly signal?: AbortSignal;
};

/** Facts that only show while the streams are written. */
export type MuxResult = {
  readonly rejectedAudioPackets: number;
  /** By source index: how long a re-encoded track's own lead-in stands before its first sample. */
  readonly audioLeadSeconds: ReadonlyMap<number, number>;
};

/** Writes the encoded video and the source's other streams into one file, interleaved by decoding time.
 *  Throws: AppError `output_unwritable`, `encode_failed`. */
export async function writeMedia(options: MuxOptions): Promise<MuxResult> {
  await using source = await MediaSource.open(options.sourcePath);
  using stack = new DisposableStack();
  const context = new FormatContext();
  try {
    const unwritable = "The output file cannot be written";
    check(context.allocOutputContext2(null, options.container, `file:${options.outputPath}`), "output_unwritable", unwritable);
    check(await context.openOutput(), "output_unwritable", unwritable);
    const video = addVideo(context, options, source.context.streams[options.video.sourceIndex]);
    const routes = new Map<number, Route>();
    for (const decision of options.decisions) {
      const input = source.context.streams[decision.index];
      if (decision.action === "drop" || input === undefined) continue;
      routes.set(
        decision.index,
        await openRoute({ context, decision, input, stack, startSeconds: options.startSeconds.get(decision.index) ?? 0 }),
      );
    }
    context.metadata = Dictionary.fromObject(containerMetadata(source.context.metadata?.getAll() ?? {}));
    const header = Dictionary.fromObject(headerOptions(options));
    check(await context.writeHeader(header), "output_unwritable", `The ${options.container} file cannot be started`);
    const packets = mergeByTime(videoPackets(options, video), otherPackets(source, routes, options.shiftSeconds));
    for await (const { packet } of packets) {
      using owned = packet;
      throwIfAborted(options.signal);
      check(await context.interleavedWriteFrame(owned), "output_unwritable", unwritable);
    }
    check(await context.writeTrailer(), "output_unwritable", `The ${options.container} file cannot be finished`);
    return {
      audioLeadSeconds: audioLeads(routes.values()),
      rejectedAudioPackets: [...routes.values()].reduce((sum, route) => sum + (route.transcoder?.rejectedPackets ?? 0), 0),
    };
  } finally {
    await context.closeOutput();
    context.freeContext();
  }
}

function audioLeads(routes: Iterable<Route>): ReadonlyMap<number, number> {
  return new Map(
    [...routes].flatMap((route) => (route.transcoder ? [[route.decision.index, route.transcoder.primingSeconds] as const] : [])),
  );
}

function headerOptions({ container, video }: MuxOptions): Record<string, string> {
  if (container === "webm") return { fflags: "+bitexact" };
  return {
    fflags: "+bitexact",
    movflags: "+faststart",
    video_track_timescale: `${video.timeBase.den}`,
    movie_timescale: `${movieTimescale(video.timeBase.den)}`,
    strict: "experimental",
  };
}

/** Start offsets are stored in this unit: fine enough for sound, and a multiple of the video's so that it stays exact. */
function movieTimescale(videoTimescale: number): number {
  return videoTimescale * Math.ceil(10_000 / videoTimescale);
}

function addVideo(context: FormatContext, { video, container }: MuxOptions, input: Stream | undefined): Stream {
  const stream = context.newStream(null);
  check(video.parameters.copy(stream.codecpar), "internal", "The video description cannot be copied");
  stream.codecpar.codecTag = container !== "webm" && avGetCodecName(video.parameters.codecId) === "hevc" ? "hvc1" : 0;
  stream.timeBase = new NativeRational(video.timeBase.num, video.timeBase.den);
  stream.avgFrameRate = new NativeRational(video.frameRate.num, video.frameRate.den);
  stream.sampleAspectRatio = new NativeRational(video.sampleAspect?.num ?? 1, video.sampleAspect?.den ?? 1);
  if (input !== undefined) copyDescription(input, stream);
  return stream;
}

type Timed = { readonly packet: Packet; readonly seconds: number };

async function* videoPackets({ video, shiftSeconds }: MuxOptions, stream: Stream): AsyncGenerator<Timed> {
  const dts = decodeTimes(video.ptsTicks);
  const shift = secondsToTicks(shiftSeconds, video.timeBase);
  let index = 0;
  for await (const encoded of video.packets) {
    const packet = new Packet();
    packet.alloc();
    packet.data = encoded.data;
    packet.streamIndex = stream.index;
    const to = stream.timeBase;
    packet.pts = rescaleTicks(encoded.pts - shift, video.timeBase, to);
    packet.dts = rescaleTicks((dts[index] ?? encoded.dts) - shift, video.timeBase, to);
    packet.duration = rescaleTicks(encoded.durationTicks, video.timeBase, to);
    if (encoded.isKey) packet.setFlags(AV_PKT_FLAG_KEY);
    index += 1;
    yield { packet, seconds: ticksToSeconds(packet.dts, to) };
  }
}

async function* otherPackets(
  source: MediaSource,
  routes: ReadonlyMap<number, Route>,
  shiftSeconds: number,
): AsyncGenerator<Timed> {
  if (routes.size === 0) return;
  for await (const packet of source.packets()) {
    const route = routes.get(packet.streamIndex);
    if (route === undefined) continue;
    for await (const result of routePacket(route, packet)) yield timed(result, route, shiftSeconds);
  }
  for (const route of routes.values()) {
    if (route.transcoder === undefined) continue;
    for await (const result of route.transcoder.transcode(null)) yield timed(result, route, shiftSeconds);
  }
}

function timed(packet: Packet, { input, output, transcoder }: Route, shiftSeconds: number): Timed {
  const from = transcoder?.timeBase ?? input.timeBase;
  const shift = secondsToTicks(shiftSeconds, from);
  const pts = knownTicks(packet.pts);
  const dts = knownTicks(packet.dts) ?? pts;
  if (pts !== undefined) packet.pts = rescaleTicks(pts - shift, from, output.timeBase);
  if (dts !== undefined) packet.dts = rescaleTicks(dts - shift, from, output.timeBase);
  packet.duration = rescaleTicks(packet.duration, from, output.timeBase);
  packet.streamIndex = output.index;
  packet.pos = -1n;
  return { packet, seconds: dts === undefined ? 0 : ticksToSeconds(dts - shift, from) };
}

async function* mergeByTime(a: AsyncGenerator<Timed>, b: AsyncGenerator<Timed>): AsyncGenerator<Timed> {
  try {
    let [left, right] = [await a.next(), await b.next()];
    while (left.done !== true || right.done !== true) {
      if (right.done === true || (left.done !== true && left.value.seconds <= right.value.seconds)) {
        if (left.done !== true) yield left.value;
        left = await a.next();
      } else {
        yield right.value;
        right = await b.next();
      }
    }
  } finally {
    await a.return(undefined);
    await b.return(undefined);
  }
}
