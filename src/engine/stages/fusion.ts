import { fusionLayout, type FusionModelDescriptor } from "../../domain/model-descriptor.ts";
import type { SharedPicture, TilePool } from "../../inference/tile-pool.ts";
import type { AveragingVerdicts } from "../../kernels/average.ts";
import type { CellVectors } from "../../kernels/compensate.ts";
import { FusionFeatures, type FusionFeaturesOptions, fusionPlanes } from "../../kernels/fusion.ts";
import type { Plane } from "../../media/frame.ts";
import { planTiles } from "../tiles.ts";

export type FusionNetwork = { readonly pool: TilePool; readonly descriptor: FusionModelDescriptor };

/** A neighbour in time, as its motion brings it onto the picture. */
export type MovedNeighbour = { readonly offset: number; readonly moved: Plane; readonly vectors: CellVectors };

type SteadyMotion = { readonly dx: Float32Array; readonly dy: Float32Array };

export type Fusion = {
  /** Better ones, in the order of the neighbours; undefined for one that the network does not see. */
  readonly vectors: readonly (CellVectors | undefined)[];
  readonly verdicts: AveragingVerdicts;
};

/** The neighbours that the network sees, in its order. */
const seenOffsets = [-1, 1, -2, 2] as const;
/** Largest tile, in cells. */
const tileSide = { width: 128, height: 72 } as const;
/** What a feature says that is neither more nor less. */
const nothing = 128;
/** Vectors are in sixteenths of a sample; how far one may be from the steady motion, and in how many steps that is told. */
const vectorParts = 16;
const unsteady = { most: 4, steps: 127 / 4 } as const;
/** Verdicts on a neighbour of which the network says nothing: none. */
const noVerdict = { strictness: 96, gain: 64 } as const;
const finding = { dx: 0, dy: 1, strictness: 2, gain: 4 } as const;

/** Asks a fusion network where a picture's content lies in its neighbours and what they are worth. */
export class Fuser {
  readonly #network: FusionNetwork;
  readonly #features: FusionFeatures;
  readonly #count: number;

  constructor(network: FusionNetwork, picture: FusionFeaturesOptions) {
    this.#network = network;
    this.#features = new FusionFeatures(picture);
    this.#count = this.#features.cells.width * this.#features.cells.height;
  }

  async fuse(picture: Plane, neighbours: readonly MovedNeighbour[]): Promise<Fusion> {
    const { pool, descriptor } = this.#network;
    const { width, height } = this.#features.cells;
    const asked = pool.allocate(width, height);
    this.#fill(asked, picture, neighbours);
    const found = await pool.upscale(asked, planTiles(asked, tileSide, descriptor.sizeMultiple));
    try {
      return this.#read(found, neighbours);
    } finally {
      pool.release(found);
    }
  }

  #fill({ data }: SharedPicture, picture: Plane, neighbours: readonly MovedNeighbour[]): void {
    this.#features.load(picture);
    const seen = seenOffsets.map((offset) => neighbours.find((neighbour) => neighbour.offset === offset));
    const steady = this.#steadyMotion(seen.filter((neighbour) => neighbour !== undefined));
    seen.forEach((neighbour, index) => {
      const bytes = this.#count * fusionLayout.features;
      const features = new Uint8Array(data, index * bytes, bytes);
      if (neighbour === undefined) this.#fillWithNothing(features);
      else {
        this.#features.look(neighbour.moved, features);
        this.#tellUnsteady(features.subarray(this.#count * (fusionPlanes.costs + fusionPlanes.means)), neighbour, steady);
      }
    });
  }

  #fillWithNothing(features: Uint8Array): void {
    const costs = this.#count * fusionPlanes.costs;
    const motion = costs + this.#count * fusionPlanes.means;
    features.fill(nothing, 0, costs).fill(0, costs, motion).fill(nothing, motion);
  }

  /** By how much a frame's motion goes on, on the mean of the neighbours, in sixteenths of a sample. */
  #steadyMotion(neighbours: readonly MovedNeighbour[]): SteadyMotion {
    const mean = (side: keyof CellVectors): Float32Array => {
      const sum = new Float32Array(this.#count);
      for (const { offset, vectors } of neighbours) {
        vectors[side].forEach((vector, cell) => (sum[cell] = (sum[cell] ?? 0) + vector / offset / neighbours.length));
      }
      return sum;
    };
    return { dx: mean("dx"), dy: mean("dy") };
  }

  #tellUnsteady(to: Uint8Array, { offset, vectors }: MovedNeighbour, steady: SteadyMotion): void {
    (["dx", "dy"] as const).forEach((side, plane) => {
      vectors[side].forEach((vector, cell) => {
        const apart = ((steady[side][cell] ?? 0) * offset - vector) / vectorParts;
        const limited = Math.min(unsteady.most, Math.max(-unsteady.most, apart));
        to[plane * this.#count + cell] = Math.round(nothing + limited * unsteady.steps);
      });
    });
  }

  #read({ data }: SharedPicture, neighbours: readonly MovedNeighbour[]): Fusion {
    const count = this.#count;
    const strictness = new Uint8Array(2 * count * neighbours.length).fill(noVerdict.strictness);
    const gain = new Uint8Array(2 * count * neighbours.length).fill(noVerdict.gain);
    const vectors = neighbours.map((neighbour, index) => {
      const at = seenOffsets.findIndex((offset) => offset === neighbour.offset);
      if (at < 0) return undefined;
      const planes = (from: number, planeCount: number): Uint8Array =>
        new Uint8Array(data, (at * fusionLayout.findings + from) * count, planeCount * count);
      strictness.set(planes(finding.strictness, 2), 2 * count * index);
      gain.set(planes(finding.gain, 2), 2 * count * index);
      const moved = (side: keyof CellVectors): Int16Array => {
        const by = planes(finding[side], 1);
        return neighbour.vectors[side].map((vector, cell) => vector + (by[cell] ?? nothing) - nothing);
      };
      return { dx: moved("dx"), dy: moved("dy") };
    });
    return { vectors, verdicts: { strictness, gain } };
  }
}
