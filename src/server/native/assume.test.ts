import { expect, it } from "vitest";
import { CreateJob, parseBody, toUpscaleRequest } from "./wire.ts";

const source = { video_url: "https://example.com/in.mp4" };

it("takes what the caller knows of the source into the request", () => {
  const assume = { scan: "interlaced", fields: "top_first", noise: 4, letterbox: "none", enlarged: { width: 640, height: 360 } };
  expect(toUpscaleRequest(parseBody(CreateJob, { ...source, assume })).assume).toEqual(assume);
  expect(toUpscaleRequest(parseBody(CreateJob, source))).not.toHaveProperty("assume");
});

it.each([
  [{ noise: 1000 }, /assume\.noise/],
  [{ scan: "wavy" }, /assume\.scan/],
  [{ letterbox: { top: -1, bottom: 0, left: 0, right: 0 } }, /assume\.letterbox/],
  [{ letterbox: "wide" }, /assume\.letterbox: It takes none, or .*top, bottom, left, right/],
  [{ enlarged: "640x360" }, /assume\.enlarged: It takes none, or .*width, height/],
  [{ wobble: 1 }, /wobble/],
])("refuses %j by name", (assume, problem) => {
  expect(() => parseBody(CreateJob, { ...source, assume })).toThrow(problem);
});
