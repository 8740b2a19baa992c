import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { describePixelFormat } from "../media/pixel-format.ts";
import { chooseEncoder, crfForQuality, type EncoderQuestion, workingPixelFormat } from "./encoders.ts";

const question: EncoderQuestion = {
  container: "mp4",
  tier: "standard",
  quality: 90,
  pixelFormat: "yuv420p",
  bitDepth: 8,
  color: { range: "limited", matrix: "bt709", primaries: "bt709", transfer: "bt709", chromaLocation: "left" },
  hdr: {},
  outputPixels: 1920 * 1080,
};

const p3Display = {
  redX: 34_000,
  redY: 16_000,
  greenX: 13_250,
  greenY: 34_500,
  blueX: 7500,
  blueY: 3000,
  whiteX: 15_635,
  whiteY: 16_450,
  minLuminance: 1,
  maxLuminance: 10_000_000,
};

describe("quality to constant rate factor", () => {
  test.each([
    ["libx264", 20, 40],
    ["libx264", 99, 16],
    ["libx265", 20, 41],
    ["libx265", 99, 17],
    ["libvpx-vp9", 20, 60],
    ["libvpx-vp9", 99, 20],
    ["libx264", 90, 18.7],
  ] as const)("%s at %i is %f", (codec, quality, crf) => {
    expect(crfForQuality(quality, codec)).toBe(crf);
  });

  test("more quality never means a coarser picture", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("libx264", "libx265", "libvpx-vp9"),
        fc.integer({ min: 20, max: 98 }),
        (codec, quality) => crfForQuality(quality + 1, codec) <= crfForQuality(quality, codec),
      ),
    );
  });
});

describe("working pixel format", () => {
  test.each([
    ["yuv420p", "yuv420p", 8],
    ["yuvj420p", "yuv420p", 8],
    ["yuvj422p", "yuv422p", 8],
    ["yuv444p", "yuv444p", 8],
    ["yuv420p10le", "yuv420p10le", 10],
    ["yuv422p10le", "yuv422p10le", 10],
    ["yuv444p12le", "yuv444p10le", 10],
    ["nv12", "yuv420p", 8],
    ["p010le", "yuv420p10le", 10],
    ["yuva420p", "yuv420p", 8],
    ["yuv411p", "yuv422p", 8],
    ["gray", "yuv420p", 8],
    ["bgra", "yuv420p", 8],
    ["rgb48le", "yuv420p10le", 10],
  ] as const)("%s is worked on as %s", (source, name, bitDepth) => {
    const format = workingPixelFormat(describePixelFormat(source));
    expect(format).toMatchObject({ name, bitDepth });
    expect(format.reason).not.toBe("");
  });

  test("what is lost is said", () => {
    expect(workingPixelFormat(describePixelFormat("yuva420p")).reason).toContain("transparency");
    expect(workingPixelFormat(describePixelFormat("yuv444p12le")).reason).toContain("12 bit is more");
  });
});

describe("the encoder", () => {
  test("is H.264 for 8 bit, quicker in the fast tier", () => {
    expect(chooseEncoder(question)).toMatchObject({ codec: "libx264", crf: 18.7, options: { preset: "medium", crf: "18.7" } });
    expect(chooseEncoder({ ...question, tier: "fast" }).options["preset"]).toBe("veryfast");
  });

  test("is HEVC for 10 bit, with the HDR10 metadata in the stream", () => {
    const choice = chooseEncoder({
      ...question,
      container: "mov",
      pixelFormat: "yuv420p10le",
      bitDepth: 10,
      color: { ...question.color, transfer: "smpte2084" },
      hdr: { mastering: p3Display, contentLight: { maxCll: 1000, maxFall: 400 } },
    });
    expect(choice.codec).toBe("libx265");
    expect(choice.options["x265-params"]).toContain(
      "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1):max-cll=1000,400:hdr10=1",
    );
  });

  test("does not call HLG HDR10", () => {
    const choice = chooseEncoder({ ...question, bitDepth: 10, color: { ...question.color, transfer: "arib-std-b67" } });
    expect(choice.options["x265-params"]).not.toContain("hdr10");
  });

  test("is VP9 in WebM, for either depth, with the rate factor in charge", () => {
    expect(chooseEncoder({ ...question, container: "webm" })).toMatchObject({ codec: "libvpx-vp9", options: { b: "0" } });
    expect(chooseEncoder({ ...question, container: "webm", bitDepth: 10 }).reason).toContain("profile 2");
  });

  test("looks less far ahead on large pictures, whose lookahead would fill the memory", () => {
    const large = { ...question, outputPixels: 3840 * 2160 };
    expect(Number(chooseEncoder(large).options["rc-lookahead"])).toBeLessThanOrEqual(20);
    expect(chooseEncoder(question).options).not.toHaveProperty("rc-lookahead");
    expect(chooseEncoder({ ...large, bitDepth: 10 }).options["x265-params"]).toContain("rc-lookahead=");
  });
});
