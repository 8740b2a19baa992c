import { useEffect, useRef, useState } from "react";
import { isAbort } from "../api/http.ts";
import type { FrameFeed, Timeline } from "./frame-feed.ts";
import { openVideos, type VideoPair } from "./video-pair.ts";

export type Playback = {
  readonly isPlaying: boolean;
  /** How it plays: by the browser's own decoder, or frame after frame from the server. */
  readonly manner: "video" | "frames";
  readonly play: () => void;
  readonly pause: () => void;
  /** The playing videos, to draw from; undefined while frames come from the server. */
  readonly videos: VideoPair | undefined;
};

type PlaybackOptions = {
  readonly feeds: readonly FrameFeed[];
  readonly timeline: Timeline;
  readonly frame: number;
  readonly setFrame: (frame: number) => void;
  readonly loadQuick: (frame: number) => Promise<void>;
};

/** How many frames are asked for ahead. */
const ahead = 3;

/** Plays all videos in step: by the browser where it can play each of them, else as fast as frames come. */
export function usePlayback({ feeds, timeline, frame, setFrame, loadQuick }: PlaybackOptions): Playback {
  const [isPlaying, setIsPlaying] = useState(false);
  const [videos, setVideos] = useState<VideoPair>();
  const latest = useRef({ frame, setFrame, loadQuick });
  useEffect(() => {
    latest.current = { frame, setFrame, loadQuick };
  });

  useEffect(() => {
    if (!isPlaying) return undefined;
    const stopping = new AbortController();
    const run = async (): Promise<void> => {
      const start = latest.current.frame >= timeline.frames - 1 ? 0 : latest.current.frame;
      const pair = await openVideos(feeds, timeline.secondsOf(start), stopping.signal);
      if (pair === undefined) await playFrames({ start, timeline, latest, signal: stopping.signal });
      else {
        setVideos(pair);
        try {
          await pair.play((seconds) => latest.current.setFrame(timeline.frameAt(seconds)), stopping.signal);
        } finally {
          setVideos(undefined);
          pair.close();
        }
      }
      setIsPlaying(false);
    };
    run().catch((error: unknown) => {
      if (!isAbort(error)) setIsPlaying(false); // the frame at rest is asked for again and says what is wrong
    });
    return () => stopping.abort();
  }, [isPlaying, feeds, timeline]);

  return {
    isPlaying,
    manner: videos === undefined ? "frames" : "video",
    play: () => setIsPlaying(true),
    pause: () => setIsPlaying(false),
    videos,
  };
}

type FramesOptions = {
  readonly start: number;
  readonly timeline: Timeline;
  readonly latest: { readonly current: Pick<PlaybackOptions, "setFrame" | "loadQuick"> };
  readonly signal: AbortSignal;
};

/** Never faster than the video's own speed, and never skipping a frame. */
async function playFrames({ start, timeline, latest, signal }: FramesOptions): Promise<void> {
  for (let frame = start; frame < timeline.frames && !signal.aborted; frame += 1) {
    const due = performance.now() + 1000 * (timeline.secondsOf(frame) - timeline.secondsOf(Math.max(0, frame - 1)));
    for (let next = frame + 1; next <= frame + ahead && next < timeline.frames; next += 1) {
      latest.current.loadQuick(next).catch(() => undefined); // met when it is its turn
    }
    await latest.current.loadQuick(frame);
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    if (signal.aborted) return;
    latest.current.setFrame(frame);
  }
}
