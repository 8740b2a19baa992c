import { z } from "zod";
import { Assumptions } from "../../domain/assumptions.ts";
import { UpscaleRequest } from "../../domain/upscale-request.ts";

/** The request's own rates, with words for callers where a value fits none of several shapes. */
export const FrameRate = z
  .union(UpscaleRequest.shape.fps.options, {
    error: "It takes keep, a whole number from 1 to 240, or a fraction as whole numbers { num, den }",
  })
  .describe("Frames a second: `keep` for the source's own, a whole number up to 240, or `num` by `den`, such as 24000 by 1001.");

/** The same for what may be stated of the source. */
export const Findings = Assumptions.extend({
  enlarged: z
    .union(Assumptions.shape.enlarged.unwrap().options, { error: "It takes none, or the whole numbers { width, height }" })
    .optional(),
  letterbox: z
    .union(Assumptions.shape.letterbox.unwrap().options, {
      error: "It takes none, or the whole numbers { top, bottom, left, right }",
    })
    .optional(),
}).describe(
  "What is known better than the diagnosis of a plan would find, by its topics. `noise`, `grain` and `flicker` are standard " +
    "deviations in 8-bit code values, `enlarged` is the size from which the picture was enlarged before, `letterbox` the borders " +
    "in pixels of the picture standing upright, `fields` which field is the earlier one; with `cuts` at 0 the video is one shot.",
);
