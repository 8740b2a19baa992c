import type { Size } from "./geometry.ts";

/** `exact` is what the file holds; `quick` is compressed and no larger than it is shown. */
export type FramePurpose = "exact" | "quick";

/** One of the videos that are compared. All of them count frames by the timeline of the comparison. */
export interface FrameFeed {
  /** The same for the same video. */
  readonly key: string;
  readonly label: string;
  readonly size: Size;
  /** Owns: the bitmap (close it).  Throws: ApiError. */
  fetchFrame(frame: number, purpose: FramePurpose, signal: AbortSignal): Promise<ImageBitmap>;
  /** For browsers that can play it themselves. */
  readonly video: PlayableVideo | undefined;
}

export type PlayableVideo = {
  readonly url: string;
  readonly mime: string;
  /** What `currentTime` is at the first frame. */
  readonly firstSeconds: number;
};

/** Which frame is shown when. */
export type Timeline = {
  readonly frames: number;
  /** Seconds from the first frame. */
  readonly secondsOf: (frame: number) => number;
  readonly frameAt: (seconds: number) => number;
};

export function constantTimeline(frames: number, framesPerSecond: number): Timeline {
  return {
    frames,
    secondsOf: (frame) => frame / framesPerSecond,
    frameAt: (seconds) => Math.min(frames - 1, Math.max(0, Math.floor(seconds * framesPerSecond + 1e-3))),
  };
}

/** Shape: times rise, the first is 0. */
export function listedTimeline(times: Float64Array): Timeline {
  return {
    frames: times.length,
    secondsOf: (frame) => times[frame] ?? 0,
    frameAt: (seconds) => {
      let low = 0;
      let high = times.length - 1;
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if ((times[middle] ?? 0) <= seconds + 1e-4) low = middle;
        else high = middle - 1;
      }
      return low;
    },
  };
}
