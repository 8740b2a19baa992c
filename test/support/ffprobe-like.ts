import { AVMEDIA_TYPE_SUBTITLE } from "node-av";
import { open } from "node:fs/promises";
import type { MediaInfo, VideoStream } from "../../src/domain/media-info.ts";
import { type Rational, ticksToSeconds } from "../../src/domain/rational.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import type { Plane, VideoFrame } from "../../src/media/frame.ts";
import { probe } from "../../src/media/probe.ts";
import { MediaSource } from "../../src/media/source.ts";
import { subtitleText } from "../../src/media/subtitles.ts";
import { readTimeline, type StreamExtent } from "../../src/media/timeline.ts";

// Reads a media file from scratch, so that tests need not believe the engine's own report.

/** Mean sample values of 8 × 8 fields of each plane, on the 8-bit scale; row by row. */
export type Grid = { readonly y: readonly number[]; readonly cb: readonly number[]; readonly cr: readonly number[] };

export type Reading = {
  readonly info: MediaInfo;
  readonly video: VideoStream;
  /** Presentation times of the decoded frames. */
  readonly ticks: readonly bigint[];
  readonly timeBase: Rational;
  readonly extents: ReadonlyMap<number, StreamExtent>;
  /** Every `gridEvery`-th decoded frame, as it is stored. */
  readonly grids: readonly Grid[];
};

export type ReadingOptions = { readonly videoIndex?: number; readonly gridEvery?: number; readonly convertTo?: string };

export const gridSide = 8;

/** Probes the file and decodes its video completely. */
export async function readMedia(path: string, options: ReadingOptions = {}): Promise<Reading> {
  const info = await probe(path);
  const videos = info.streams.filter((stream) => stream.kind === "video");
  const video = videos.find(
    ({ index, isCoverArt }) => index === options.videoIndex || (options.videoIndex === undefined && !isCoverArt),
  );
  if (video === undefined) throw new Error(`${path} has no video`);
  const { extents } = await readTimeline(path, video.index);
  const ticks: bigint[] = [];
  const grids: Grid[] = [];
  const { convertTo } = options;
  using filter = new FrameFilter(() => convertTo ?? "null");
  for await (const decoded of decodeVideo({ path, streamIndex: video.index, threads: 2 })) {
    using frame = decoded;
    const index = ticks.push(frame.pts) - 1;
    if (index % (options.gridEvery ?? 10) !== 0) continue;
    if (convertTo === undefined) {
      grids.push(measureGrid(frame, video.pixelFormat.bitDepth));
      continue;
    }
    using converted = await filter.apply(frame);
    grids.push(measureGrid(converted, 8));
  }
  return { info, video, ticks, timeBase: video.timeBase, extents, grids };
}

function measureGrid(frame: VideoFrame, bitDepth: number): Grid {
  const [y, cb, cr] = [0, 1, 2].map((index) => planeGrid(frame.plane(index), bitDepth));
  return { y: y ?? [], cb: cb ?? [], cr: cr ?? [] };
}

function planeGrid({ data, strideBytes, width, height }: Plane, bitDepth: number): number[] {
  const sums = new Float64Array(gridSide ** 2);
  const counts = new Float64Array(gridSide ** 2);
  for (let y = 0; y < height; y += 1) {
    const at = data.byteOffset + y * strideBytes;
    const row = bitDepth > 8 ? new Uint16Array(data.buffer, at, width) : new Uint8Array(data.buffer, at, width);
    const first = Math.floor((y * gridSide) / height) * gridSide;
    for (let x = 0; x < width; x += 1) {
      const field = first + Math.floor((x * gridSide) / width);
      sums[field] = (sums[field] ?? 0) + (row[x] ?? 0);
      counts[field] = (counts[field] ?? 0) + 1;
    }
  }
  return Array.from(sums, (sum, field) => sum / (counts[field] ?? 1) / 2 ** (bitDepth - 8));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The same fields after an optional mirror (left to right) and then clockwise quarter turns. */
export function turnFields(fields: readonly number[], quarterTurnsClockwise: number, mirrored = false): readonly number[] {
  const side = gridSide;
  let turned = mirrored ? fields.map((_, i) => fields[i - (i % side) + side - 1 - (i % side)] ?? Number.NaN) : fields;
  for (let turn = 0; turn < quarterTurnsClockwise; turn += 1) {
    const before = turned;
    turned = before.map((_, i) => before[(side - 1 - (i % side)) * side + Math.floor(i / side)] ?? Number.NaN);
  }
  return turned;
}

export type Cue = { readonly startSeconds: number; readonly durationSeconds: number; readonly text: string };

/** The cues of every text subtitle track, by stream index; empty ones (gap fillers of MP4) left out. */
export async function readSubtitles(path: string): Promise<ReadonlyMap<number, readonly Cue[]>> {
  const { streams } = await probe(path);
  await using source = await MediaSource.open(path);
  const tracks = new Map<number, Cue[]>();
  for (const stream of source.context.streams) {
    if (stream.codecpar.codecType === AVMEDIA_TYPE_SUBTITLE) tracks.set(stream.index, []);
  }
  for await (const packet of source.packets()) {
    const track = tracks.get(packet.streamIndex);
    const { timeBase, codecpar } = source.context.streams[packet.streamIndex] ?? {};
    const header = codecpar?.extradata?.toString("utf8") ?? "";
    if (track === undefined || timeBase === undefined) continue;
    const text = subtitleText({ codec: streams[packet.streamIndex]?.codec ?? "", header }, packet.data ?? Buffer.alloc(0), false);
    if (text === "") continue;
    track.push({
      startSeconds: ticksToSeconds(packet.pts, timeBase),
      durationSeconds: ticksToSeconds(packet.duration, timeBase),
      text,
    });
  }
  return tracks;
}

/** The types of the top-level boxes of an MP4 or MOV file, in their order. */
export async function topLevelBoxes(path: string): Promise<readonly string[]> {
  const file = await open(path);
  try {
    const { size: fileBytes } = await file.stat();
    const types: string[] = [];
    for (let at = 0; at + 8 <= fileBytes;) {
      const header = Buffer.alloc(16);
      await file.read(header, 0, 16, at);
      const short = header.readUInt32BE(0);
      const bytes = short === 1 ? Number(header.readBigUInt64BE(8)) : short === 0 ? fileBytes - at : short;
      types.push(header.toString("latin1", 4, 8));
      if (bytes < 8) throw new Error(`the box at ${at} of ${path} says ${bytes} bytes`);
      at += bytes;
    }
    return types;
  } finally {
    await file.close();
  }
}
