import { expect, test } from "vitest";
import { AppError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import { defaultRequest } from "../domain/upscale-request.ts";
import { describeFailure } from "./failure.ts";
import { jobFolder } from "./workspace.ts";

const job: Job = {
  id: "42306aa1-3628-48f7-90ab-e04bbeefe4b8",
  accountId: "a",
  dialect: "native",
  request: defaultRequest,
  source: { kind: "url", url: "https://example.com/clip.mp4" },
  priority: "normal",
  state: "running",
  progress: 0,
  createdAt: new Date(0),
  startedAt: undefined,
  finishedAt: undefined,
  startDeadline: undefined,
  result: undefined,
  failure: undefined,
  priceMicros: 0n,
  webhookUrl: undefined,
  dialectData: {},
  resultLifetimeSeconds: undefined,
  planned: undefined,
  maxSourceSeconds: undefined,
  uploadUrl: undefined,
  isFree: false,
  group: undefined,
};

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
