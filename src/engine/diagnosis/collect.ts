import type { VideoStream } from "../../domain/media-info.ts";
import type { VideoFrame } from "../../media/frame.ts";
import { type InterlaceCounts, InterlaceDetector } from "../../media/interlace.ts";
import { describePixelFormat } from "../../media/pixel-format.ts";
import type { SampledFrame } from "../../media/samples.ts";
import { type Borders, readBorders } from "./borders.ts";
import { type Cells, readCells } from "./cells.ts";
import {
  type BandingMeasure,
  type GridMeasure,
  measureBanding,
  measureGrid,
  measureRinging,
  type RingingMeasure,
} from "./codec-damage.ts";
import { measureHalos } from "./halos.ts";
import { type Change, compareCells, findCuts, type WindowChanges } from "./motion.ts";
import { measureNoise, type NoiseMeasure } from "./noise.ts";
import { centreOf, type Picture, readPicture } from "./picture.ts";
import { judgedSize } from "./shared.ts";
import { Spectrum } from "./spectrum.ts";
import { type Points, readPoints } from "./tones.ts";

/** Everything measured of the samples, before anything is concluded. */
export type Measures = {
  readonly frames: number;
  readonly windows: readonly WindowChanges[];
  /** One for each window; empty for codecs that have no fields. */
  readonly interlace: readonly InterlaceCounts[];
  readonly borders: readonly (Borders | undefined)[];
  readonly points: readonly Points[];
  readonly noise: readonly NoiseMeasure[];
  readonly grid: readonly GridMeasure[];
  readonly ringing: readonly RingingMeasure[];
  /** Of the sides of sharp edges, one list for each picture. */
  readonly halos: readonly (readonly number[])[];
  readonly banding: readonly BandingMeasure[];
  /** The pictures' own centres, for a network. */
  readonly centres: readonly Picture[];
  readonly spectrum: Spectrum;
};

/** Codecs without fields. */
export const neverInterlaced = /^(vp8|vp9|av1|gif|h263|png|mjpeg|qtrle)$/;

/** Frames of a window that are looked at closely: away from the key frame, with some to spare for repeats. */
const closeFrom = 6;
const closeUntil = 11;
const movingMean = 3;

type Window = {
  readonly number: number;
  readonly changes: Change[];
  readonly detector: InterlaceDetector | undefined;
  cells: Cells | undefined;
  held: Picture | undefined;
  hasTones: boolean;
  isDone: boolean;
};

/** Looks at samples one after the other.  Owns: a filter's native memory for the window under way. */
export class Collector implements Disposable {
  readonly #video: VideoStream;
  #window: Window | undefined;
  #frames = 0;
  /** In case there is no other: a clip of a few frames. */
  #first: Picture | undefined;
  readonly #changes: (readonly Change[])[] = [];
  readonly #interlace: InterlaceCounts[] = [];
  readonly #borders: (Borders | undefined)[] = [];
  readonly #points: Points[] = [];
  readonly #noise: NoiseMeasure[] = [];
  readonly #grid: GridMeasure[] = [];
  readonly #ringing: RingingMeasure[] = [];
  readonly #halos: (readonly number[])[] = [];
  readonly #banding: BandingMeasure[] = [];
  readonly #centres: Picture[] = [];
  readonly #spectrum = new Spectrum();

  constructor(video: VideoStream) {
    this.#video = video;
  }

  /** Owns: takes the frame. */
  async look({ window: number, index, frame: sampled }: SampledFrame): Promise<void> {
    using frame = sampled;
    if (this.#window?.number !== number) this.#begin(number);
    const window = this.#window;
    if (window === undefined) return;
    this.#frames += 1;
    await window.detector?.look(frame);
    const { bitDepth } = describePixelFormat(frame.formatName);
    const cells = readCells(frame, bitDepth);
    const change = window.cells === undefined ? undefined : compareCells(window.cells, cells);
    window.cells = cells;
    if (change !== undefined) window.changes.push(change);
    if (!window.hasTones && (index >= closeFrom || this.#frames === 1)) {
      window.hasTones = index >= closeFrom;
      this.#borders.push(readBorders(frame, bitDepth));
      this.#points.push(readPoints(frame, bitDepth));
      if (this.#frames === 1) this.#first = readPicture(frame, bitDepth);
    }
    if (index >= closeFrom && index < closeUntil && !window.isDone) this.#lookClosely(window, frame, bitDepth, change);
  }

  #lookClosely(window: Window, frame: VideoFrame, bitDepth: number, change: Change | undefined): void {
    const picture = readPicture(frame, bitDepth);
    const { held } = window;
    window.held = picture;
    if (held === undefined || change === undefined || change.most === 0) return;
    const noise = measureNoise(held, picture, change.mean > movingMean);
    if (noise !== undefined) this.#noise.push(noise);
    this.#measure(picture);
    window.held = undefined;
    window.isDone = true;
  }

  /** What a picture shows by itself. */
  #measure(picture: Picture): void {
    this.#grid.push(measureGrid(picture));
    this.#ringing.push(measureRinging(picture));
    this.#halos.push(measureHalos(picture));
    this.#banding.push(measureBanding(picture));
    this.#spectrum.add(picture);
    this.#centres.push(centreOf(picture, judgedSize));
  }

  #begin(number: number): void {
    this.#end();
    const detector = neverInterlaced.test(this.#video.codec) ? undefined : new InterlaceDetector();
    this.#window = { number, changes: [], detector, cells: undefined, held: undefined, hasTones: false, isDone: false };
  }

  #end(): void {
    if (this.#window === undefined) return;
    const { held, isDone } = this.#window;
    if (held !== undefined && !isDone) this.#measure(held); // nothing moved
    this.#changes.push(this.#window.changes);
    if (this.#window.detector !== undefined) this.#interlace.push(this.#window.detector.counts);
    this.#window.detector?.[Symbol.dispose]();
    this.#window = undefined;
  }

  finish(): Measures {
    this.#end();
    if (this.#grid.length === 0 && this.#first !== undefined) this.#measure(this.#first);
    return {
      frames: this.#frames,
      windows: this.#changes.map((changes) => ({ changes, cuts: findCuts(changes) })),
      interlace: this.#interlace,
      borders: this.#borders,
      points: this.#points,
      noise: this.#noise,
      grid: this.#grid,
      ringing: this.#ringing,
      halos: this.#halos,
      banding: this.#banding,
      centres: this.#centres,
      spectrum: this.#spectrum,
    };
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}
