import type { AudioStream, MediaInfo, MediaStream, OtherStream, VideoStream } from "../../src/domain/media-info.ts";
import type { ModelDescriptor } from "../../src/domain/model-descriptor.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { nothingFound } from "../../src/engine/diagnosis/diagnosis.ts";
import type { PlanQuestion } from "../../src/engine/plan.ts";
import type { Timeline } from "../../src/media/timeline.ts";

// Descriptions of media that exist nowhere, for tests of what is decided from them.

export function videoStream(changes: Partial<VideoStream> = {}): VideoStream {
  return {
    kind: "video",
    index: 0,
    codec: "h264",
    codedSize: { width: 1280, height: 720 },
    pixelFormat: { name: "yuv420p", bitDepth: 8, chroma: "420", isRgb: false, hasAlpha: false },
    sampleAspect: { num: 1, den: 1 },
    orientation: { mirrored: false, quarterTurnsClockwise: 0 },
    color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
    hdr: {},
    hasDolbyVision: false,
    fieldOrder: "progressive",
    timeBase: { num: 1, den: 1000 },
    averageRate: { num: 25, den: 1 },
    startTicks: 0n,
    isCoverArt: false,
    isDefault: true,
    metadata: {},
    ...changes,
  };
}

export function audioStream(changes: Partial<AudioStream> = {}): AudioStream {
  return { kind: "audio", index: 1, codec: "aac", channels: 2, sampleRate: 48_000, startSeconds: 0, metadata: {}, ...changes };
}

export function otherStream(kind: OtherStream["kind"], codec: string, index = 2): OtherStream {
  return { kind, codec, index, metadata: {} };
}

export function mediaInfo(streams: readonly MediaStream[], changes: Partial<MediaInfo> = {}): MediaInfo {
  return {
    container: "mov,mp4,m4a,3gp,3g2,mj2",
    sizeBytes: 1_000_000,
    durationSeconds: 4,
    startSeconds: 0,
    hasArbitraryClock: false,
    metadata: {},
    chapters: [],
    streams,
    ...changes,
  };
}

/** `frames` pictures 40 ms apart, the first one key. */
export function timelineOf(frames: number, changes: Partial<Timeline> = {}): Timeline {
  const frameTicks = Array.from({ length: frames }, (_, i) => BigInt(i * 40));
  const endSeconds = frames * 0.04;
  return {
    timeBase: { num: 1, den: 1000 },
    frameTicks,
    keyTicks: frameTicks.slice(0, 1),
    endTicks: BigInt(frames * 40),
    extents: new Map([[0, { packets: frames, bytes: frames * 1000, startSeconds: 0, endSeconds }]]),
    corruptPackets: 0,
    discardedFrames: 0,
    declaredFrames: frames,
    declaredSeconds: endSeconds,
    readError: undefined,
    ...changes,
  };
}

export const someModel: ModelDescriptor = {
  id: "test-x2",
  title: "For tests",
  scale: 2,
  tier: "standard",
  preset: "general",
  haloPixels: 8,
  sizeMultiple: 2,
  parameters: 1000,
  macsPerInputPixel: 1000,
  licence: "Apache-2.0",
  files: { u8: { name: "a.onnx", sha256: "", sizeBytes: 1 }, u16: { name: "b.onnx", sha256: "", sizeBytes: 1 } },
};

export function planQuestion(changes: Partial<PlanQuestion> = {}): PlanQuestion {
  const video = changes.video ?? videoStream();
  return {
    media: mediaInfo([video]),
    video,
    timeline: timelineOf(100),
    diagnosis: { ...nothingFound, reason: "0 of 90 frames combed" },
    request: defaultRequest,
    model: someModel,
    encoderThreads: 2,
    ...changes,
  };
}
