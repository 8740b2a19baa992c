import { PlaneTouch } from "../../kernels/touch.ts";
import type { VideoFrame } from "../../media/frame.ts";
import type { Planned } from "../stage-plan.ts";
import { mapsAround, mapTones, samplePoints, steadyMap, type ToneMap, type TonePoints } from "./brightness.ts";
import { copyFrame } from "./planes.ts";
import { FactLog, type FrameStage, type StagePicture } from "./stage.ts";
import { type FrameWindow, throughWindow } from "./window.ts";

/** Frames looked at on each side. */
const reach = 10;

type Seen = { readonly points: TonePoints; readonly dark: number; readonly bright: number };

/** Gives each picture the brightness that its neighbours in the same shot agree on. Cuts end the agreement, and a steady
 *  rise or fall is not flicker.  8 and 10 bits; luma only. */
export class Deflicker implements FrameStage {
  readonly context = { before: reach, after: reach };
  readonly facts = new FactLog();
  readonly #strength: number;
  readonly #bitDepth: number;
  readonly #touch: PlaneTouch;
  readonly #seen = new WeakMap<VideoFrame, Seen>();
  readonly #steps = new WeakMap<VideoFrame, { readonly next: VideoFrame; readonly map: ToneMap | undefined }>();

  constructor(stage: Planned<"deflicker">, picture: StagePicture) {
    this.#strength = stage.strength;
    this.#bitDepth = picture.bitDepth;
    this.#touch = new PlaneTouch(picture);
  }

  run(frames: AsyncIterable<VideoFrame>): AsyncGenerator<VideoFrame> {
    return throughWindow(frames, this.context, (window) => this.#steady(window));
  }

  #steady({ frames, centre }: FrameWindow): VideoFrame {
    // throughWindow never calls with a centre outside of its frames.
    const frame = frames[centre]!;
    const around = frames.slice(Math.max(0, centre - reach), centre + reach + 1);
    const steps = around.slice(1).map((next, index) => this.#step(around[index]!, next));
    const target = steadyMap(mapsAround(steps, Math.min(centre, reach)), this.#see(frame));
    const map = { gain: 1 + (target.gain - 1) * this.#strength, offset: target.offset * this.#strength };
    const { dark, bright } = this.#see(frame);
    const change = Math.abs((map.gain - 1) * ((dark + bright) / 2) + map.offset);
    this.facts.record(frame.pts, { frames: 1, changeCodes: change });
    const output = copyFrame(frame);
    if (change >= 0.05 || Math.abs(map.gain - 1) >= 0.002) this.#touch.map(output.plane(0), toneTable(map, this.#bitDepth));
    return output;
  }

  #see(frame: VideoFrame): Seen {
    const known = this.#seen.get(frame);
    if (known !== undefined) return known;
    const points = samplePoints(frame, this.#bitDepth);
    const sorted = points.toSorted();
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    const seen = { points, dark: at(0.15), bright: at(0.85) };
    this.#seen.set(frame, seen);
    return seen;
  }

  #step(frame: VideoFrame, next: VideoFrame): ToneMap | undefined {
    const known = this.#steps.get(frame);
    if (known?.next === next) return known.map;
    const map = mapTones(this.#see(frame).points, this.#see(next).points);
    this.#steps.set(frame, { next, map });
    return map;
  }

  [Symbol.dispose](): void {
    // The kernels' memory goes with the object.
  }
}

/** One entry for each sample value. */
function toneTable({ gain, offset }: ToneMap, bitDepth: number): Uint16Array {
  const unit = 2 ** (bitDepth - 8);
  const largest = 2 ** bitDepth - 1;
  return Uint16Array.from({ length: largest + 1 }, (_, value) =>
    Math.min(largest, Math.max(0, Math.round(gain * value + offset * unit))),
  );
}
