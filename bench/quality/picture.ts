import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { ColorInfo, Size } from "../../src/domain/media-info.ts";
import { AppError } from "../../src/domain/errors.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import type { VideoFrame } from "../../src/media/frame.ts";
import { encodePicture, type Region } from "../../src/media/picture.ts";
import { MultiFilter } from "../multi-filter.ts";

const enlargement = 2;
const gap = 6;
const upright = { mirrored: false, quarterTurnsClockwise: 0 } as const;
const rgb: ColorInfo = { range: "full", matrix: "gbr", primaries: "unknown", transfer: "unknown", chromaLocation: "unknown" };

/** Writes a whole picture as a PNG file. Owns: leaves the frame as it is. */
export async function writePicture(path: string, frame: VideoFrame, color: ColorInfo): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await write(path, frame, color);
}

/** Writes the same region of several PNG files side by side, enlarged by repeating pixels, as PNG or JPEG by the name. */
export async function writeSheet(path: string, files: readonly string[], region: Region): Promise<void> {
  using stack = new DisposableStack();
  const pictures: VideoFrame[] = [];
  for (const file of files) pictures.push(stack.use(await readPicture(file)));
  const crop = `crop=${region.width}:${region.height}:${region.x}:${region.y}`;
  const enlarge = `scale=iw*${enlargement}:ih*${enlargement}:flags=neighbor`;
  const columns = pictures.map((_, i) => {
    const space = i + 1 < pictures.length ? `,pad=iw+${gap}:ih:0:0:white` : "";
    return `[in${i}]${crop},${enlarge}${space}[c${i}]`;
  });
  const joined = pictures.length === 1 ? "copy" : `hstack=inputs=${pictures.length}`;
  const chain = `${columns.join(";")};${pictures.map((_, i) => `[c${i}]`).join("")}${joined},format=rgb24[out]`;
  using filter = new MultiFilter(pictures, chain);
  for (const frame of await filter.push(pictures, 0)) {
    using sheet = frame;
    await write(path, sheet, rgb);
  }
}

/** A region within a picture, around a place in fractions of its width and height. */
export function regionAround(place: { readonly x: number; readonly y: number }, picture: Size, { width, height }: Size): Region {
  const start = (fraction: number, whole: number, part: number): number =>
    Math.max(0, Math.min(whole - part, Math.round(fraction * whole - part / 2)));
  return { x: start(place.x, picture.width, width), y: start(place.y, picture.height, height), width, height };
}

async function write(path: string, frame: VideoFrame, color: ColorInfo): Promise<void> {
  const shown = { width: frame.width, height: frame.height };
  const format = path.endsWith(".jpg") ? "jpeg" : "png";
  const { data } = await encodePicture(frame, { color, orientation: upright, shown, format });
  await writeFile(path, data);
}

async function readPicture(path: string): Promise<VideoFrame> {
  for await (const frame of decodeVideo({ path, streamIndex: 0, threads: 1 })) return frame;
  throw new AppError("decode_failed", `${path} holds no picture.`);
}
