import {
  AV_DISPOSITION_ATTACHED_PIC,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_STILL_IMAGE,
  AV_DISPOSITION_TIMED_THUMBNAILS,
  AV_PKT_DATA_CONTENT_LIGHT_LEVEL,
  AV_PKT_DATA_DISPLAYMATRIX,
  AV_PKT_DATA_DOVI_CONF,
  AV_PKT_DATA_MASTERING_DISPLAY_METADATA,
  AVFMT_TS_DISCONT,
  AVMEDIA_TYPE_ATTACHMENT,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  type AVPixelFormat,
  avGetCodecName,
  type Stream,
} from "node-av";
import { statOrUndefined } from "../core/files.ts";
import { AppError } from "../domain/errors.ts";
import type { MediaInfo, MediaStream, VideoStream } from "../domain/media-info.ts";
import type { Rational } from "../domain/rational.ts";
import { readChapters } from "./chapters.ts";
import { readColor } from "./color.ts";
import { knownTicks } from "./ffmpeg.ts";
import { parseContentLight, parseMasteringDisplay } from "./hdr.ts";
import { parseDisplayMatrix } from "./orientation.ts";
import { describePixelFormat, pixelFormatName } from "./pixel-format.ts";
import { MediaSource } from "./source.ts";

/** Reads what a file says about itself, without decoding more than FFmpeg needs to recognise the streams.
 *  Throws: AppError `input_not_found`, `input_unreadable`. */
export async function probe(path: string): Promise<MediaInfo> {
  const file = await statOrUndefined(path);
  if (file === undefined) throw new AppError("input_not_found", `There is no file at ${path}.`);
  if (!file.isFile()) throw new AppError("input_unreadable", `${path} is not a file.`);
  if (Number(file.size) === 0) throw new AppError("input_unreadable", `${path} is empty (0 bytes).`);
  await using source = await MediaSource.open(path);
  const { context } = source;
  const flags = context.iformat?.flags ?? 0;
  const startTime = knownTicks(context.startTime);
  const duration = knownTicks(context.duration);
  return {
    container: context.iformat?.name ?? "unknown",
    sizeBytes: Number(file.size),
    durationSeconds: duration === undefined || duration <= 0n ? undefined : Number(duration) / 1e6,
    startSeconds: startTime === undefined ? 0 : Number(startTime) / 1e6,
    hasArbitraryClock: (Number(flags) & Number(AVFMT_TS_DISCONT)) !== 0,
    metadata: context.metadata?.getAll() ?? {},
    chapters: await readChapters(context),
    streams: context.streams.map(describeStream),
  };
}

function describeStream(stream: Stream): MediaStream {
  const parameters = stream.codecpar;
  const codec = avGetCodecName(parameters.codecId) ?? "none";
  const metadata = stream.metadata?.getAll() ?? {};
  const common = { index: stream.index, codec, metadata };
  switch (parameters.codecType) {
    case AVMEDIA_TYPE_VIDEO:
      return describeVideo(stream, codec, metadata);
    case AVMEDIA_TYPE_AUDIO: {
      const start = knownTicks(stream.startTime);
      const startSeconds = start === undefined ? undefined : (Number(start) * stream.timeBase.num) / stream.timeBase.den;
      return { kind: "audio", ...common, channels: parameters.channels, sampleRate: parameters.sampleRate, startSeconds };
    }
    case AVMEDIA_TYPE_SUBTITLE:
      return { kind: "subtitle", ...common };
    case AVMEDIA_TYPE_ATTACHMENT:
      return { kind: "attachment", ...common };
    default:
      return { kind: "data", ...common, codec: parameters.codecTagString ?? codec };
  }
}

const stillDispositions = [AV_DISPOSITION_ATTACHED_PIC, AV_DISPOSITION_TIMED_THUMBNAILS, AV_DISPOSITION_STILL_IMAGE];

const fieldOrders: Record<number, VideoStream["fieldOrder"]> = {
  1: "progressive",
  2: "top_first",
  3: "bottom_first",
  4: "top_first",
  5: "bottom_first",
};

function describeVideo(stream: Stream, codec: string, metadata: Record<string, string>): VideoStream {
  const parameters = stream.codecpar;
  const matrix = parameters.getCodedSideData(AV_PKT_DATA_DISPLAYMATRIX);
  const mastering = parameters.getCodedSideData(AV_PKT_DATA_MASTERING_DISPLAY_METADATA);
  const light = parameters.getCodedSideData(AV_PKT_DATA_CONTENT_LIGHT_LEVEL);
  const masteringDisplay = mastering === null ? undefined : parseMasteringDisplay(mastering);
  const contentLight = light === null ? undefined : parseContentLight(light);
  const { fieldOrder } = parameters.toJSON() as { fieldOrder?: number }; // the one place the binding shows it
  const aspect = stream.sampleAspectRatio.num > 0 ? stream.sampleAspectRatio : parameters.sampleAspectRatio;
  return {
    kind: "video",
    index: stream.index,
    codec,
    codedSize: { width: parameters.width, height: parameters.height },
    pixelFormat: describePixelFormat(pixelFormatName(parameters.format as AVPixelFormat)), // a video stream's format
    sampleAspect: aspect.num > 0 && aspect.den > 0 ? plainRational(aspect) : { num: 1, den: 1 },
    orientation: matrix === null ? { mirrored: false, quarterTurnsClockwise: 0 } : parseDisplayMatrix(matrix),
    color: readColor(parameters),
    hdr: {
      ...(masteringDisplay === undefined ? {} : { mastering: masteringDisplay }),
      ...(contentLight === undefined ? {} : { contentLight }),
    },
    hasDolbyVision: parameters.getCodedSideData(AV_PKT_DATA_DOVI_CONF) !== null,
    fieldOrder: fieldOrders[fieldOrder ?? 0] ?? "unknown",
    timeBase: plainRational(stream.timeBase),
    averageRate: plainRational(stream.avgFrameRate.num > 0 ? stream.avgFrameRate : stream.rFrameRate),
    startTicks: knownTicks(stream.startTime),
    isCoverArt: stillDispositions.some((flag) => stream.hasDisposition(flag)),
    isDefault: stream.hasDisposition(AV_DISPOSITION_DEFAULT),
    metadata,
  };
}

function plainRational(value: Rational): Rational {
  return { num: value.num, den: value.den };
}
