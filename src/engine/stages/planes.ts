import type { Size } from "../../domain/media-info.ts";
import { type Plane, VideoFrame } from "../../media/frame.ts";
import { describePixelFormat } from "../../media/pixel-format.ts";
import type { StagePicture } from "./stage.ts";

/** Sizes of luma and both chroma planes. */
export function planeSizes({ width, height, pixelFormat }: StagePicture): readonly Size[] {
  const { chroma } = describePixelFormat(pixelFormat);
  const reduced: Size = {
    width: chroma === "444" ? width : (width + 1) >> 1,
    height: chroma === "420" ? (height + 1) >> 1 : height,
  };
  return [{ width, height }, reduced, reduced];
}

/** A plane in plain memory. */
export function emptyPlane({ width, height }: Size, bitDepth: number): Plane {
  const strideBytes = width * (bitDepth > 8 ? 2 : 1);
  return { data: Buffer.alloc(strideBytes * height), strideBytes, width, height };
}

/** What counts as noise among coefficients, for a deviation in 8-bit code values: few of pure noise are above. */
export function noiseThreshold(sigma: number, bitDepth: number): number {
  return 2.7 * sigma * 2 ** (bitDepth - 8);
}

/** A picture of one's own with the same content. Owns: the caller disposes it. */
export function copyFrame(frame: VideoFrame): VideoFrame {
  const copy = VideoFrame.allocate(frame.width, frame.height, frame.formatName);
  copy.takeProperties(frame);
  for (const index of [0, 1, 2]) copyPlane(frame.plane(index), copy.plane(index));
  return copy;
}

/** Copies the rows of one plane into another of the same size. */
function copyPlane(from: Plane, to: Plane): void {
  const rowBytes = Math.min(from.strideBytes, to.strideBytes);
  for (let row = 0; row < from.height; row += 1) {
    from.data.copy(to.data, row * to.strideBytes, row * from.strideBytes, row * from.strideBytes + rowBytes);
  }
}

/** The means of 2x2 samples, a last row or column alone left out. */
export function halved({ data, strideBytes, width, height }: Plane, bitDepth: number): Plane {
  const half = emptyPlane({ width: width >> 1, height: height >> 1 }, bitDepth);
  const [from, to] = bitDepth > 8 ? [sixteenBits(data), sixteenBits(half.data)] : [data, half.data];
  const stride = bitDepth > 8 ? strideBytes >> 1 : strideBytes;
  for (let y = 0; y < half.height; y += 1) {
    const above = 2 * y * stride;
    const below = above + stride;
    const row = y * half.width;
    for (let x = 0; x < half.width; x += 1) {
      const left = 2 * x;
      // All four lie within the plane.
      to[row + x] = (from[above + left]! + from[above + left + 1]! + from[below + left]! + from[below + left + 1]! + 2) >> 2;
    }
  }
  return half;
}

function sixteenBits({ buffer, byteOffset, byteLength }: Buffer): Uint16Array {
  return new Uint16Array(buffer, byteOffset, byteLength >> 1);
}
