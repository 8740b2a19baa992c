import type { Size } from "../../domain/media-info.ts";
import { PlaneTouch } from "../../kernels/touch.ts";
import type { Plane, VideoFrame } from "../../media/frame.ts";
import { Scaler } from "../../media/scale.ts";
import { psnr } from "../measure.ts";
import { emptyPlane } from "./planes.ts";
import { FactLog } from "./stage.ts";

export type BackProjectOptions = {
  readonly source: Size;
  readonly output: Size;
  readonly bitDepth: 8 | 10;
  /** What an enlarged picture, scaled down again, must reach against its source; dB of luma. */
  readonly boundDb: number;
};

const mostPasses = 3;
/** So far below the bound the plain enlargement begins to take over, and here it has. */
const plainFromDb = 2;
const plainUntilDb = 6;
/** Shares of places that are brighter or darker than everything around them in the source: the same for halos. */
const haloFromShare = 0.02;
const haloUntilShare = 0.06;
const haloCodes = 16;

/** Holds enlarged pictures to their sources. What is missing in an enlarged picture scaled down again is scaled up and
 *  added until the bound is met; a picture that cannot be brought near it, or is full of halos, fades into the plain
 *  enlargement. Each picture by itself, and without steps between "good" and "bad".  Owns: its resamplers. */
export class BackProjector implements Disposable {
  readonly facts = new FactLog();
  readonly #options: BackProjectOptions;
  readonly #down: Scaler;
  readonly #up: Scaler;
  readonly #plain: Scaler;
  readonly #small: PlaneTouch;
  readonly #large: PlaneTouch;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: BackProjectOptions) {
    const { source, output, bitDepth } = options;
    const format = bitDepth === 8 ? "gray" : "gray10le";
    const common = { chromaLocation: "left" };
    using opening = new DisposableStack();
    this.#options = options;
    this.#down = opening.use(new Scaler({ ...common, from: output, to: source, format, kernel: "area" }));
    this.#up = opening.use(new Scaler({ ...common, from: source, to: output, format: "gray16le", kernel: "lanczos" }));
    this.#plain = opening.use(new Scaler({ ...common, from: source, to: output, format, kernel: "lanczos" }));
    this.#small = new PlaneTouch({ ...source, bitDepth });
    this.#large = new PlaneTouch({ ...output, bitDepth });
    opening.move();
  }

  /** Changes the luma of `output` where it must.  Owns: borrows both. */
  hold(source: VideoFrame, output: VideoFrame): Promise<void> {
    const result = this.#last.then(() => this.#holdNow(source, output));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #holdNow(source: VideoFrame, output: VideoFrame): Promise<void> {
    const { boundDb } = this.#options;
    const [wanted, luma] = [source.plane(0), output.plane(0)];
    const differences = emptyPlane(this.#options.source, 16);
    const first = await this.#distance(wanted, luma, differences);
    let reached = first;
    for (let pass = 0; pass < mostPasses && reached < boundDb + 1; pass += 1) {
      await this.#add(differences, luma, this.#gainFor(boundDb + 1 - reached));
      reached = await this.#distance(wanted, luma, differences);
    }
    const lacking = ramp(boundDb - reached, plainFromDb, plainUntilDb);
    const halos = ramp(haloShare(wanted, luma, this.#options.bitDepth), haloFromShare, haloUntilShare);
    const plainShare = Math.max(lacking, halos);
    if (plainShare > 0) {
      await this.#fade(wanted, luma, plainShare);
      reached = await this.#distance(wanted, luma, differences);
    }
    this.facts.record(output.pts, {
      frames: 1,
      correctedFrames: first < boundDb + 1 ? 1 : 0,
      gentlerFrames: plainShare > 0 ? 1 : 0,
      framesBelowBound: reached < boundDb - 0.5 ? 1 : 0,
      squaredError: 255 ** 2 / 10 ** (reached / 10),
    });
  }

  /** The share of the differences that takes a picture nearer by so many dB: at its source's own size exactly, since all of
   *  them would be the source itself; else a little more than enough. */
  #gainFor(missingDb: number): number {
    const { source, output } = this.#options;
    const isOwnSize = source.width === output.width && source.height === output.height;
    return isOwnSize ? 1 - 10 ** (-missingDb / 20) : Math.min(1, missingDb);
  }

  /** dB of luma; fills `differences`. */
  async #distance(wanted: Plane, luma: Plane, differences: Plane): Promise<number> {
    const { source, bitDepth } = this.#options;
    const small = emptyPlane(source, bitDepth);
    await this.#down.scalePlane(luma, small);
    return psnr(this.#small.difference(wanted, small, differences) / 4 ** (bitDepth - 8));
  }

  async #add(differences: Plane, luma: Plane, gain: number): Promise<void> {
    const enlarged = emptyPlane(this.#options.output, 16);
    await this.#up.scalePlane(differences, enlarged);
    this.#large.add(luma, enlarged, gain);
  }

  async #fade(wanted: Plane, luma: Plane, share: number): Promise<void> {
    const plain = emptyPlane(this.#options.output, this.#options.bitDepth);
    await this.#plain.scalePlane(wanted, plain);
    const differences = emptyPlane(this.#options.output, 16);
    this.#large.difference(plain, luma, differences);
    this.#large.add(luma, differences, share);
  }

  [Symbol.dispose](): void {
    this.#down[Symbol.dispose]();
    this.#up[Symbol.dispose]();
    this.#plain[Symbol.dispose]();
  }
}

/** 0 below `from`, 1 above `until`. */
function ramp(value: number, from: number, until: number): number {
  return Math.min(1, Math.max(0, (value - from) / (until - from)));
}

const haloColumns = 160;
const haloRows = 90;

/** Share of sampled places of the enlarged luma that lie outside of what the source has within a pixel around them. */
function haloShare(source: Plane, enlarged: Plane, bitDepth: number): number {
  const limit = haloCodes * 2 ** (bitDepth - 8);
  let outside = 0;
  for (let row = 0; row < haloRows; row += 1) {
    const y = Math.floor(((row + 0.5) * enlarged.height) / haloRows);
    const sourceY = Math.floor((y * source.height) / enlarged.height);
    for (let column = 0; column < haloColumns; column += 1) {
      const x = Math.floor(((column + 0.5) * enlarged.width) / haloColumns);
      const sourceX = Math.floor((x * source.width) / enlarged.width);
      let [least, most] = [Infinity, -Infinity];
      for (let dy = -1; dy <= 1; dy += 1) {
        for (let dx = -1; dx <= 1; dx += 1) {
          const value = sampleAt(source, sourceX + dx, sourceY + dy, bitDepth);
          least = Math.min(least, value);
          most = Math.max(most, value);
        }
      }
      const value = sampleAt(enlarged, x, y, bitDepth);
      if (value < least - limit || value > most + limit) outside += 1;
    }
  }
  return outside / (haloColumns * haloRows);
}

function sampleAt({ data, strideBytes, width, height }: Plane, x: number, y: number, bitDepth: number): number {
  const column = Math.min(width - 1, Math.max(0, x));
  const at = Math.min(height - 1, Math.max(0, y)) * strideBytes;
  return bitDepth > 8 ? data.readUInt16LE(at + column * 2) : (data[at + column] ?? 0);
}
