import fc from "fast-check";
import { expect, test } from "vitest";
import { AppError } from "../../src/domain/errors.ts";
import { maxOutputPixels } from "../../src/domain/output-size.ts";
import { boxes, containers, defaultRequest, type UpscaleRequest } from "../../src/domain/upscale-request.ts";
import { makePlan, type Plan } from "../../src/engine/plan.ts";
import { describePixelFormat } from "../../src/media/pixel-format.ts";
import { audioStream, mediaInfo, otherStream, planQuestion, timelineOf, videoStream } from "../support/media.ts";

// What must hold for every plan, whatever the source and the request.

const targets: fc.Arbitrary<UpscaleRequest["target"]> = fc.oneof(
  fc.record({ kind: fc.constant("box"), box: fc.constantFrom(...boxes) }),
  fc.record({ kind: fc.constant("next_box") }),
  fc.record({ kind: fc.constant("scale"), factor: fc.double({ min: 1.1, max: 10, noNaN: true }) }),
);

const requests: fc.Arbitrary<UpscaleRequest> = fc.record({
  target: targets,
  fps: fc.oneof(
    fc.constant("keep" as const),
    fc.integer({ min: 1, max: 240 }),
    fc.constantFrom({ num: 24_000, den: 1001 }, { num: 60_000, den: 1001 }, { num: 239_999, den: 1000 }),
  ),
  preset: fc.constant("general"),
  tier: fc.constantFrom("fast", "standard"),
  fidelity: fc.constant("high"),
  container: fc.constantFrom(...containers),
  quality: fc.integer({ min: 20, max: 99 }),
});

const formats = fc.constantFrom(
  "yuv420p",
  "yuvj420p",
  "yuv422p10le",
  "yuv444p",
  "yuv420p10le",
  "bgra",
  "gray",
  "nv12",
  "yuv444p12le",
);
const unknownOr = (...values: string[]): fc.Arbitrary<string> => fc.constantFrom("unknown", ...values);

const videos = fc
  .record({
    codedSize: fc.record({ width: fc.integer({ min: 16, max: 7680 }), height: fc.integer({ min: 16, max: 7680 }) }),
    pixelFormat: formats.map(describePixelFormat),
    sampleAspect: fc.record({ num: fc.integer({ min: 1, max: 64 }), den: fc.integer({ min: 27, max: 64 }) }),
    orientation: fc.record({ mirrored: fc.boolean(), quarterTurnsClockwise: fc.constantFrom(0, 1, 2, 3) }),
    color: fc.record({
      range: fc.constantFrom("limited", "full", "unknown"),
      matrix: unknownOr("bt709", "smpte170m", "bt2020nc"),
      primaries: unknownOr("bt709", "bt2020"),
      transfer: unknownOr("bt709", "smpte2084", "arib-std-b67"),
      chromaLocation: unknownOr("left", "center"),
    }),
  })
  .map((changes) => videoStream(changes));

const others = fc.subarray([
  audioStream({ index: 1 }),
  audioStream({ index: 2, codec: "wmav2" }),
  otherStream("subtitle", "ass", 3),
  otherStream("attachment", "ttf", 4),
  otherStream("data", "tmcd", 5),
]);

function planOrLimit(question: Parameters<typeof makePlan>[0]): Plan | undefined {
  try {
    return makePlan(question);
  } catch (error) {
    if (error instanceof AppError && error.code === "size_limit") return undefined;
    throw error;
  }
}

test("a plan's size is even and within the limit, its network reaches it, its parts agree", () => {
  let planned = 0;
  fc.assert(
    fc.property(videos, requests, others, fc.integer({ min: 1, max: 800 }), (video, request, streams, frames) => {
      const { width, height } = video.codedSize;
      fc.pre(Math.max(width, height) / Math.min(width, height) < 20);
      const media = mediaInfo([video, ...streams], { durationSeconds: frames * 0.04 });
      const plan = planOrLimit(planQuestion({ video, media, request, timeline: timelineOf(frames) }));
      if (plan === undefined) return;
      planned += 1;
      const { outputSize, source, encode } = plan;
      expect([outputSize.width % 2, outputSize.height % 2]).toEqual([0, 0]);
      expect(outputSize.width * outputSize.height).toBeLessThanOrEqual(maxOutputPixels);
      expect(encode.size).toEqual(outputSize);
      expect(encode.pixelFormat).toBe(plan.work.pixelFormat);

      // The doubled picture is at most an eighth smaller than the output in either direction, and never doubled in vain.
      const ratio = Math.max(outputSize.width / source.uprightSize.width, outputSize.height / source.uprightSize.height);
      const passes = plan.network?.passes ?? 0;
      if (passes === 0) expect(ratio).toBeLessThanOrEqual(1.01);
      else expect(2 ** passes * 1.125).toBeGreaterThanOrEqual(ratio * (1 - 1e-9));
      if (passes > 1) expect(2 ** (passes - 1) * 1.125).toBeLessThan(ratio * (1 + 1e-9));

      expect(plan.streams.map(({ index }) => index)).toEqual(streams.map(({ index }) => index));
      expect([...plan.streams, ...plan.decisions].every(({ reason }) => reason.length > 0)).toBe(true);
      expect(Object.values(encode.color)).not.toContain("unknown");
      if (!video.pixelFormat.isRgb) {
        for (const key of ["range", "matrix", "primaries", "transfer", "chromaLocation"] as const) {
          if (video.color[key] !== "unknown") expect(encode.color[key]).toBe(video.color[key]);
        }
      }
      expect(plan.work.bitDepth).toBe(video.pixelFormat.bitDepth > 8 ? 10 : 8);
      expect(plan.segments.length).toBeGreaterThan(0);
      expect(plan.time.frames).toBeGreaterThan(0);
      expect(encode.timeBase).toEqual(plan.time.timeBase);
      expect(encode.timeBase.den / encode.timeBase.num).toBeLessThanOrEqual(1e9);
    }),
    { numRuns: 300 },
  );
  expect(planned, "plans that were not refused").toBeGreaterThan(100);
});

test("a larger target never plans fewer passes", () => {
  fc.assert(
    fc.property(videos, (video) => {
      const passes = boxes.map((box) => {
        const request = { ...defaultRequest, target: { kind: "box", box } } as const;
        return planOrLimit(planQuestion({ video, media: mediaInfo([video]), request }))?.network?.passes ?? 0;
      });
      expect(passes).toEqual(passes.toSorted((a, b) => a - b));
    }),
  );
});
