import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { decodeVideo } from "../../src/media/decode.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { mapSamples, type Pictures, type SampleReader } from "./material.ts";
import type { Random } from "./random.ts";

/** How opaque a piece of dirt, a hair or a scratch is. Shape: `side` × `side`, 0 to 1. */
export type Overlay = { readonly name: string; readonly side: number; readonly opacity: Float32Array };

/** Of the pictures in the folder only every fifth, so that the others may train a network. */
const heldOut = /[05]\.png$/;
const overlaySide = 400;

/** The measuring share of the pictures of dirt and scratches; undefined when the folder is not there. */
export async function readOverlays(folder: string): Promise<readonly Overlay[] | undefined> {
  if (!existsSync(folder)) return undefined;
  const names = (await readdir(folder)).filter((name) => heldOut.test(name)).toSorted();
  using filter = new FrameFilter(() => `format=rgba,alphaextract,format=gray,scale=${overlaySide}:${overlaySide}:flags=area`);
  const overlays: Overlay[] = [];
  for (const name of names) {
    for await (const frame of decodeVideo({ path: join(folder, name), streamIndex: 0, threads: 1 })) {
      using mask = await filter.apply(frame);
      const { data, strideBytes } = mask.plane(0);
      const opacity = new Float32Array(overlaySide ** 2);
      for (let y = 0; y < overlaySide; y += 1) {
        for (let x = 0; x < overlaySide; x += 1) opacity[y * overlaySide + x] = (data[y * strideBytes + x] ?? 0) / 255;
      }
      overlays.push({ name, side: overlaySide, opacity });
      break;
    }
  }
  return overlays.length === 0 ? undefined : overlays;
}

/** Weave (up to 2 pixels either way) and fading (raised black, low contrast, pale colour), at the size of the ground truth. */
export function wornReference(truth: Pictures, random: Random): Pictures {
  const phase = random.even() * 2 * Math.PI;
  const places = truth.frames.map((_, index) => ({
    x: Math.round(Math.sin(index * 0.7 + phase) + random.normal() * 0.3),
    y: Math.round(Math.sin(index * 1.1 + 2 * phase) + random.normal() * 0.3),
  }));
  return mapSamples(truth, ({ index, plane, sample }) => {
    const { x: right, y: down } = places[index] ?? { x: 0, y: 0 };
    // Steps of one chroma sample keep luma and chroma together.
    if (plane === 0) return (x, y) => 30 + (sample(x + 2 * right, y + 2 * down) - 16) * 0.82;
    return (x, y) => 128 + (sample(x + right, y + down) - 128) * 0.7;
  });
}

type Stain = {
  readonly overlay: Overlay;
  readonly x: number;
  readonly y: number;
  readonly tone: number;
  readonly turned: boolean;
};

/** Flicker of brightness, grain, dirt that changes with every frame and scratches that stay, at the size of the ground truth. */
export function wearFilm(source: Pictures, overlays: readonly Overlay[], random: Random): Pictures {
  const { width, height } = source.size;
  const scratches = overlays.filter(({ name }) => name.startsWith("scratches"));
  const dirt = overlays.filter(({ name }) => !name.startsWith("scratches") && !name.startsWith("stain"));
  const place = (from: readonly Overlay[]): Stain[] => {
    const overlay = from[Math.floor(random.even() * from.length)];
    if (overlay === undefined) return [];
    return [
      {
        overlay,
        x: Math.round((random.even() * 1.2 - 0.1) * width - overlay.side / 2),
        y: Math.round((random.even() * 1.2 - 0.1) * height - overlay.side / 2),
        tone: random.even() < 0.6 ? 225 : 25,
        turned: random.even() < 0.5,
      },
    ];
  };
  const lasting = [...place(scratches), ...place(scratches)];
  return mapSamples(source, (reader) =>
    reader.plane === 0 ? wornLuma(reader, [...lasting, ...place(dirt), ...place(dirt)], random) : reader.sample,
  );
}

function wornLuma(
  { width, height, sample }: SampleReader,
  stains: readonly Stain[],
  random: Random,
): (x: number, y: number) => number {
  const brightness = 1 + random.normal() * 0.025;
  const grain = softGrain(width, height, random);
  const opacity = new Float32Array(width * height);
  const tones = new Float32Array(width * height);
  for (const { overlay, x: left, y: top, tone, turned } of stains) {
    const { side } = overlay;
    for (let row = Math.max(0, -top); row < Math.min(side, height - top); row += 1) {
      for (let column = Math.max(0, -left); column < Math.min(side, width - left); column += 1) {
        const found = overlay.opacity[turned ? column * side + row : row * side + column] ?? 0;
        const at = (top + row) * width + left + column;
        if (found <= (opacity[at] ?? 0)) continue;
        opacity[at] = found;
        tones[at] = tone;
      }
    }
  }
  return (x, y) => {
    const at = y * width + x;
    const clear = 16 + (sample(x, y) - 16) * brightness;
    // Grain is strongest in the middle tones.
    const grained = clear + (grain[at] ?? 0) * (3 + 7 * (1 - Math.abs(clear - 118) / 118));
    const covered = 0.85 * (opacity[at] ?? 0);
    return grained * (1 - covered) + (tones[at] ?? 0) * covered;
  };
}

/** Noise of deviation 1, a little larger than a pixel. */
function softGrain(width: number, height: number, { normal }: Random): Float32Array {
  const raw = Float32Array.from({ length: width * height }, normal);
  const at = (x: number, y: number): number =>
    raw[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))] ?? 0;
  const result = new Float32Array(width * height);
  const [centre, side] = [0.85, 0.26]; // squares sum to 1
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      result[y * width + x] = centre * at(x, y) + side * (at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1));
    }
  }
  return result;
}
