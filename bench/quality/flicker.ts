import type { Plane, VideoFrame } from "../../src/media/frame.ts";
import { blockSide, type BlockMotion } from "./motion.ts";

/** How unsteady pictures are: the mean absolute change of their luma error along the reference's motion, in code values.
 *  0 means that what is wrong stays where the object goes; `motion[i]` leads from picture i + 1 back to picture i. */
export function measureFlicker(
  reference: readonly VideoFrame[],
  found: readonly VideoFrame[],
  motion: readonly (readonly BlockMotion[])[],
): number {
  return changeAlong(
    reference.map((frame, index) => errorOf(frame.plane(0), found[index]?.plane(0))),
    motion,
  );
}

/** By how much more pictures change along the reference's motion than the reference does: the difference of the mean absolute
 *  changes of luma, in code values. Above 0 they flicker more than the original did; a blur is below it. */
export function measureExcessChange(
  reference: readonly VideoFrame[],
  found: readonly VideoFrame[],
  motion: readonly (readonly BlockMotion[])[],
): number {
  const own = (frames: readonly VideoFrame[]): number =>
    changeAlong(
      frames.map((frame) => samplesOf(frame.plane(0))),
      motion,
    );
  return own(found) - own(reference);
}

function changeAlong(planes: readonly SamplePlane[], motion: readonly (readonly BlockMotion[])[]): number {
  let sum = 0;
  let count = 0;
  for (const [index, blocks] of motion.entries()) {
    const [earlier, later] = [planes[index], planes[index + 1]];
    if (earlier === undefined || later === undefined) throw new RangeError("there are more steps of motion than pictures");
    for (const block of blocks) sum += changeOf(later, earlier, block);
    count += blocks.length * blockSide ** 2;
  }
  return count === 0 ? 0 : sum / count;
}

type SamplePlane = { readonly data: Int16Array; readonly width: number };

function samplesOf({ data: source, strideBytes, width, height }: Plane): SamplePlane {
  const data = new Int16Array(width * height);
  for (let y = 0; y < height; y += 1) data.set(source.subarray(y * strideBytes, y * strideBytes + width), y * width);
  return { data, width };
}

function errorOf(reference: Plane, found: Plane | undefined): SamplePlane {
  if (found === undefined) throw new RangeError("a picture is missing");
  const { width, height } = reference;
  const data = new Int16Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      data[y * width + x] = (found.data[y * found.strideBytes + x] ?? 0) - (reference.data[y * reference.strideBytes + x] ?? 0);
    }
  }
  return { data, width };
}

function changeOf(later: SamplePlane, earlier: SamplePlane, { x, y, right, down }: BlockMotion): number {
  let sum = 0;
  for (let row = 0; row < blockSide; row += 1) {
    const at = (y + row) * later.width + x;
    const from = (y + row + down) * earlier.width + x + right;
    for (let column = 0; column < blockSide; column += 1) {
      sum += Math.abs((later.data[at + column] ?? 0) - (earlier.data[from + column] ?? 0));
    }
  }
  return sum;
}
