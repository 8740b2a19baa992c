import { describe, expect, it } from "vitest";
import { defaultRequest } from "../../domain/upscale-request.ts";
import type { PastWork } from "../../jobs/past-work.ts";
import { bundledModels } from "../../models/registry.ts";
import { guessSize, guessTime, pricesOf } from "./guesses.ts";

const [model] = bundledModels;
const network = model?.id;
/** One doubling of 320x180. */
const macsPerFrame = 320 * 180 * (model?.macsPerInputPixel ?? 0);
const planned = {
  tier: "fast",
  network,
  output: { width: 640, height: 360, frames: 500, frameRate: 25 },
  segments: 2,
  multiplyAdds: macsPerFrame * 500,
  encoder: { codec: "libx264", crf: 18 },
  copiedBytes: 1000,
  decisions: [],
} as const;
const past: PastWork = {
  preset: "general",
  network,
  frames: 100,
  framesPerSecond: 5,
  source: { width: 640, height: 360 },
  output: { width: 1280, height: 720, codec: "h264", sizeBytes: 1280 * 720 * 100 },
  quality: 90,
};

describe("how long a job will take", () => {
  it("follows from the work that earlier ones did with the same network", () => {
    // 5 frames a second of four times the pixels: 20 of these.
    expect(guessTime(planned, [past], 2)).toMatchObject({ seconds: 28, method: "measured" });
    const mixed = guessTime(planned, [past, { ...past, framesPerSecond: 2.5 }, { ...past, framesPerSecond: 10 }], 2);
    expect(mixed.seconds).toBe(28);
    expect(mixed.high_seconds).toBeGreaterThan(guessTime(planned, [past], 2).high_seconds);
  });

  it("is a rough guess, said to be one, where nothing alike was done", () => {
    const guess = guessTime(planned, [{ ...past, network: "another" }], 2);
    expect(guess.method).toBe("assumed");
    expect(guess.high_seconds / guess.seconds).toBeGreaterThan(2);
    expect(guessTime({ ...planned, multiplyAdds: macsPerFrame * 50_000 }, [], 2).seconds).toBeGreaterThan(guess.seconds * 20);
  });
});

describe("how large a result will be", () => {
  it("follows from earlier results of that quality, tracks that are copied added", () => {
    expect(guessSize(planned, [past], 90)).toMatchObject({ bytes: 640 * 360 * 500 + 1000, method: "measured" });
    expect(guessSize(planned, [past], 50).method).toBe("assumed");
  });

  it("doubles with every six steps of the rate factor where it is assumed", () => {
    const fine = guessSize(planned, [], 90).bytes - 1000;
    const coarse = guessSize({ ...planned, encoder: { codec: "libx264", crf: 24 } }, [], 90).bytes - 1000;
    expect(fine / coarse).toBeCloseTo(2, 2);
  });
});

it("the price is each API's own", () => {
  const { own, hosted } = pricesOf(defaultRequest, planned, { durationSeconds: 20, prices: { runwareSecondMicros: 10 } });
  expect(own).toBe(0n);
  expect(hosted).toEqual({ fal: "144000", runware: "200", runway: "400000", useapi: "400000", wavespeed: "400000" });
});
