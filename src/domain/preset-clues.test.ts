import { describe, expect, it } from "vitest";
import { type PresetClues, proposePreset } from "./preset-clues.ts";

const clean: PresetClues = {
  scan: "progressive",
  isMonochrome: false,
  blockiness: 0,
  noiseSigma: 1,
  grainSigma: 0,
  isGrainCoarse: false,
  flicker: 0,
  isFaded: false,
  cadence: "every_frame",
  isUpright: false,
  durationSeconds: 30,
  bitsPerPixel: 0.2,
  codec: "h264",
  madeWith: "",
};

describe("the proposed preset", () => {
  it.each([
    ["general", {}, /nothing speaks/],
    ["ugc", { blockiness: 0.4 }, /blocks/],
    ["ugc", { noiseSigma: 6.2, grainSigma: 1 }, /noisy \(6\.2/],
    ["ugc", { bitsPerPixel: 0.01, blockiness: 0.1 }, /few bits/],
    ["general", { bitsPerPixel: 0.01, blockiness: 0.01 }, /nothing/],
    ["general", { bitsPerPixel: 0.03, blockiness: 0.1, codec: "hevc" }, /nothing/],
    ["ugc", { madeWith: "com.apple.quicktime.model iPhone 15" }, /phone/],
    ["old_film", { isMonochrome: true, flicker: 2.5 }, /black and white, its brightness flickers \(2\.5/],
    ["general", { isMonochrome: true }, /nothing/],
    ["old_film", { grainSigma: 5, isGrainCoarse: true, scan: "telecined", noiseSigma: 6 }, /coarse grain.*film/],
    ["short_series", { isUpright: true, durationSeconds: 90 }, /upright, 90 s/],
    ["ugc", { isUpright: true, durationSeconds: 90, blockiness: 0.5 }, /blocks/],
    ["aigc", { madeWith: "made with Runway Gen-4", blockiness: 0.5 }, /generator \(Runway\)/],
    ["general", { blockiness: undefined, noiseSigma: undefined, flicker: undefined, bitsPerPixel: undefined }, /nothing/],
  ] as const)("is %s for %o", (preset, clues, reason) => {
    const proposal = proposePreset({ ...clean, ...clues });
    expect(proposal.preset).toBe(preset);
    expect(proposal.reason).toMatch(reason);
  });
});
