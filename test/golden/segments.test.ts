import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, type TestContext } from "vitest";
import type { Plan } from "../../src/engine/plan.ts";
import type { PlannedStage } from "../../src/engine/stage-plan.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip } from "../support/clips.ts";
import { makeClip } from "../support/made-clip.ts";
import { picturesOf, planOf } from "../support/pictures.ts";

// A job cut in segments gives the same pictures as one that is not: every stage by itself, and all together.

const ntsc = { num: 30_000, den: 1001 };
const reason = "for the test";
/** Close together, at a cut of the scene, and off any grid. */
const cuts = [7, 8, 20] as const;

const stages: readonly PlannedStage[] = [
  { name: "deflicker", strength: 1, reason },
  { name: "stabilise", strength: 1, reason },
  { name: "remove_dirt", strength: 1, reason },
  { name: "deblock", strength: 0.5, reason },
  { name: "denoise", sigma: 4, spatial: 0.6, reason },
  { name: "deband", strength: 0.5, reason },
  {
    name: "restore_contrast",
    curve: [
      { ticks: 0n, black: 20, white: 220, gamma: 1, cb: 0, cr: 1 },
      { ticks: 50n, black: 30, white: 200, gamma: 0.9, cb: 2, cr: 0 },
    ],
    reason,
  },
  { name: "temporal_average", reach: 2, distance: 6, reason },
  { name: "sharpen", strength: 0.5, reason },
  { name: "regrain", sigma: 3, spotPixels: 1.5, reason },
];

async function expectSameWhereverCut(path: string, plan: Plan): Promise<number> {
  const whole = await picturesOf(path, plan, []);
  expect(whole).toHaveLength(plan.time.frames);
  expect(await picturesOf(path, plan, cuts)).toEqual(whole);
  expect(liveFrameCount()).toBe(0);
  return new Set(whole.map(({ hash }) => hash)).size;
}

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "upres-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const made = new Map<string, Promise<string>>();

/** Two scenes of 20 and 24 frames; made once for all tests. */
async function twoScenes(context: TestContext, filters = "null"): Promise<string> {
  const from = [
    { path: clip(context, "3-motion_gopro_max-heromode.mp4"), frames: 20 },
    { path: clip(context, "1-face_mdn_tears-of-steel_12-33s.webm"), frames: 24 },
  ];
  const known = made.get(filters);
  if (known !== undefined) return known;
  const path = join(folder, `scenes-${made.size}.mp4`);
  const options = { preset: "ultrafast", crf: "20" };
  const making = makeClip(path, { from, filters, rate: ntsc, gopFrames: 10, options }).then(() => path);
  made.set(filters, making);
  return making;
}

let progressivePlan: Promise<Plan> | undefined;

test.for(stages)("$name", async (stage, context) => {
  const path = await twoScenes(context);
  progressivePlan ??= planOf(path, { assume: { scan: "progressive" } });
  const different = await expectSameWhereverCut(path, { ...(await progressivePlan), stages: [stage] });
  expect(different).toBeGreaterThan(36);
});

test.for([
  ["deinterlace", { assume: { scan: "interlaced", fields: "top_first" } }],
  ["deinterlace", { assume: { scan: "interlaced", fields: "bottom_first" }, fps: { num: 60_000, den: 1001 } }],
  ["inverse_telecine", { assume: { scan: "telecined", fields: "top_first" } }],
  ["interpolate", { assume: { scan: "progressive" }, fps: 60 }],
  ["interpolate", { assume: { scan: "telecined", fields: "top_first" }, fps: 50 }],
] as const)("%s of %j", async ([name, request], context) => {
  const path = await twoScenes(context, name === "interpolate" ? "null" : "setpts=N/24/TB,fps=24,telecine");
  const plan = await planOf(path, request);
  expect(plan.stages.map((stage) => stage.name)).toContain(name);
  await expectSameWhereverCut(path, {
    ...plan,
    stages: plan.stages.filter((stage) => !stages.some((other) => other.name === stage.name)),
  });
});

test("frames left out or repeated for a rate", async (context) => {
  const path = await twoScenes(context);
  for (const fps of [10, 30, { num: 15_000, den: 1001 }]) {
    const plan = await planOf(path, { assume: { scan: "progressive" }, fps });
    await expectSameWhereverCut(path, { ...plan, stages: [] });
  }
});

test("old film, all of it at once, to 60 frames a second", async (context) => {
  const path = await twoScenes(context);
  const plan = await planOf(path, { assume: { scan: "progressive" }, fps: 60 });
  const all = [...stages, ...plan.stages].toSorted((a, b) => Number(a.name === "regrain") - Number(b.name === "regrain"));
  await expectSameWhereverCut(path, { ...plan, stages: all });
});
