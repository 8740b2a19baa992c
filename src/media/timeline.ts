import { AV_PKT_FLAG_CORRUPT, AV_PKT_FLAG_DISCARD } from "node-av";
import { throwIfAborted } from "../core/async.ts";
import type { Rational } from "../domain/rational.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import { knownTicks } from "./ffmpeg.ts";
import { MediaSource } from "./source.ts";

export type StreamExtent = { packets: number; bytes: number; startSeconds: number; endSeconds: number };

/** What one pass over all packets shows: the video's timestamps, and where each stream starts and ends. */
export type Timeline = {
  readonly timeBase: Rational;
  /** Presentation time of each video packet that is shown, rising. A few codecs put several packets into a frame. */
  readonly frameTicks: readonly bigint[];
  /** Presentation times at which decoding can start, rising. */
  readonly keyTicks: readonly bigint[];
  /** End of the last frame as far as its duration is known. */
  readonly endTicks: bigint;
  readonly extents: ReadonlyMap<number, StreamExtent>;
  readonly corruptPackets: number;
  /** Frames that are there to be decoded but cut away by an edit list. */
  readonly discardedFrames: number;
  /** Frames that the container announces in its index; 0 when it does not. */
  readonly declaredFrames: number;
  /** Length of the video as the container announces it. */
  readonly declaredSeconds: number | undefined;
  /** Why reading stopped before the end of the file. */
  readonly readError: string | undefined;
};

/** Reads every packet of the file once, without decoding. */
export async function readTimeline(path: string, videoIndex: number, signal?: AbortSignal): Promise<Timeline> {
  await using source = await MediaSource.open(path);
  const streams = source.context.streams;
  const video = streams[videoIndex];
  if (video === undefined) throw new RangeError(`there is no stream ${videoIndex}`);
  const timeBase = { num: video.timeBase.num, den: video.timeBase.den };
  const frameTicks: bigint[] = [];
  const keyTicks: bigint[] = [];
  const extents = new Map<number, StreamExtent>();
  let corruptPackets = 0;
  let discardedFrames = 0;
  let endTicks = 0n;
  let readError: string | undefined;
  for await (const packet of source.packets((error) => (readError = error.message))) {
    throwIfAborted(signal);
    if (packet.streamIndex === videoIndex && packet.hasFlags(AV_PKT_FLAG_DISCARD)) {
      discardedFrames += 1;
      continue;
    }
    const ticks = knownTicks(packet.pts) ?? knownTicks(packet.dts);
    const stream = streams[packet.streamIndex];
    if (ticks === undefined || stream === undefined) continue;
    const startSeconds = ticksToSeconds(ticks, stream.timeBase);
    const endSeconds = ticksToSeconds(ticks + packet.duration, stream.timeBase);
    const extent = extents.get(packet.streamIndex);
    if (extent === undefined) extents.set(packet.streamIndex, { packets: 1, bytes: packet.size, startSeconds, endSeconds });
    else {
      extent.packets += 1;
      extent.bytes += packet.size;
      extent.startSeconds = Math.min(extent.startSeconds, startSeconds);
      extent.endSeconds = Math.max(extent.endSeconds, endSeconds);
    }
    if (packet.streamIndex !== videoIndex) continue;
    if (packet.hasFlags(AV_PKT_FLAG_CORRUPT)) corruptPackets += 1;
    frameTicks.push(ticks);
    if (packet.isKeyframe) keyTicks.push(ticks);
    if (ticks + packet.duration > endTicks) endTicks = ticks + packet.duration;
  }
  const declared = knownTicks(video.duration);
  return {
    timeBase,
    frameTicks: frameTicks.toSorted(byValue),
    keyTicks: keyTicks.toSorted(byValue),
    endTicks,
    extents,
    corruptPackets,
    discardedFrames,
    declaredFrames: Number(video.nbFrames),
    declaredSeconds: declared === undefined || declared <= 0n ? undefined : ticksToSeconds(declared, timeBase),
    readError,
  };
}

function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
