import { join } from "node:path";
import { expect, test } from "vitest";
import { clip, temporaryFolder } from "../support/clips.ts";
import { runInProcess, runOptions } from "../support/engine-process.ts";
import { shorten } from "../support/shorten.ts";

const peakLimitBytes = 2.5e9;

// More frames than the encoders look ahead, so that the peak is that of any length.
test.for([
  ["8 bit to H.264", "4-anim_bbb_small_bunny_1080p_60fps.mp4", 32],
  ["10 bit to HEVC", "9-odd_androidx_hdr10-video-with-sdr-container.mp4", 20],
] as const)("1080p to 4K, %s, stays under 2.5 GB and leaves no native frame alive", async ([, name, frames], context) => {
  const folder = await temporaryFolder();
  const inputPath = join(folder, "input.mp4");
  await shorten(clip(context, name), inputPath, frames);
  const { events, code, errors } = await runInProcess(runOptions(inputPath, join(folder, "output.mp4"), 2));
  expect(code, errors).toBe(0);
  const last = events.at(-1);
  if (last?.type !== "finished") throw new Error("the process did not say that it finished");
  context.annotate(`peak memory ${Math.round(last.peakRssBytes / 1e6)} MB`);
  expect(last.liveFrames).toBe(0);
  expect(last.peakRssBytes).toBeLessThan(peakLimitBytes);
  expect(last.peakRssBytes, "no 4K run is this small").toBeGreaterThan(1e8);
});
