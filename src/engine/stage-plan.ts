import type { Rational } from "../domain/rational.ts";
import type { FilmGrid } from "./time.ts";

/** A point of the slowly varying correction of faded film; between points every number changes linearly. */
export type ContrastPoint = {
  /** In the source's time base. */
  readonly ticks: bigint;
  /** Luma, in 8-bit code values, that becomes black and white. */
  readonly black: number;
  readonly white: number;
  /** Exponent on what lies between; below 1 lifts the middle. */
  readonly gamma: number;
  /** Added to both chroma planes, in 8-bit code values, against a colour cast. */
  readonly cb: number;
  readonly cr: number;
};

type Reasoned = { readonly reason: string };
type FieldOrder = "top_first" | "bottom_first";

/** One step of the picture's way besides its enlargement: pure data, with a phrase that says why. `strength` is 0 to 1. */
export type PlannedStage = Reasoned &
  (
    | { readonly name: "deinterlace"; readonly fieldOrder: FieldOrder; readonly output: "frames" | "fields" }
    /** Cycles of five frames are counted from `firstTicks`, in the source's time base. */
    | {
        readonly name: "inverse_telecine";
        readonly fieldOrder: FieldOrder;
        readonly grid: FilmGrid & { readonly firstTicks: bigint };
      }
    | { readonly name: "deflicker"; readonly strength: number }
    | { readonly name: "stabilise"; readonly strength: number }
    | { readonly name: "remove_dirt"; readonly strength: number }
    | { readonly name: "deblock"; readonly strength: number }
    /** `sigma`: standard deviation in 8-bit code values. `spatial`: 0 leaves what all neighbours in time share as it is. */
    | { readonly name: "denoise"; readonly sigma: number; readonly spatial: number }
    | { readonly name: "deband"; readonly strength: number }
    /** Points rise in time. */
    | { readonly name: "restore_contrast"; readonly curve: readonly ContrastPoint[] }
    /** `reach`: frames on each side. `distance`: a neighbour whose fine detail is so many 8-bit code values off counts for 1/e of the
     *  picture's own; for what is coarse a third of it. */
    | { readonly name: "temporal_average"; readonly reach: 1 | 2 | 3; readonly distance: number }
    /** `sigma`: as for denoise, of the grain that is put back. `spotPixels`: size of its spots at the output's size. */
    | { readonly name: "regrain"; readonly sigma: number; readonly spotPixels: number }
    | { readonly name: "sharpen"; readonly strength: number }
    | { readonly name: "interpolate"; readonly rate: Rational }
  );

export type StageName = PlannedStage["name"];
export type Planned<Name extends StageName> = Extract<PlannedStage, { name: Name }>;

/** Where a stage works: on coded pictures, on upright ones at the source's size, or at the output's size. */
export const stagePlaces = {
  deinterlace: "scan",
  inverse_telecine: "scan",
  deflicker: "source",
  stabilise: "source",
  remove_dirt: "source",
  deblock: "source",
  denoise: "source",
  deband: "source",
  restore_contrast: "source",
  temporal_average: "output",
  regrain: "output",
  sharpen: "output",
  interpolate: "interpolation",
} as const satisfies Record<StageName, "scan" | "source" | "interpolation" | "output">;
