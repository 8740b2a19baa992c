import type { FrameFeed } from "./frame-feed.ts";

/** Videos that the browser plays itself, in step with the last of them.  Owns: the elements, until `close`. */
export type VideoPair = {
  readonly elements: readonly HTMLVideoElement[];
  /** Plays to the end, telling the time of each new picture.  Throws: an AbortError. */
  readonly play: (tell: (seconds: number) => void, signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
};

const openWithinMs = 4000;
/** Further apart than this, a video jumps; closer, it hurries or waits. */
const jumpSeconds = 0.25;

/** Opens all of them at a time; undefined where the browser cannot play one. */
export async function openVideos(
  feeds: readonly FrameFeed[],
  seconds: number,
  signal: AbortSignal,
): Promise<VideoPair | undefined> {
  const firsts = feeds.map(({ video }) => video?.firstSeconds ?? 0);
  const elements: HTMLVideoElement[] = [];
  const close = (): void => {
    for (const element of elements) {
      element.pause();
      element.removeAttribute("src");
      element.load();
    }
  };
  try {
    for (const { video } of feeds) {
      const element = document.createElement("video");
      if (video === undefined || element.canPlayType(video.mime) === "") return undefined;
      element.muted = true;
      element.playsInline = true;
      element.preload = "auto";
      element.src = video.url;
      elements.push(element);
    }
    await Promise.all(elements.map((element, index) => atTime(element, seconds + (firsts[index] ?? 0), signal)));
  } catch (error) {
    close();
    if (signal.aborted) throw error;
    return undefined;
  }
  return { elements, close, play: async (tell, stop) => await playTogether(elements, firsts, { tell, signal: stop }) };
}

async function atTime(element: HTMLVideoElement, seconds: number, signal: AbortSignal): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const refuse = (): void => ready.reject(new DOMException("The browser does not play it", "AbortError"));
  const timer = setTimeout(refuse, openWithinMs);
  signal.addEventListener("abort", refuse, { once: true });
  element.addEventListener("error", refuse, { once: true });
  element.addEventListener("canplay", () => ready.resolve(), { once: true });
  element.currentTime = seconds;
  try {
    await ready.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", refuse);
  }
}

type PlayOptions = { readonly tell: (seconds: number) => void; readonly signal: AbortSignal };

async function playTogether(
  elements: readonly HTMLVideoElement[],
  firsts: readonly number[],
  { tell, signal }: PlayOptions,
): Promise<void> {
  const leader = elements.at(-1);
  const leaderFirst = firsts.at(-1) ?? 0;
  if (leader === undefined) return;
  const ended = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => ended.resolve(), { once: true });
  leader.addEventListener("ended", () => ended.resolve(), { once: true });
  leader.addEventListener("error", () => ended.reject(new Error("The browser stopped playing.")), { once: true });
  const onPicture = (_now: number, { mediaTime }: { mediaTime: number }): void => {
    if (signal.aborted) return;
    const seconds = mediaTime - leaderFirst;
    elements.forEach((element, index) => {
      if (element !== leader) keepInStep(element, seconds + (firsts[index] ?? 0));
    });
    tell(seconds);
    leader.requestVideoFrameCallback(onPicture);
  };
  leader.requestVideoFrameCallback(onPicture);
  await Promise.all(elements.map((element) => element.play()));
  await ended.promise;
}

function keepInStep(element: HTMLVideoElement, seconds: number): void {
  const behind = seconds - element.currentTime;
  if (Math.abs(behind) > jumpSeconds) {
    element.currentTime = seconds;
    element.playbackRate = 1;
  } else {
    element.playbackRate = Math.min(1.5, Math.max(0.5, 1 + behind * 2));
  }
}
