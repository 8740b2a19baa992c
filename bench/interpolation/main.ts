import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Size } from "../../src/domain/media-info.ts";
import { comparePlanes } from "../../src/engine/measure.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import { describeMachine, machineFacts } from "../machine.ts";
import { Pictures, readTruth, scale } from "../quality/material.ts";
import { mean } from "../quality/metrics.ts";
import { formatTable } from "../table.ts";
import { blend, minterpolate, ours, type Rebuilt } from "./contenders.ts";
import { score, type Scores } from "./scores.ts";

// Drops every other frame of real clips and makes it again, against FFmpeg's minterpolate and plain blending; then joins the
// clips and looks at what is shown across the cuts.

/** One clip of 60 frames a second; of the others the frames left are 12 to 15 a second, a harder task than 30 to 60. */
const clips = [
  "4-anim_bbb_small_bunny_1080p_60fps.mp4",
  "1-face_sam2_04_coffee.mp4",
  "1-face_sam2_05_default_juggle.mp4",
  "3-motion_gopro_max-heromode.mp4",
  "3-motion_udacity_solidWhiteRight.mp4",
  "6-ugc_androidx_increasing_timestamps_360p.mp4",
  "4-anim_sintel_moviepy_0-16s.mp4",
  "1-face_mdn_tears-of-steel_12-33s.webm",
  "1-face_intel_asl_book.mkv",
  "2-nature_pan_elementary_RobBye_coast.mp4",
  "2-nature_hhoppe_brink_loop_512.mp4",
  "9-odd_androidx_bt601.mov",
];
const targets = { overBlend: 1, overMinterpolate: 0.3, timesFaster: 5 } as const;

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "640x360,960x540" },
    frames: { type: "string", default: "41" },
    only: { type: "string", default: "" },
    folder: { type: "string", default: fileURLToPath(new URL("../../../shared/clips", import.meta.url)) },
    check: { type: "boolean", default: false },
  },
});

type Line = { readonly clip: string; readonly scores: readonly Scores[]; readonly msPerFrame: readonly number[] };
const contenders = [blend, minterpolate, ours];
const missed: string[] = [];

console.log(describeMachine(machineFacts()));
await warmUp();
for (const size of values.sizes.split(",").map(readSize)) {
  const lines: Line[] = [];
  const edges: { clip: string; first: Pictures; last: Pictures }[] = [];
  for (const clip of clips.filter((name) => name.includes(values.only))) {
    const truth = await readClip(clip, size);
    lines.push(await compare(clip, truth));
    edges.push({
      clip,
      first: new Pictures(truth.frames.slice(0, 2), truth.color),
      last: new Pictures(truth.frames.slice(-2), truth.color),
    });
    for (const frame of truth.frames.slice(2, -2)) frame[Symbol.dispose]();
  }
  report(size, lines);
  await crossCuts(edges);
  for (const { first, last } of edges) [first, last].forEach((pictures) => pictures[Symbol.dispose]());
}
if (liveFrameCount() !== 0) missed.push(`${liveFrameCount()} frames were not released`);
for (const line of missed) console.log(`MISSED: ${line}`);
if (values.check && missed.length > 0) process.exitCode = 1;

/** Everything is compiled before it is timed, as it is after the first frames of any video. */
async function warmUp(): Promise<void> {
  const [clip = ""] = clips;
  using truth = await readClip(clip, { width: 320, height: 180 });
  for (const contender of contenders) (await contender.rebuild(truth.frames))[Symbol.dispose]();
}

/** Frames from the middle of the clip at the size of the bench, whatever its shape was. */
async function readClip(clip: string, size: Size): Promise<Pictures> {
  using full = await readTruth(`${values.folder}/${clip}`, Number(values.frames));
  return await scale(full, size, "area");
}

async function compare(clip: string, truth: Pictures): Promise<Line> {
  using results = new DisposableStack();
  const made: Rebuilt[] = [];
  for (const contender of contenders) made.push(results.use(await contender.rebuild(truth.frames)));
  // minterpolate gives nothing past its last pair.
  const numbers = truth.frames.flatMap((_, index) => (made.every(({ frames }) => frames.has(index)) ? [index] : []));
  const scores: Scores[] = [];
  for (const { frames } of made) scores.push(await score(numbers.map((index) => [at(truth.frames, index), frames.get(index)!]))); // in all
  return { clip, scores, msPerFrame: made.map(({ seconds, frames }) => (seconds * 1000) / frames.size) };
}

function at(frames: readonly VideoFrame[], index: number): VideoFrame {
  const frame = frames[index];
  if (frame === undefined) throw new RangeError(`there is no frame ${index}`);
  return frame;
}

function report(size: Size, lines: readonly Line[]): void {
  const average = (read: (line: Line) => number): number => mean(lines.map(read));
  const row = (name: string, read: (index: number) => { scores: Scores; ms: number }): string[] => [
    name,
    ...contenders.flatMap((_, i) => [read(i).scores.psnr.toFixed(2), read(i).scores.ssim.toFixed(4)]),
    ...contenders.map((_, i) => read(i).ms.toFixed(1)),
  ];
  const all = (i: number): { scores: Scores; ms: number } => ({
    scores: {
      psnr: average(({ scores }) => scores[i]?.psnr ?? NaN),
      chromaPsnr: average(({ scores }) => scores[i]?.chromaPsnr ?? NaN),
      ssim: average(({ scores }) => scores[i]?.ssim ?? NaN),
    },
    ms: average(({ msPerFrame }) => msPerFrame[i] ?? NaN),
  });
  const head = [
    "clip",
    ...contenders.flatMap(({ name }) => [`${name} dB`, "SSIM"]),
    ...contenders.map(({ name }) => `${name} ms`),
  ];
  const rows = lines.map(({ clip, scores, msPerFrame }) =>
    row(clip, (i) => ({ scores: scores[i] ?? { psnr: NaN, chromaPsnr: NaN, ssim: NaN }, ms: msPerFrame[i] ?? NaN })),
  );
  console.log(`\n${size.width}x${size.height}: luma PSNR and SSIM of the frames made, milliseconds of processor time for each\n`);
  console.log(formatTable([head, ...rows, row("mean", all)]));
  const [blended, foreign, own] = [all(0), all(1), all(2)];
  const overBlend = own.scores.psnr - blended.scores.psnr;
  const overMinterpolate = own.scores.psnr - foreign.scores.psnr;
  const timesFaster = foreign.ms / own.ms;
  console.log(
    `\n${overBlend.toFixed(2)} dB over blending, ${overMinterpolate.toFixed(2)} dB over minterpolate ` +
      `(chroma ${(own.scores.chromaPsnr - foreign.scores.chromaPsnr).toFixed(2)} dB), ${timesFaster.toFixed(1)} × its speed`,
  );
  if (!(overBlend >= targets.overBlend)) missed.push(`less than ${targets.overBlend} dB over blending`);
  if (!(overMinterpolate >= targets.overMinterpolate)) missed.push(`less than ${targets.overMinterpolate} dB over minterpolate`);
  if (!(timesFaster >= targets.timesFaster)) missed.push(`less than ${targets.timesFaster} × as fast as minterpolate`);
}

/** The end of every clip followed by the beginning of every other: the frame made across the cut is one of its neighbours. */
async function crossCuts(edges: readonly { clip: string; first: Pictures; last: Pictures }[]): Promise<void> {
  let count = 0;
  for (const before of edges) {
    for (const after of edges.filter((other) => other !== before)) {
      const [a, b] = before.last.frames.slice(-2);
      const [c, d] = after.first.frames;
      if (a === undefined || b === undefined || c === undefined || d === undefined) continue;
      // Numbers 0, 2, 4 and 6 of a clip of which number 3 is made across the cut.
      using result = await ours.rebuild([a, a, b, b, c, c, d, d]);
      const made = result.frames.get(3);
      count += 1;
      if (made === undefined || (!isEqual(made, b) && !isEqual(made, c)))
        missed.push(`a mixed frame from ${before.clip} to ${after.clip}`);
    }
  }
  console.log(`${count} cuts crossed`);
}

function isEqual(a: VideoFrame, b: VideoFrame): boolean {
  return [0, 1, 2].every((plane) => comparePlanes(a.plane(plane), b.plane(plane), 8).squaredError === 0);
}

function readSize(text: string): Size {
  const [width = NaN, height = NaN] = text.split("x").map(Number);
  if (!(width > 0 && height > 0)) throw new RangeError(`${text} is not a size`);
  return { width, height };
}
