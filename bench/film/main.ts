import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RemoveDirt } from "../../src/engine/stages/remove-dirt.ts";
import { RestoreContrast } from "../../src/engine/stages/restore-contrast.ts";
import { Stabilise } from "../../src/engine/stages/stabilise.ts";
import type { FrameStage } from "../../src/engine/stages/stage.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import { readOverlays } from "../quality/film.ts";
import { type Pictures, readTruth, scale } from "../quality/material.ts";
import { seededRandom } from "../quality/random.ts";
import { formatTable } from "../table.ts";
import { addGrain, layDirt } from "./damage.ts";
import { pictureOf, scoreDirt, through } from "./score.ts";

// Dirt laid on clean clips: what comes back in it, what is lost beside it, and the processor time of each film stage.
const clips = fileURLToPath(new URL("../../../shared/clips/", import.meta.url));
const overlayFolder = fileURLToPath(new URL("../../../shared/training-data/film_damage_overlays/", import.meta.url));
const frames = 16;
const grainSigma = 5;
const reason = "measured";
const materials = [
  ["1-face_sam2_05_default_juggle.mp4", 854, 480],
  ["1-face_sam2_04_coffee.mp4", 854, 480],
  ["1-face_mdn_tears-of-steel_12-33s.webm", 800, 328],
  ["1-face_intel_asl_book.mkv", 640, 480],
  ["2-nature_hhoppe_brink_loop_512.mp4", 512, 512],
  ["2-nature_pan_lomiri_life_forest-stream.mp4", 854, 480],
  ["4-anim_sintel_moviepy_0-16s.mp4", 848, 480],
  ["7-old_mdn_friday.mp4", 640, 480],
] as const;

/** Pictures a stage made, and its processor time for each in ms. */
async function timed(stage: FrameStage, source: Pictures): Promise<{ readonly result: Pictures; readonly ms: number }> {
  using owned = stage;
  const before = process.cpuUsage();
  const result = await through(owned, source);
  const { user, system } = process.cpuUsage(before);
  return { result, ms: (user + system) / 1000 / source.frames.length };
}

const overlays = (await readOverlays(overlayFolder))?.filter(({ name }) => !name.startsWith("stain"));
if (overlays === undefined) throw new RangeError(`there are no pictures of dirt in ${overlayFolder}`);
const head = ["clip", "in the dirt", "beside it", "clean clip", "stabilise", "remove_dirt", "restore_contrast"];
const rows: string[][] = [head];
for (const [file, width, height] of materials) {
  using whole = await readTruth(join(clips, file), frames);
  using truth = await scale(whole, { width, height }, "area");
  using grained = addGrain(truth, grainSigma, seededRandom(`grain ${file}`));
  const { dirty, opacity } = layDirt(grained, overlays, seededRandom(`dirt ${file}`));
  using source = dirty;
  const picture = pictureOf(truth);
  const dirt = (): RemoveDirt => new RemoveDirt({ name: "remove_dirt", strength: 1, reason }, picture);
  const cleaned = await timed(dirt(), source);
  using result = cleaned.result;
  const { gain, loss } = scoreDirt(truth, { dirty: source, cleaned: result, opacity });
  const untouched = await timed(dirt(), grained);
  using same = untouched.result;
  const nowhere = opacity.map((cover) => new Float32Array(cover.length));
  const { loss: lostClean } = scoreDirt(truth, { dirty: grained, cleaned: same, opacity: nowhere });
  const steady = await timed(new Stabilise({ name: "stabilise", strength: 1, reason }, picture), source);
  steady.result[Symbol.dispose]();
  const curve = [{ ticks: 0n, black: 30, white: 210, gamma: 1, cb: 0, cr: 0 }];
  const toned = await timed(new RestoreContrast({ name: "restore_contrast", curve, reason }, picture), source);
  toned.result[Symbol.dispose]();
  const times = [steady.ms, cleaned.ms, toned.ms].map((ms) => `${ms.toFixed(1)} ms`);
  rows.push([
    `${file} ${width}x${height}`,
    `+${gain.toFixed(1)} dB`,
    `${(-loss).toFixed(3)} dB`,
    `${(-lostClean).toFixed(3)} dB`,
    ...times,
  ]);
}
process.stdout.write(`${describeMachine(machineFacts())}\n\n${formatTable(rows)}\n\nprocessor time a frame, one thread\n`);
