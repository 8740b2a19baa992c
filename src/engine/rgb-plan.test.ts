import { expect, test } from "vitest";
import { planQuestion, videoStream } from "../../test/support/media.ts";
import { defaultRequest } from "../domain/upscale-request.ts";
import type { RgbModelDescriptor } from "../domain/model-descriptor.ts";
import { makePlan } from "./plan.ts";
import { rgbPasses } from "./rgb-plan.ts";

const added: RgbModelDescriptor = {
  kind: "rgb",
  id: "made-up",
  title: "Made up",
  scale: 4,
  haloPixels: 8,
  removedPixels: 0,
  sizeMultiple: 8,
  tilePixels: 128,
  inputName: "picture",
  outputName: "larger",
  peak: 1,
  parameters: 1000,
  secondsPerMegapixel: 10,
  licence: "CC0-1.0",
  source: "made-up.onnx",
  sourceSha256: "a".repeat(64),
  file: { name: "model.onnx", sha256: "b".repeat(64), sizeBytes: 1 },
};

test.each([
  [0.5, 4, 0],
  [1, 4, 1],
  [1, 1, 1],
  [2, 1, 1],
  [2, 2, 1],
  [2.25, 2, 1],
  [4, 2, 2],
  [2, 4, 1],
  [4.5, 4, 1],
  [6, 4, 1],
  [8, 4, 2],
  [10, 4, 2],
  [9, 3, 2],
])("%d times larger with a network of %i runs it %i times", (ratio, scale, passes) => {
  const output = { width: 100 * ratio, height: 50 * ratio };
  expect(rgbPasses({ width: 100, height: 50 }, output, scale)).toBe(passes);
});

test("the plan names the network, its licence, its sha256 and its measured cost", () => {
  const plan = makePlan(planQuestion({ model: added }));
  const choices = new Map(plan.decisions.map(({ topic, choice, reason }) => [topic, `${choice}; ${reason}`]));
  expect(plan.network).toEqual({ id: "made-up", passes: 1, licence: "CC0-1.0", sha256: added.file.sha256 });
  expect(choices.get("network")).toMatch(/^made-up, once; each pass makes it 4 times larger; then one resample from 4/);
  expect(choices.get("network file")).toMatch(/^sha256 b{64}; from made-up\.onnx; licence: CC0-1\.0/);
  expect(choices.get("cost")).toMatch(/^about 9\.2 s a frame; 10\.0 s a megapixel, measured/);
});

test("10-bit video, matrices without a conversion and pictures too large after the network are refused", () => {
  const refuse = (changes: Parameters<typeof videoStream>[0]): unknown =>
    makePlan(
      planQuestion({
        model: added,
        video: videoStream(changes),
        request: { ...defaultRequest, target: { kind: "box", box: "4k" } },
      }),
    );
  const deep = { name: "yuv420p10le", bitDepth: 10, chroma: "420", isRgb: false, hasAlpha: false } as const;
  const color = { range: "limited", matrix: "ycgco", primaries: "bt709", transfer: "bt709", chromaLocation: "left" } as const;
  const error = (code: string, message: RegExp): unknown =>
    expect.objectContaining({ code, message: expect.stringMatching(message) });
  expect(() => refuse({ pixelFormat: deep })).toThrow(error("unsupported_input", /10 bit/));
  expect(() => refuse({ color })).toThrow(error("unsupported_input", /ycgco/));
  const wide = videoStream({ codedSize: { width: 2160, height: 1100 } });
  const request = { ...defaultRequest, target: { kind: "box", box: "4k" } } as const;
  expect(() => makePlan(planQuestion({ model: { ...added, scale: 8 }, video: wide, request }))).toThrow(
    error("size_limit", /made-up would make pictures of 17280x8800/),
  );
});
