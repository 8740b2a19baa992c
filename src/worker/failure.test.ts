import { expect, test } from "vitest";
import { AppError } from "../domain/errors.ts";
import { describeFailure } from "./failure.ts";
import { jobFolder } from "./workspace.ts";
import { sampleJob } from "../../test/support/sample-job.ts";

const job = sampleJob;

test("a failure is told in the owner's names, without places on the server", () => {
  const { inputPath, outputPath } = jobFolder("/data", job);
  const error = new AppError("no_video", `${inputPath} has no video.`, { details: { report: { path: outputPath, frames: 3n } } });
  expect(describeFailure(error, "/data", job)).toEqual({
    code: "no_video",
    message: "clip.mp4 has no video.",
    details: { report: { path: "the result", frames: 3 } },
  });
});

test("what is not one of our errors is told as an internal one, without its text", () => {
  const failure = describeFailure(new Error("password at /etc/x"), "/data", job);
  expect(failure.code).toBe("internal");
  expect(JSON.stringify(failure)).not.toContain("password");
});
