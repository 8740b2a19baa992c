import { expect, test } from "vitest";
import { selectModel } from "../models/registry.ts";
import { type ChromaQuestion, chooseChroma } from "./chroma-plan.ts";

const doubled: ChromaQuestion = {
  model: selectModel("standard", "general"),
  passes: 1,
  pixelFormat: "yuv420p",
  chromaLocation: "left",
  source: { width: 640, height: 360 },
  output: { width: 1280, height: 720 },
};

test.each([
  [{}, "chroma-left-x2", /; exactly; \d+ per input pixel$/],
  [{ chromaLocation: "center" }, "chroma-center-x2", /exactly/],
  [{ pixelFormat: "yuv420p10le" }, "chroma-left-x2", /exactly/],
  [{ output: { width: 1920, height: 1080 } }, "chroma-left-x2", /then one resample from 2 to 3[.]000/],
  [{ model: selectModel("pro", "general") }, "chroma-left-x2", /exactly/],
  [{ model: selectModel("fast", "general") }, undefined, /tier fast/],
  [{ chromaLocation: "topleft" }, undefined, /lies topleft/],
  [{ pixelFormat: "yuv422p" }, undefined, /made for 4:2:0/],
  [{ output: { width: 640, height: 360 } }, undefined, /same size/],
] as const)("%o: chroma by %s", (changes, id, reason) => {
  const chosen = chooseChroma({ ...doubled, ...changes });
  expect(chosen?.model?.id).toBe(id);
  expect(chosen?.reason).toMatch(reason);
});

test("without a luma network there is nothing to choose", () => {
  expect(chooseChroma({ ...doubled, passes: 0 })).toBeUndefined();
});
