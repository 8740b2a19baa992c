import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { openNetwork } from "../../src/engine/network.ts";
import { comparePlanes, psnr } from "../../src/engine/measure.ts";
import { Surrounder } from "../../src/engine/stages/surround.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip } from "../support/clips.ts";
import { clipSize, makeClip } from "../support/made-clip.ts";
import { framesOf, madePicture, makeFrame, scenery } from "../support/made-pictures.ts";
import { picturesOf } from "../support/pictures.ts";

test("neighbours are laid on the frame; beyond a cut and the ends there is the frame itself", async () => {
  const looks = [scenery(0), scenery(3.5), scenery(7), (x: number, y: number) => 255 - scenery(400 - 2 * x)(y, x)];
  const surrounder = new Surrounder(5, madePicture);
  const found: number[][] = [];
  for await (const item of surrounder.run(framesOf(looks.map((look, index) => makeFrame(look, 40 * index))))) {
    using owned = item;
    const own = owned.frame.plane(0);
    found.push(owned.neighbours.map((plane) => psnr(comparePlanes(own, plane, 8).squaredError)));
  }
  const [itself, moved] = [99, 26]; // unmoved they are 18 dB apart
  const [first = [], second = [], third = [], last = []] = found;
  expect(first.map((value) => value > itself)).toEqual([true, false, true, false]); // order −1, +1, −2, +2
  expect(second.map((value) => value > itself)).toEqual([false, false, true, true]);
  expect(third.map((value) => value > itself)).toEqual([false, true, false, true]);
  expect(last.map((value) => value > itself)).toEqual([true, true, true, true]);
  for (const value of found.flat()) expect(value).toBeGreaterThan(moved);
  expect(liveFrameCount()).toBe(0);
});

test("tier pro gives the same pictures wherever segments are cut", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  try {
    const path = join(folder, "scenes.mp4");
    const from = [
      { path: clip(context, "3-motion_gopro_max-heromode.mp4"), frames: 7 },
      { path: clip(context, "1-face_mdn_tears-of-steel_12-33s.webm"), frames: 7 },
    ];
    await makeClip(path, { from, filters: "null", rate: { num: 25, den: 1 }, options: { preset: "ultrafast", crf: "26" } });
    const request = {
      ...defaultRequest,
      tier: "pro",
      target: { kind: "scale", factor: 4 },
      assume: { scan: "progressive", compression: 0, blockiness: 0 },
    } as const;
    const { plan, model } = await inspect(path, request, 2);
    expect(plan.network).toMatchObject({ id: "clean-pro-x2", passes: 2, laterId: "general-standard-x2" });
    await using opened = await openNetwork(plan, model, { provider: "cpu", threads: 2 });
    const whole = await picturesOf(path, plan, [], opened.network);
    expect(whole).toHaveLength(14);
    expect(await picturesOf(path, plan, [5, 6, 9], opened.network)).toEqual(whole);
    expect(plan.outputSize).toEqual({ width: 4 * clipSize.width, height: 4 * clipSize.height });
    expect(liveFrameCount()).toBe(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
