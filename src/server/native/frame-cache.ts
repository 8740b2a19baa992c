import type { FrameAnswer, PictureFacts } from "../../worker/viewer-messages.ts";

const mostBytes = 64 * 1024 * 1024;
const mostFacts = 500;

/** Frames that were asked for last, and what is known of the files that they are from. */
export class FrameCache {
  readonly #frames = new Map<string, FrameAnswer>();
  readonly #facts = new Map<string, Promise<PictureFacts>>();
  #bytes = 0;

  frame(name: string): FrameAnswer | undefined {
    const found = this.#frames.get(name);
    if (found === undefined) return undefined;
    this.#frames.delete(name);
    this.#frames.set(name, found); // the last used is last
    return found;
  }

  keep(name: string, frame: FrameAnswer): void {
    if (this.#frames.has(name)) return;
    this.#frames.set(name, frame);
    this.#bytes += frame.data.length;
    for (const [oldest, { data }] of this.#frames) {
      if (this.#bytes <= mostBytes) return;
      this.#frames.delete(oldest);
      this.#bytes -= data.length;
    }
  }

  /** Read once for each version of a file; a failure is not remembered. */
  facts(etag: string, read: () => Promise<PictureFacts>): Promise<PictureFacts> {
    const found = this.#facts.get(etag);
    if (found !== undefined) return found;
    const reading = read();
    reading.catch(() => this.#facts.delete(etag));
    if (this.#facts.size >= mostFacts) this.#facts.clear();
    this.#facts.set(etag, reading);
    return reading;
  }
}
