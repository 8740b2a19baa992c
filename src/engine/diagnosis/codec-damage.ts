import type { Picture } from "./picture.ts";
import { clamp } from "./statistics.ts";

const period = 8;
/** Neighbouring steps above this belong to texture, in which a block's edge is not seen. */
const mostTexture = 8;
const largestEdge = 24;

/** How much higher steps are at one place of every 8 than elsewhere, where the picture is flat on both sides. */
export type GridMeasure = {
  /** Code values, mean of both directions. */
  readonly excess: number;
  readonly sites: number;
};

export function measureGrid(picture: Picture): GridMeasure {
  const { width, height } = picture;
  const across = gridExcess(picture, { step: 1, line: width, length: width, lines: height });
  const down = gridExcess(picture, { step: width, line: 1, length: height, lines: width });
  return { excess: (across.excess + down.excess) / 2, sites: Math.min(across.sites, down.sites) };
}

/** `step` leads from one sample to the next across the edges looked for, `line` from line to line along them. */
type Way = { readonly step: number; readonly line: number; readonly length: number; readonly lines: number };

function gridExcess({ data }: Picture, { step, line, length, lines }: Way): GridMeasure {
  const sums = new Float64Array(period);
  const counts = new Float64Array(period);
  for (let along = 1; along < lines; along += 4) {
    for (let position = 2; position < length - 1; position += 1) {
      const at = along * line + position * step;
      const before = Math.abs((data[at - step] ?? 0) - (data[at - 2 * step] ?? 0));
      const after = Math.abs((data[at + step] ?? 0) - (data[at] ?? 0));
      if (before + after > mostTexture) continue;
      const edge = Math.abs((data[at] ?? 0) - (data[at - step] ?? 0));
      if (edge > largestEdge) continue;
      const phase = position & (period - 1);
      sums[phase] = (sums[phase] ?? 0) + edge - (before + after) / 2;
      counts[phase] = (counts[phase] ?? 0) + 1;
    }
  }
  const excesses = Array.from(sums, (sum, phase) => sum / Math.max(1, counts[phase] ?? 0));
  const others = excesses.slice(1).toSorted((a, b) => a - b);
  const usual = others[3] ?? 0;
  // A grid shows at its own place and nowhere else; an equal peak elsewhere is texture.
  const excess = (excesses[0] ?? 0) - Math.max(usual, (others.at(-1) ?? 0) - 0.02);
  return { excess: Math.max(0, excess), sites: Math.min(...counts) };
}

export type RingingMeasure = {
  /** Height of ripples a few pixels beside strong edges, and in their flat surroundings, code values. */
  readonly near: number;
  readonly far: number;
  readonly edges: number;
};

const strongEdge = 60;
/** Fewer say nothing of ringing. */
export const fewestEdges = 200;

/** Ripples beside strong vertical edges, whose further surroundings are flat. */
export function measureRinging({ data, width, height }: Picture): RingingMeasure {
  let near = 0;
  let far = 0;
  let edges = 0;
  for (let y = 0; y < height; y += 4) {
    const line = y * width;
    for (let x = 14; x < width - 14; x += 1) {
      if (Math.abs((data[line + x + 1] ?? 0) - (data[line + x - 1] ?? 0)) < strongEdge) continue;
      for (const { beside, beyond } of stretches) {
        const close = ripple(data, line + x, beside);
        const distant = ripple(data, line + x, beyond);
        if (distant > 0.4 || close > 12) continue;
        near += close;
        far += distant;
        edges += 1;
      }
      x += 6;
    }
  }
  return { near: near / Math.max(1, edges), far: far / Math.max(1, edges), edges };
}

type Stretch = { readonly side: -1 | 1; readonly from: number; readonly to: number };

const stretches = ([-1, 1] as const).map((side) => ({ beside: { side, from: 3, to: 9 }, beyond: { side, from: 10, to: 14 } }));

/** Mean height of the small peaks and dips along a stretch beside an edge; a slope has none. */
function ripple(data: Float32Array, at: number, { side, from, to }: Stretch): number {
  let sum = 0;
  for (let distance = from; distance < to; distance += 1) {
    const here = data[at + side * distance] ?? 0;
    const before = here - (data[at + side * (distance - 1)] ?? 0);
    const after = (data[at + side * (distance + 1)] ?? 0) - here;
    if (before * after < 0) sum += Math.min(Math.abs(before), Math.abs(after));
  }
  return sum / (to - from);
}

export type BandingMeasure = { readonly smooth: number; readonly stepped: number; readonly blocks: number };

const blockSide = 16;
const mostlyEqual = 0.8;
/** Steps of one code value are the sample format's own. */
const visibleStep = 1.5;

/** Blocks in which brightness rises slowly, and those of them that do so in steps large enough to be seen. */
export function measureBanding({ data, width, height }: Picture): BandingMeasure {
  let smooth = 0;
  let stepped = 0;
  let blocks = 0;
  for (let top = 0; top + blockSide < height; top += blockSide) {
    for (let left = 0; left + blockSide < width; left += blockSide) {
      blocks += 1;
      const at = top * width + left;
      const end = at + (blockSide - 1) * width;
      const corners = [data[at] ?? 0, data[at + blockSide - 1] ?? 0, data[end] ?? 0, data[end + blockSide - 1] ?? 0];
      const slope = Math.max(...corners) - Math.min(...corners);
      if (slope < 1 || slope > 10) continue;
      const shares = countSteps(data, at, width);
      if (shares.rough > 0.02) continue;
      smooth += 1;
      if (shares.equal > mostlyEqual && shares.step >= visibleStep) stepped += 1;
    }
  }
  return { smooth, stepped, blocks };
}

type Steps = { readonly equal: number; readonly rough: number; readonly step: number };

function countSteps(data: Float32Array, at: number, width: number): Steps {
  let equal = 0;
  let sum = 0;
  let rough = 0;
  for (let y = 0; y < blockSide; y += 1) {
    for (let x = 0; x < blockSide; x += 1) {
      const here = data[at + y * width + x] ?? 0;
      const right = Math.abs((data[at + y * width + x + 1] ?? 0) - here);
      const below = Math.abs((data[at + (y + 1) * width + x] ?? 0) - here);
      if (right === 0) equal += 1;
      if (below === 0) equal += 1;
      if (right > 8 || below > 8) rough += 1;
      sum += right + below;
    }
  }
  const count = blockSide * blockSide;
  return { equal: equal / (2 * count), rough: rough / count, step: sum / Math.max(1, 2 * count - equal) };
}

/** 0..1 for an excess at the grid in code values. */
export function blockStrength(excess: number): number {
  return 1 - Math.exp(-excess / 0.8);
}

export function ringingStrength({ near, far, edges }: RingingMeasure): number {
  return edges < fewestEdges ? 0 : clamp((near - far - 0.6) / 4, 0, 1);
}
