import type { Assumptions, cadences, fieldOrders, scans } from "../../domain/assumptions.ts";
import type { Size } from "../../domain/media-info.ts";

/** What samples of the picture show. Units: luma and chroma in 8-bit code values as stored, whatever the bit depth;
 *  pixels of the picture standing upright; shares and strengths 0..1. */
export type Diagnosis = {
  readonly scan: Scan;
  readonly fieldOrder: FieldOrder | undefined;
  /** Why `scan` is what it is. */
  readonly reason: string;
  /** Pictures looked at; what was not seen is as in `nothingFound`. */
  readonly sampledFrames: number;
  readonly cadence: Cadence;
  /** The size from which the picture was enlarged before; undefined when nothing points to that. */
  readonly trueSize: Size | undefined;
  /** How hard the codec squeezed, by its bits for each pixel: 0 hardly, 1 to the utmost. */
  readonly compression: number;
  /** Edges of the codec's blocks: 0 none, 0.2 seen when looked for, 0.5 plain, 1 mosaic. */
  readonly blockiness: number;
  /** Ripples of a codec that leaves blocks as well, beside strong edges, on the same scale. */
  readonly ringing: number;
  /** How far sharp edges shoot over the level beside them, as a share of their height: what sharpening leaves. */
  readonly halos: number;
  /** How many dB, up to 1, `ugc`'s weights are expected to be nearer to the truth than `general`'s (`judgeShared`). */
  readonly shared: number;
  /** Standard deviation of what changes at random from frame to frame, grain and codec noise included. */
  readonly noiseSigma: number;
  readonly grain: Grain;
  /** Share of smooth areas that stand in steps which can be seen. */
  readonly banding: number;
  /** Standard deviation of the frames' mean brightness without slow change and cuts. */
  readonly flicker: number;
  readonly letterbox: Letterbox;
  /** Black and white, or of one tint. */
  readonly isMonochrome: boolean;
  readonly fading: Fading;
  readonly cuts: Cuts;
  /** Topics of which the samples say too little: their values are as in `nothingFound`. */
  readonly unmeasured: readonly Topic[];
  readonly findings: readonly Finding[];
};

/** What a finding is called, which is also the name under which a caller may state it. */
export type Topic = keyof Assumptions;

export type Scan = (typeof scans)[number];
export type FieldOrder = (typeof fieldOrders)[number];

export type Cadence = {
  readonly kind: (typeof cadences)[number];
  /** Share of frames that show something new; stillness is not counted as repetition. */
  readonly uniqueShare: number;
};

/** The part of the noise that is in the picture rather than the codec's. */
export type Grain = {
  readonly sigma: number;
  /** Whether its spots are larger than a pixel. */
  readonly isCoarse: boolean;
};

export type Letterbox = { readonly top: number; readonly bottom: number; readonly left: number; readonly right: number };

/** Tones of one sampled place, without its borders. */
export type Tones = {
  readonly ticks: bigint;
  /** Luma that 0.5 %, 50 % and 99.5 % of the points are not above. */
  readonly black: number;
  readonly median: number;
  readonly white: number;
  /** Means of the colour differences; 128 is no colour. */
  readonly cb: number;
  readonly cr: number;
};

export type Fading = {
  readonly isFaded: boolean;
  /** Rising times; empty when nothing was seen. */
  readonly places: readonly Tones[];
};

export type Cuts = {
  readonly count: number;
  /** Neighbouring frames that were compared. */
  readonly pairs: number;
};

/** One line for people. */
export type Finding = { readonly topic: Topic; readonly finding: string; readonly reason: string };

/** From where on what is expected of `shared` is trusted. */
export const sharedLook = 0.6;

/** The diagnosis of a picture of which nothing is known: no stage is called for. */
export const nothingFound: Diagnosis = {
  scan: "progressive",
  fieldOrder: undefined,
  reason: "no frame was looked at",
  sampledFrames: 0,
  cadence: { kind: "every_frame", uniqueShare: 1 },
  trueSize: undefined,
  compression: 0,
  blockiness: 0,
  ringing: 0,
  halos: 0,
  shared: 0,
  noiseSigma: 0,
  grain: { sigma: 0, isCoarse: false },
  banding: 0,
  flicker: 0,
  letterbox: { top: 0, bottom: 0, left: 0, right: 0 },
  isMonochrome: false,
  fading: { isFaded: false, places: [] },
  cuts: { count: 0, pairs: 0 },
  unmeasured: [],
  findings: [],
};
