import fc from "fast-check";
import { expect, it } from "vitest";
import { UpscaleRequest } from "../../domain/upscale-request.ts";
import { CreateJob, parseBody, toUpscaleRequest } from "./wire.ts";

const source = { video_url: "https://example.com/in.mp4" };

it.each(["keep", 1, 24, 240, { num: 24_000, den: 1001 }, { num: 60, den: 1 }])("takes the frame rate %j as it is", (fps) => {
  expect(toUpscaleRequest(parseBody(CreateJob, { ...source, fps })).fps).toEqual(fps);
});

it("keeps the source's frame rate where none is said", () => {
  expect(toUpscaleRequest(parseBody(CreateJob, source)).fps).toBe("keep");
});

const takes = /fps: It takes keep, a whole number from 1 to 240, or a fraction/;
it.each([
  [0, /fps: .*>=1/],
  [-1, /fps: .*>=1/],
  [241, /fps: .*<=240/],
  [{ num: 1e9, den: 1 }, /fps\.num: .*<=1000000/],
  [{ num: 30, den: 0 }, /fps\.den: .*>=1/],
  [{ num: 1, den: 2 }, /a frame rate is 1 to 240/],
  [{ num: 241, den: 1 }, /a frame rate is 1 to 240/],
  [{ num: 60, den: 1, of: "film" }, /"of"/],
  [{ num: "60", den: 1 }, takes],
  [23.976, takes],
  [Number.NaN, takes],
  [Number.POSITIVE_INFINITY, takes],
  ["60", takes],
  ["24000/1001", takes],
  ["NaN", takes],
  ["", takes],
  [null, takes],
  [[30], takes],
])("refuses the frame rate %j and says what it takes", (fps, problem) => {
  expect(() => parseBody(CreateJob, { ...source, fps })).toThrow(problem);
});

it("takes a value for a frame rate, or refuses it by name", () => {
  fc.assert(
    fc.property(fc.anything(), (fps) => {
      const parsed = CreateJob.safeParse({ ...source, fps });
      if (parsed.success) UpscaleRequest.shape.fps.parse(parsed.data.fps);
      else for (const { path } of parsed.error.issues) expect(path[0]).toBe("fps");
    }),
  );
});
