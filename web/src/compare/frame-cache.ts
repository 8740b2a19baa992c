import type { FrameFeed, FramePurpose } from "./frame-feed.ts";

type Entry = { readonly purpose: FramePurpose; readonly bitmap: ImageBitmap };

/** Decoded frames of one video, the latest used ones kept.  Owns: its bitmaps, until `close`. */
export class FrameCache {
  readonly feed: FrameFeed;
  readonly #mostFrames: number;
  readonly #entries = new Map<number, Entry>();
  readonly #loading = new Map<string, Promise<ImageBitmap>>();
  readonly #closing = new AbortController();
  #shown: number | undefined;

  constructor(feed: FrameFeed, memoryBytes: number) {
    this.feed = feed;
    this.#mostFrames = Math.max(3, Math.floor(memoryBytes / (feed.size.width * feed.size.height * 4)));
  }

  get capacity(): number {
    return this.#mostFrames;
  }

  /** What is there of a frame, marked as the one in sight. */
  show(frame: number, purpose: FramePurpose): ImageBitmap | undefined {
    const entry = this.#entries.get(frame);
    if (entry === undefined || (purpose === "exact" && entry.purpose !== "exact")) return undefined;
    this.#shown = frame;
    this.#entries.delete(frame);
    this.#entries.set(frame, entry); // the latest used is last
    return entry.bitmap;
  }

  /** Resolves once the frame is there.  Throws: ApiError, or an AbortError after `close`. */
  async load(frame: number, purpose: FramePurpose): Promise<void> {
    const entry = this.#entries.get(frame);
    if (entry !== undefined && (entry.purpose === "exact" || purpose === "quick")) return;
    const name = `${frame} ${purpose}`;
    const known = this.#loading.get(name);
    if (known !== undefined) {
      await known;
      return;
    }
    const loading = this.feed.fetchFrame(frame, purpose, this.#closing.signal);
    this.#loading.set(name, loading);
    try {
      this.#keep(frame, { purpose, bitmap: await loading });
    } finally {
      this.#loading.delete(name);
    }
  }

  #keep(frame: number, entry: Entry): void {
    if (this.#closing.signal.aborted) {
      entry.bitmap.close();
      return;
    }
    const old = this.#entries.get(frame);
    if (old?.purpose === "exact" && entry.purpose === "quick") {
      entry.bitmap.close();
      return;
    }
    old?.bitmap.close();
    this.#entries.delete(frame);
    this.#entries.set(frame, entry);
    for (const [other, { bitmap }] of this.#entries) {
      if (this.#entries.size <= this.#mostFrames) return;
      if (other === this.#shown || other === frame) continue;
      bitmap.close();
      this.#entries.delete(other);
    }
  }

  close(): void {
    this.#closing.abort();
    for (const { bitmap } of this.#entries.values()) bitmap.close();
    this.#entries.clear();
  }
}
