import { createHash } from "node:crypto";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeVideo } from "../../src/media/decode.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { type MadeClip, makeClip } from "../support/made-clip.ts";
import { lumaOf, picturesOf, planOf, psnrOf, restoredOf } from "../support/pictures.ts";

// Film that was telecined by FFmpeg comes back bit for bit: through cuts, through stillness, through near-black fades, in
// every phase.

const film = { num: 24_000, den: 1001 };
const ntsc = { num: 30_000, den: 1001 };

/** A fade in from black, a picture that stands still for 18 frames, movement, and a cut to another scene. */
const scenes = "loop=loop=17:size=1:start=24,setpts=N/24/TB,fps=24";

test.for([
  ["23", "top", 0],
  ["32", "bottom", 0],
  ["2332", "top", 0],
  ["23", "bottom", 3],
] as const)(
  "pulled down by %s, %s field first, from frame %i on: the film's own frames, 1001/24000 s apart",
  async (options, context) => {
    const [pattern, field, skipped] = options;
    const folder = await temporaryFolder();
    const from: MadeClip["from"] = [
      { path: clip(context, "4-anim_sintel_moviepy_0-16s.mp4"), frames: 40 },
      { path: clip(context, "1-face_mdn_tears-of-steel_12-33s.webm"), frames: 36 },
    ];
    const [original, telecined] = [join(folder, "film.mp4"), join(folder, "telecined.mp4")];
    await makeClip(original, { from, filters: scenes, rate: film });
    const pullDown = `telecine=pattern=${pattern}:first_field=${field},trim=start_frame=${skipped}`;
    await makeClip(telecined, { from, filters: `${scenes},${pullDown}`, rate: ntsc });
    const plan = await planOf(telecined, { assume: { scan: "telecined", fields: `${field}_first` } });
    const found = await restoredOf(telecined, { ...plan, stages: plan.stages.slice(0, 1) });

    const steps = new Set(found.slice(1).map(({ ticks }, index) => ticks - (found[index]?.ticks ?? 0n)));
    expect([...steps]).toEqual([(BigInt(plan.time.timeBase.den) * 1001n) / 24_000n]);
    // Frame for frame from the cut backwards and onwards, whatever the pull-down began and ended with.
    const wanted = await lumaOf(decodeVideo({ path: original, streamIndex: 0, threads: 2 }));
    const [cutWanted, cutFound] = [cutOf(wanted), cutOf(found.map(({ luma }) => luma))];
    const before = Math.min(cutWanted, cutFound);
    const after = Math.min(wanted.length - cutWanted, found.length - cutFound) - 1; // the last one may lack a field
    const qualities = Array.from({ length: before + after - 1 }, (_, i) => i - before + 1).map((offset) => {
      const [a, b] = [wanted[cutWanted + offset], found[cutFound + offset]?.luma];
      return a === undefined || b === undefined ? 0 : psnrOf(a, b);
    });
    expect(qualities.length).toBeGreaterThan(85);
    expect(Math.min(...qualities), "100 where every frame is the same bit for bit").toBe(100);
    expect(liveFrameCount()).toBe(0);
  },
);

test.for([
  ["in the dark", 20, 21],
  ["in the light", 60, 62],
] as const)("an edit after the pull-down, %s, costs at most the frame whose field it took away", async (options, context) => {
  const [, firstGone, lastGone] = options;
  const folder = await temporaryFolder();
  const from = [{ path: clip(context, "4-anim_sintel_moviepy_0-16s.mp4"), frames: 70 }];
  const [original, telecined] = [join(folder, "film.mp4"), join(folder, "telecined.mp4")];
  await makeClip(original, { from, filters: "null", rate: film });
  const edited = `setpts=N/24/TB,fps=24,telecine,select=not(between(n\\,${firstGone}\\,${lastGone}))`;
  await makeClip(telecined, { from, filters: edited, rate: ntsc });
  const plan = await planOf(telecined, { assume: { scan: "telecined", fields: "top_first" } });
  const found = await restoredOf(telecined, { ...plan, stages: plan.stages.slice(0, 1) });
  const wanted = await lumaOf(decodeVideo({ path: original, streamIndex: 0, threads: 2 }));
  const known = new Set(wanted.map((luma) => hashOf(luma)));
  expect(found.filter(({ luma }) => !known.has(hashOf(luma))).length).toBeLessThanOrEqual(1);
  const gone = new Set(known).difference(new Set(found.map(({ luma }) => hashOf(luma))));
  // One more where the edit puts five different pictures into a cycle, which has four places.
  expect(gone.size, "film frames that no output frame shows").toBeLessThanOrEqual(lastGone - firstGone + 2);
  expect(liveFrameCount()).toBe(0);
});

test("a job cut in segments finds the same fields, in the dark and beside a codec's noise as well", async (context) => {
  const path = join(await temporaryFolder(), "telecined.mp4");
  const from = [
    { path: clip(context, "4-anim_sintel_moviepy_0-16s.mp4"), frames: 40 },
    { path: clip(context, "1-face_mdn_tears-of-steel_12-33s.webm"), frames: 24 },
  ];
  const options = { preset: "veryfast", crf: "26", "x264-params": "tff=1" };
  await makeClip(path, { from, filters: "setpts=N/24/TB,fps=24,telecine", rate: ntsc, options });
  const plan = await planOf(path, { assume: { scan: "telecined", fields: "top_first" } });
  const filmPlan = { ...plan, stages: plan.stages.slice(0, 1) };
  expect(await picturesOf(path, filmPlan, [22, 39, 40, 61])).toEqual(await picturesOf(path, filmPlan, []));
  expect(liveFrameCount()).toBe(0);
});

function hashOf(luma: Uint8Array): string {
  return createHash("sha1").update(luma).digest("hex");
}

/** The frame that differs most from the one before it. */
function cutOf(pictures: readonly Uint8Array[]): number {
  const likeness = pictures.slice(1).map((picture, index) => psnrOf(pictures[index] ?? picture, picture));
  return likeness.indexOf(Math.min(...likeness)) + 1;
}
