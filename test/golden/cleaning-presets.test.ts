import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeVideo } from "../../src/media/decode.ts";
import { liveFrameCount } from "../../src/media/frame.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { collect, disposeAll } from "../support/made-pictures.ts";
import { writeSmallClip } from "../support/small-clip.ts";
import { upscale } from "../support/upscale.ts";

test("each preset runs on real video, keeps every frame and tells what it did and how near it stayed", async (context) => {
  const input = join(await temporaryFolder(), "small.mp4");
  await writeSmallClip(clip(context, "1-face_intel_asl_book.mkv"), input, { frames: 8 });
  const stages = {
    ugc: ["deblock", "denoise"],
    aigc: ["deflicker", "denoise"],
    old_film: ["stabilise", "remove_dirt", "denoise"],
  } as const;
  for (const preset of ["ugc", "aigc", "old_film"] as const) {
    const assume = { ugc: { noise: 4, blockiness: 0.4 }, aigc: { noise: 2, flicker: 1 }, old_film: { noise: 3 } }[preset];
    const { report, outputPath } = await upscale(input, { preset, assume, target: { kind: "scale", factor: 2 } });
    expect(report.frames).toMatchObject({ source: 8, output: 8, black: 0, frozen: 0 });
    expect(report.stages.map(({ name }) => name)).toEqual(expect.arrayContaining([...stages[preset]]));
    expect(report.fidelity.frames).toMatchObject({ held: 8, below: 0 });
    expect(report.fidelity.psnrLuma).toBeGreaterThanOrEqual(report.fidelity.boundDb ?? Infinity);
    expect(report.comparison.psnrLuma).toBeGreaterThan(30);
    const frames = await collect(decodeVideo({ path: outputPath, streamIndex: 0, threads: 1 }));
    expect(frames).toHaveLength(8);
    disposeAll(frames);
  }
  expect(liveFrameCount()).toBe(0);
});
