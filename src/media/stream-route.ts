import {
  AV_CODEC_ID_MOV_TEXT,
  AV_CODEC_ID_WEBVTT,
  AV_PKT_FLAG_KEY,
  AVMEDIA_TYPE_SUBTITLE,
  Dictionary,
  type FormatContext,
  Packet,
  Rational as NativeRational,
  type Stream,
} from "node-av";
import { AppError } from "../domain/errors.ts";
import type { StreamDecision } from "../domain/stream-decision.ts";
import { AudioTranscoder } from "./audio.ts";
import { check } from "./ffmpeg.ts";
import { movTextHeader, movTextSample, type SubtitleTrack, subtitleText } from "./subtitles.ts";

/** How one source stream other than the picture reaches the output. */
export type Route = {
  readonly decision: StreamDecision;
  readonly input: Stream;
  readonly output: Stream;
  readonly transcoder?: AudioTranscoder;
};

export type RouteQuestion = {
  readonly context: FormatContext;
  readonly decision: StreamDecision;
  readonly input: Stream;
  readonly stack: DisposableStack;
  readonly startSeconds: number;
};

/** Adds the output stream that a decision asks for. Owns: what it opens goes onto `stack`. */
export async function openRoute({ context, decision, input, stack, startSeconds }: RouteQuestion): Promise<Route> {
  const output = context.newStream(null);
  copyDescription(input, output);
  output.timeBase = input.timeBase;
  if (decision.action === "convert" && (decision.to === "aac" || decision.to === "opus")) {
    const transcoder = stack.use(await AudioTranscoder.open(input, decision.to, startSeconds));
    using parameters = transcoder.parameters();
    check(parameters.copy(output.codecpar), "internal", "An audio description cannot be copied");
    output.timeBase = transcoder.timeBase;
    return { decision, input, output, transcoder };
  }
  if (decision.action === "convert") {
    output.codecpar.codecType = AVMEDIA_TYPE_SUBTITLE;
    output.codecpar.codecId = decision.to === "mov_text" ? AV_CODEC_ID_MOV_TEXT : AV_CODEC_ID_WEBVTT;
    if (decision.to === "mov_text") output.codecpar.extradata = movTextHeader();
    output.timeBase = new NativeRational(1, 1000);
    return { decision, input, output };
  }
  check(input.codecpar.copy(output.codecpar), "internal", "A stream description cannot be copied");
  output.codecpar.codecTag = 0;
  return { decision, input, output };
}

/** What one source packet becomes. Owns: the caller disposes the yielded packets. */
export async function* routePacket(route: Route, packet: Packet): AsyncGenerator<Packet> {
  if (route.transcoder !== undefined) {
    yield* route.transcoder.transcode(packet);
    return;
  }
  if (route.decision.action === "convert") {
    yield convertSubtitle(packet, subtitleTrack(route), route.decision.to === "mov_text");
    return;
  }
  const copy = packet.clone();
  if (copy === null) throw new AppError("out_of_memory", "There is no memory to copy a packet.");
  yield copy;
}

function subtitleTrack({ decision, input }: Route): SubtitleTrack {
  return { codec: decision.codec, header: input.codecpar.extradata?.toString("utf8") ?? "" };
}

function convertSubtitle(packet: Packet, track: SubtitleTrack, toMovText: boolean): Packet {
  const text = subtitleText(track, packet.data ?? Buffer.alloc(0), !toMovText);
  const result = new Packet();
  result.alloc();
  result.data = toMovText ? movTextSample(text) : Buffer.from(text, "utf8"); // clears every other field: it comes first
  result.pts = packet.pts;
  result.dts = packet.dts;
  result.duration = packet.duration;
  result.setFlags(AV_PKT_FLAG_KEY);
  return result;
}

/** Carries title, language, disposition and the like over. */
export function copyDescription(input: Stream, output: Stream): void {
  output.disposition = input.disposition;
  output.metadata = Dictionary.fromObject(containerMetadata(input.metadata?.getAll() ?? {}));
}

/** Metadata without what the muxer writes itself. */
export function containerMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const technical = new Set(["major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER", "duration", "DURATION"]);
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !technical.has(key)));
}
