import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test, type TestContext } from "vitest";
import { type Overlay, readOverlays } from "../../bench/quality/film.ts";
import { pictureOf, scoreDirt, through } from "../../bench/film/score.ts";
import { type Pictures, readTruth, scale } from "../../bench/quality/material.ts";
import { comparePlanes } from "../../src/engine/measure.ts";
import { seededRandom } from "../../bench/quality/random.ts";
import { RemoveDirt } from "../../src/engine/stages/remove-dirt.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip } from "../support/clips.ts";
import { addGrain, layDirt } from "../../bench/film/damage.ts";

const overlayFolder = fileURLToPath(new URL("../../../shared/training-data/film_damage_overlays", import.meta.url));
const planned = { name: "remove_dirt", strength: 1, reason: "film" } as const;

const cases = [
  { file: "1-face_sam2_05_default_juggle.mp4", size: { width: 640, height: 360 } },
  { file: "1-face_mdn_tears-of-steel_12-33s.webm", size: { width: 800, height: 328 } },
  { file: "2-nature_pan_lomiri_life_forest-stream.mp4", size: { width: 640, height: 360 } },
] as const;
const frameCount = 8;

let overlays: readonly Overlay[] | undefined;

async function dirtPictures(context: TestContext): Promise<readonly Overlay[]> {
  context.skip(!existsSync(overlayFolder), "the pictures of dirt are not there");
  overlays ??= (await readOverlays(overlayFolder))?.filter(({ name }) => !name.startsWith("stain"));
  if (overlays === undefined) throw new RangeError("there are no pictures of dirt");
  return overlays;
}

async function clean(source: Pictures, frames = source.frames): Promise<Pictures> {
  using stage = new RemoveDirt(planned, pictureOf(source));
  return await through(stage, source, frames);
}

test("dirt on clean clips goes, and what lies beside it stays", async (context) => {
  const pieces = await dirtPictures(context);
  for (const { file, size } of cases) {
    using whole = await readTruth(clip(context, file), frameCount);
    using truth = await scale(whole, size, "area");
    using grained = addGrain(truth, 5, seededRandom(`grain ${file}`));
    const { dirty, opacity } = layDirt(grained, pieces, seededRandom(`dirt ${file}`));
    using source = dirty;
    using cleaned = await clean(source);
    const { gain, loss } = scoreDirt(truth, { dirty: source, cleaned, opacity });
    process.stdout.write(`${file}: +${gain.toFixed(1)} dB in the dirt, -${loss.toFixed(3)} dB beside it\n`);
    expect(gain, file).toBeGreaterThan(3);
    expect(loss, file).toBeLessThan(0.1);
  }
  expect(liveFrameCount()).toBe(0);
});

test("a job cut in two gives the same pictures", async (context) => {
  const pieces = await dirtPictures(context);
  using whole = await readTruth(clip(context, "1-face_intel_asl_book.mkv"), 16);
  using truth = await scale(whole, { width: 320, height: 240 }, "area");
  const { dirty } = layDirt(truth, pieces, seededRandom("cut"));
  using source = dirty;
  using uncut = await clean(source);
  // The second half begins with frame 8 and has the context's six frames before it.
  using cut = await clean(source, source.frames.slice(2));
  for (let index = 8; index < 16; index += 1) {
    const [a, b] = [uncut.frames[index], cut.frames[index - 2]];
    if (a === undefined || b === undefined) throw new RangeError(`frame ${index} is missing`);
    expect(b.pts).toBe(a.pts);
    for (const plane of [0, 1, 2]) expect(comparePlanes(a.plane(plane), b.plane(plane), 8).squaredError).toBe(0);
  }
});
