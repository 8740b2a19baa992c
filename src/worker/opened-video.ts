import { AppError } from "../domain/errors.ts";
import type { ColorInfo, MediaInfo, Size, VideoStream } from "../domain/media-info.ts";
import { displaySize } from "../domain/output-size.ts";
import { ticksToSeconds } from "../domain/rational.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";
import { resolveColor } from "../engine/color.ts";
import { diagnose } from "../engine/diagnosis/diagnose.ts";
import type { Diagnosis } from "../engine/diagnosis/diagnosis.ts";
import { lastKeyUntil } from "../engine/segments.ts";
import { selectVideo } from "../engine/streams.ts";
import { decodeVideo } from "../media/decode.ts";
import type { VideoFrame } from "../media/frame.ts";
import { readPacketSizes } from "../media/packet-sizes.ts";
import { probe } from "../media/probe.ts";
import { type CodecProfile, readProfile } from "../media/profile.ts";
import { readTimeline, type Timeline } from "../media/timeline.ts";
import { mostDemanding, type Stretch } from "./demanding.ts";
import type { PictureFacts } from "./viewer-messages.ts";

const seekableContainers = /mov|mp4|matroska|webm/;
/** Of decoded frames that are kept for steps back. */
const keptBytes = 64 * 1024 * 1024;
const mostKept = 12;
/** Reading on is cheaper than starting at a key frame again. */
const mostSkipped = 48;

type Read = {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly profile: CodecProfile;
};

/** A video that people look at frame by frame.  Owns: a decoder and some frames. */
export class OpenedVideo implements AsyncDisposable {
  readonly media: MediaInfo;
  readonly video: VideoStream;
  readonly timeline: Timeline;
  readonly shown: Size;
  readonly color: ColorInfo;
  readonly profile: CodecProfile;
  readonly #path: string;
  #reading: AsyncGenerator<VideoFrame> | undefined;
  #kept: { readonly index: number; readonly frame: VideoFrame }[] = [];
  #nextIndex = 0;
  #demanding: Promise<Stretch> | undefined;
  readonly #diagnoses = new Map<string, Promise<Diagnosis>>();

  private constructor(path: string, { media, video, timeline, profile }: Read) {
    this.#path = path;
    this.profile = profile;
    this.media = media;
    this.video = video;
    this.timeline = timeline;
    this.shown = displaySize(video.codedSize, video.sampleAspect, video.orientation);
    this.color = resolveColor(video.color, video.codedSize, video.pixelFormat).color;
  }

  /** Throws: AppError `input_unreadable`, `no_video`. */
  static async open(path: string): Promise<OpenedVideo> {
    const media = await probe(path);
    const first = selectVideo(media, () => 0);
    let timeline = await readTimeline(path, first.index);
    const video = selectVideo(media, (index) => timeline.extents.get(index)?.packets ?? 0);
    if (video.index !== first.index) timeline = await readTimeline(path, video.index);
    if (timeline.frameTicks.length === 0) throw new AppError("no_video", "The video track holds no frames that can be read.");
    return new OpenedVideo(path, { media, video, timeline, profile: await readProfile(path, video.index) });
  }

  get frames(): number {
    return this.timeline.frameTicks.length;
  }

  /** From the first frame. */
  secondsOf(index: number): number {
    const { frameTicks, timeBase } = this.timeline;
    return ticksToSeconds((frameTicks[index] ?? 0n) - (frameTicks[0] ?? 0n), timeBase);
  }

  /** The frame that is shown at a moment; before the first one that one, after the end the last. */
  indexAt(seconds: number): number {
    // Times of two containers are rounded differently.
    const wanted = seconds + 0.0006;
    let [low, high] = [0, this.frames - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.secondsOf(middle) <= wanted) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Read once.  Throws: AppError `no_video`. */
  demanding(): Promise<Stretch> {
    this.#demanding ??= this.#findDemanding();
    return this.#demanding;
  }

  /** Looked for once for the same assumptions. */
  diagnosis(assume: UpscaleRequest["assume"]): Promise<Diagnosis> {
    const key = JSON.stringify(assume ?? {});
    const found = this.#diagnoses.get(key) ?? diagnose({ path: this.#path, video: this.video, timeline: this.timeline, assume });
    this.#diagnoses.set(key, found);
    return found;
  }

  facts(): PictureFacts {
    const { timeline, video, media } = this;
    const { frameTicks, timeBase, endTicks } = timeline;
    const first = frameTicks[0] ?? 0n;
    const durationSeconds = Math.max(0, ticksToSeconds(endTicks - first, timeBase));
    const { num, den } = video.averageRate;
    return {
      container: media.container,
      codec: video.codec,
      ...this.profile,
      bitDepth: video.pixelFormat.bitDepth,
      chroma: video.pixelFormat.chroma,
      size: this.shown,
      frames: frameTicks.length,
      frameRate: num > 0 ? num / den : frameTicks.length / Math.max(0.001, durationSeconds),
      isConstantRate: isConstant(frameTicks),
      firstSeconds: ticksToSeconds(first, timeBase),
      durationSeconds,
    };
  }

  /** A decoded frame.  Owns: stays this object's; valid until the next call.  Throws: AppError `decode_failed`. */
  async frame(index: number): Promise<VideoFrame> {
    const found = this.#kept.find((kept) => kept.index === index);
    if (found !== undefined) return found.frame;
    const canReadOn = this.#reading !== undefined && index >= this.#nextIndex && index - this.#nextIndex <= mostSkipped;
    if (!canReadOn) await this.#startAt(index);
    const wanted = this.timeline.frameTicks[index] ?? 0n;
    for (;;) {
      const next = await this.#reading?.next();
      if (next === undefined || next.done === true) {
        const last = this.#kept.at(-1);
        if (last === undefined) throw new AppError("decode_failed", "This frame cannot be decoded.");
        return last.frame;
      }
      this.#keep(next.value);
      if (next.value.pts >= wanted) return next.value;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stop();
  }

  async #findDemanding(): Promise<Stretch> {
    const { timeBase, endTicks } = this.timeline;
    const found = mostDemanding(await readPacketSizes(this.#path, this.video.index), timeBase, endTicks);
    if (found !== undefined) return found;
    throw new AppError("no_video", "The video track holds no frames that can be read.");
  }

  async #startAt(index: number): Promise<void> {
    await this.#stop();
    const { frameTicks, keyTicks } = this.timeline;
    // Some frames before it come along, for steps back.
    const fromIndex = Math.max(0, index - Math.floor(this.#mostKept / 2));
    const fromTicks = frameTicks[fromIndex] ?? 0n;
    const seekTicks = seekableContainers.test(this.media.container) ? lastKeyUntil(keyTicks, fromTicks) : undefined;
    this.#nextIndex = fromIndex;
    this.#reading = decodeVideo({
      path: this.#path,
      streamIndex: this.video.index,
      threads: 2,
      fromTicks,
      ...(seekTicks !== undefined && { seekTicks }),
    });
  }

  #keep(frame: VideoFrame): void {
    const index = this.#indexOf(frame.pts);
    this.#kept.push({ index, frame });
    this.#nextIndex = index + 1;
    while (this.#kept.length > this.#mostKept) this.#kept.shift()?.frame[Symbol.dispose]();
  }

  #indexOf(ticks: bigint): number {
    const { frameTicks } = this.timeline;
    for (let index = this.#nextIndex; index < frameTicks.length; index += 1) if ((frameTicks[index] ?? 0n) >= ticks) return index;
    return frameTicks.length - 1;
  }

  get #mostKept(): number {
    const { width, height } = this.video.codedSize;
    const bytes = width * height * 3 * (this.video.pixelFormat.bitDepth > 8 ? 2 : 1);
    return Math.max(2, Math.min(mostKept, Math.floor(keptBytes / bytes)));
  }

  async #stop(): Promise<void> {
    await this.#reading?.return(undefined);
    this.#reading = undefined;
    for (const { frame } of this.#kept) frame[Symbol.dispose]();
    this.#kept = [];
  }
}

/** Whether frames come at even times, but for the rounding of the time base. */
function isConstant(ticks: readonly bigint[]): boolean {
  const first = ticks[0] ?? 0n;
  const last = ticks.at(-1) ?? 0n;
  if (ticks.length < 3) return true;
  const step = Number(last - first) / (ticks.length - 1);
  return ticks.every((tick, index) => Math.abs(Number(tick - first) - index * step) <= 1.01);
}
