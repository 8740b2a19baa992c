import type { AudioStream, MediaStream, VideoStream } from "../../domain/media-info.ts";
import { formatRational } from "../../domain/rational.ts";
import { probe as probeFile } from "../../media/probe.ts";
import type { CommandContext } from "../context.ts";
import { labelOf, parseInput } from "../inputs.ts";
import { LocalFile } from "../local-file.ts";
import { formatTable } from "../table.ts";
import { countOf, formatBytes, formatDuration } from "../units.ts";

/** `upres probe <input>`: what the file says about itself. */
export async function probe(argument: string, context: CommandContext): Promise<void> {
  const { output } = context;
  const input = parseInput(argument);
  await using file = await LocalFile.forReading(input, context);
  const media = await probeFile(file.path);
  output.document(media);
  const duration = media.durationSeconds === undefined ? "not said" : formatDuration(media.durationSeconds);
  const rows = [
    ["file", labelOf(input)],
    ["container", media.container],
    ["size", formatBytes(media.sizeBytes)],
    ["duration", duration],
    ...(media.startSeconds === 0 ? [] : [["starts at", `${media.startSeconds.toFixed(6)} s`]]),
    ...media.streams.map((stream) => [`${stream.kind} ${stream.index}`, describeStream(stream)]),
    ...(media.chapters.length === 0 ? [] : [["chapters", media.chapters.map(({ title }) => title || "untitled").join(", ")]]),
    ...Object.entries(media.metadata).map(([key, value]) => [key, value]),
  ];
  output.result(formatTable(rows, { width: output.width }));
}

function describeStream(stream: MediaStream): string {
  const language = stream.metadata["language"];
  const facts = [
    stream.codec,
    ...(stream.kind === "video" ? describeVideo(stream) : stream.kind === "audio" ? describeAudio(stream) : []),
    ...(language === undefined || language === "und" ? [] : [language]),
  ];
  return facts.join(", ");
}

function describeVideo(stream: VideoStream): string[] {
  const { codedSize, pixelFormat, averageRate, sampleAspect, color, orientation, fieldOrder } = stream;
  const tags = [color.matrix, color.primaries, color.transfer];
  return [
    `${codedSize.width}x${codedSize.height}`,
    `${formatRational(averageRate)} fps`,
    pixelFormat.name,
    tags.every((tag) => tag === "unknown") ? "colour not tagged" : tags.join("/"),
    ...(color.range === "unknown" ? [] : [`${color.range} range`]),
    ...(sampleAspect.num === sampleAspect.den ? [] : [`pixels ${formatRational(sampleAspect)} wide`]),
    ...(orientation.quarterTurnsClockwise === 0 ? [] : [`to be turned ${orientation.quarterTurnsClockwise * 90}° clockwise`]),
    ...(orientation.mirrored ? ["to be mirrored"] : []),
    ...(fieldOrder === "top_first" || fieldOrder === "bottom_first" ? ["marked as interlaced"] : []),
    ...(stream.hdr.mastering === undefined && stream.hdr.contentLight === undefined ? [] : ["HDR10 metadata"]),
    ...(stream.hasDolbyVision ? ["Dolby Vision"] : []),
    ...(stream.isCoverArt ? ["cover picture"] : []),
  ];
}

function describeAudio({ channels, sampleRate }: AudioStream): string[] {
  return [countOf(channels, "channel"), `${sampleRate} Hz`];
}
