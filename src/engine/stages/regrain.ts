import { type NoiseTile, PlaneTouch } from "../../kernels/touch.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { type FrameStage, noContext, type StagePicture } from "./stage.ts";

const tileSide = 512;

/** Puts grain of a given deviation and size of spots on the luma: least in black and white, as on film. The grain of a
 *  picture follows from its time alone.  8 and 10 bits. */
export class Regrain implements FrameStage {
  readonly context = noContext;
  readonly #touch: PlaneTouch;
  readonly #tile: NoiseTile;
  readonly #deviations: Float32Array;

  constructor(stage: Planned<"regrain">, picture: StagePicture) {
    this.#touch = new PlaneTouch(picture);
    this.#tile = noiseTile(stage.spotPixels);
    const unit = 2 ** (picture.bitDepth - 8);
    const [black, white] = picture.range === "full" ? [0, 255] : [16, 235];
    this.#deviations = Float32Array.from({ length: 256 }, (_, tone) => {
      const level = Math.min(1, Math.max(0, (tone - black) / (white - black)));
      return stage.sigma * unit * Math.sqrt(Math.max(0, 4 * level * (1 - level)) * 0.85 + (level > 0 && level < 1 ? 0.15 : 0));
    });
  }

  async *run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    for await (const frame of frames) {
      const place = randomNumbers(Number(BigInt.asUintN(32, frame.pts ^ (frame.pts >> 32n))));
      place(); // the first number still resembles the seed
      const settings = { tile: this.#tile, deviations: this.#deviations };
      this.#touch.addGrain(frame.plane(0), {
        ...settings,
        offsetX: Math.floor(place() * tileSide),
        offsetY: Math.floor(place() * tileSide),
      });
      yield frame;
    }
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}

/** Normally distributed noise, smoothed to spots of about `spotPixels`, without seams. */
function noiseTile(spotPixels: number): NoiseTile {
  const random = randomNumbers(0x5eed);
  let noise = Float32Array.from({ length: tileSide ** 2 }, () => {
    return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  });
  if (spotPixels > 1) {
    noise = smoothed(noise, 1, spotPixels);
    noise = smoothed(noise, tileSide, spotPixels);
  }
  const deviation = Math.sqrt(noise.reduce((sum, value) => sum + value * value, 0) / noise.length);
  return { side: tileSide, samples: Int8Array.from(noise, (value) => clampToByte((value / deviation) * 32)) };
}

/** Gaussian smoothing along rows (`stride` 1) or columns (`stride` tileSide), around the edges. */
function smoothed(noise: Float32Array, stride: number, spotPixels: number): Float32Array<ArrayBuffer> {
  const sigma = spotPixels * 0.4;
  const reach = Math.ceil(sigma * 3);
  const taps = Array.from({ length: 2 * reach + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * sigma * sigma)));
  return Float32Array.from(noise, (_, index) => {
    const along = Math.floor(index / stride) % tileSide;
    const line = index - along * stride;
    return taps.reduce((sum, tap, i) => sum + tap * (noise[line + ((along + i - reach + tileSide) % tileSide) * stride] ?? 0), 0);
  });
}

function clampToByte(value: number): number {
  return Math.min(127, Math.max(-127, Math.round(value)));
}

/** Numbers from 0 to 1 that follow from a seed (xorshift). */
function randomNumbers(seed: number): () => number {
  let state = (Math.imul(seed, 0x9e3779b1) ^ 0x6d2b79f5) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
