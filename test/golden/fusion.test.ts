import { join } from "node:path";
import { expect, test, type TestContext } from "vitest";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { inspect } from "../../src/engine/inspect.ts";
import { openNetwork } from "../../src/engine/network.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { fusionModel } from "../../src/models/fusion.ts";
import { FrameFilter } from "../../src/media/filter.ts";
import { decodeVideo } from "../../src/media/decode.ts";
import { liveFrameCount, type VideoFrame } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { clipSize, makeClip } from "../support/made-clip.ts";
import { framesOf, lumaOf, picturesOf, psnrOf } from "../support/pictures.ts";
import { upscale } from "../support/upscale.ts";

// The network that aligns and weighs the pictures which the tier pro averages over time.

const filmed = "1-face_mdn_tears-of-steel_12-33s.webm";
const frames = 8;
const request = {
  ...defaultRequest,
  tier: "pro",
  target: { kind: "scale", factor: 2 },
  assume: { scan: "progressive", compression: 0.5 },
} as const;

/** A small clip of it through x264. */
async function source(context: TestContext): Promise<string> {
  const path = join(await temporaryFolder(), "small.mp4");
  const from = [{ path: clip(context, filmed), frames }];
  await makeClip(path, { from, filters: "null", rate: { num: 25, den: 1 }, options: { preset: "medium", crf: "25" } });
  return path;
}

/** The filmed clip's first frames, twice as large as the small clip's. */
async function originals(context: TestContext): Promise<readonly Uint8Array[]> {
  const size = `${2 * clipSize.width}:${2 * clipSize.height}`;
  using filter = new FrameFilter(() => `scale=${size}:flags=area,format=yuv420p`);
  async function* scaled(): AsyncGenerator<VideoFrame> {
    let left = frames;
    for await (const frame of decodeVideo({ path: clip(context, filmed), streamIndex: 0, threads: 2 })) {
      if (left === 0) {
        frame[Symbol.dispose]();
        return;
      }
      left -= 1;
      yield await filter.apply(frame);
    }
  }
  return await lumaOf(scaled());
}

test("pictures that were aligned by the network are nearer to the original than those that were not", async (context) => {
  const path = await source(context);
  const { plan, model } = await inspect(path, request, 2);
  expect(plan.network).toMatchObject({ id: "general-pro-x2", fusionId: fusionModel.id });
  const references = await originals(context);
  const meanPsnr = async (chosen: Plan): Promise<number> => {
    await using opened = await openNetwork(chosen, model, { provider: "cpu", threads: 2 });
    const pictures = await lumaOf(framesOf(path, chosen, [], opened.network));
    return pictures.reduce((sum, picture, index) => sum + psnrOf(picture, references[index] ?? picture), 0) / pictures.length;
  };
  const { id, passes } = plan.network ?? { id: "", passes: 0 };
  expect(await meanPsnr(plan)).toBeGreaterThan((await meanPsnr({ ...plan, network: { id, passes } })) + 0.1);
  expect(liveFrameCount()).toBe(0);
});

test("a fused picture does not depend on where segments are cut, and the report names the network", async (context) => {
  const path = await source(context);
  const { plan, model } = await inspect(path, request, 2);
  await using opened = await openNetwork(plan, model, { provider: "cpu", threads: 2 });
  const whole = await picturesOf(path, plan, [], opened.network);
  expect(whole).toHaveLength(frames);
  expect(await picturesOf(path, plan, [3, 4], opened.network)).toEqual(whole);
  const { report } = await upscale(path, request);
  expect(report.network).toMatchObject({ fusionId: fusionModel.id, fusionSha256: fusionModel.file.sha256 });
  expect(report.decisions.find(({ topic }) => topic === "fusion")).toMatchObject({ choice: fusionModel.id });
});
