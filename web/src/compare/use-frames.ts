import { useEffect, useMemo, useState } from "react";
import { isAbort } from "../api/http.ts";
import { FrameCache } from "./frame-cache.ts";
import type { FrameFeed } from "./frame-feed.ts";

/** Memory for decoded frames, of all videos together. */
const memoryBytes = 512 * 1024 * 1024;

export type Frames = {
  /** The bitmaps of a frame, as far as they are there. They stay the cache's own. */
  readonly pictures: (frame: number) => readonly (ImageBitmap | undefined)[];
  readonly isExact: (frame: number) => boolean;
  /** Makes sure of a frame in some form. */
  readonly loadQuick: (frame: number) => Promise<void>;
  readonly error: Error | undefined;
  /** Grows whenever a picture came. */
  readonly version: number;
};

/** Fetches the frame in sight, quickly and then exactly, and the next ones. */
export function useFrames(feeds: readonly FrameFeed[], frame: number, options: { isPlaying: boolean; count: number }): Frames {
  const { isPlaying, count } = options;
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<Error>();
  const caches = useMemo(() => feeds.map((feed) => new FrameCache(feed, memoryBytes / feeds.length)), [feeds]);
  useEffect(() => () => caches.forEach((cache) => cache.close()), [caches]);

  useEffect(() => {
    if (isPlaying) return undefined;
    let isLeft = false;
    const load = async (): Promise<void> => {
      try {
        setError(undefined);
        const came = (): void => setVersion((before) => before + 1);
        for (const purpose of ["quick", "exact"] as const) {
          await Promise.all(caches.map(async (cache) => await cache.load(frame, purpose).then(came)));
          if (isLeft) return;
        }
        for (const next of [frame + 1, frame - 1]) {
          if (next >= 0 && next < count) await Promise.all(caches.map((cache) => cache.load(next, "quick")));
          if (isLeft) return;
        }
      } catch (failure) {
        if (!isLeft && !isAbort(failure)) setError(failure instanceof Error ? failure : new Error(String(failure)));
      }
    };
    // Scrubbing passes many frames: only the one on which it rests for a moment is asked for.
    const timer = setTimeout(() => void load(), 40);
    return () => {
      isLeft = true;
      clearTimeout(timer);
    };
  }, [caches, frame, isPlaying, count]);

  return {
    pictures: (wanted) => caches.map((cache) => cache.show(wanted, "exact") ?? cache.show(wanted, "quick")),
    isExact: (wanted) => caches.every((cache) => cache.show(wanted, "exact") !== undefined),
    loadQuick: async (wanted) => {
      await Promise.all(caches.map((cache) => cache.load(wanted, "quick")));
    },
    error,
    version,
  };
}
