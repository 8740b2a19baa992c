import { join } from "node:path";
import { expect, test } from "vitest";
import type { HdrMetadata } from "../../src/domain/media-info.ts";
import { probe } from "../../src/media/probe.ts";
import { clip, temporaryFolder } from "../support/clips.ts";
import { writeSmallClip } from "../support/small-clip.ts";
import { upscale } from "../support/upscale.ts";

// No clip at hand carries HDR10's static metadata, so real HDR10 frames are given some: a P3-D65 display of 1000 cd/m².

const hdr: HdrMetadata = {
  mastering: {
    redX: 34_000,
    redY: 16_000,
    greenX: 13_250,
    greenY: 34_500,
    blueX: 7500,
    blueY: 3000,
    whiteX: 15_635,
    whiteY: 16_450,
    minLuminance: 50,
    maxLuminance: 10_000_000,
  },
  contentLight: { maxCll: 1000, maxFall: 400 },
};

test.for(["mp4", "mov", "webm"] as const)("mastering display and light levels come through to %s", async (container, context) => {
  const input = join(await temporaryFolder(), "hdr10.mp4");
  await writeSmallClip(clip(context, "9-odd_androidx_hdr10-video-with-sdr-container.mp4"), input, { hdr, frames: 8 });
  expect((await probe(input)).streams[0]).toMatchObject({ hdr, color: { transfer: "smpte2084" } });
  const { outputPath } = await upscale(input, { container, target: { kind: "scale", factor: 2 } });
  expect((await probe(outputPath)).streams[0]).toMatchObject({
    hdr,
    pixelFormat: { bitDepth: 10 },
    color: { matrix: "bt2020nc", primaries: "bt2020", transfer: "smpte2084" },
  });
});
