import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../domain/errors.ts";
import { failureEntry, mediaProblemOf, problemOf } from "./errors.ts";

/** What a call is refused with that cannot be carried out. */
const calls: readonly (readonly [ErrorCode, number, string])[] = [
  ["bad_request", 400, "invalidPayload"],
  ["download_failed", 400, "failedToTransferVideo"],
  ["upload_too_large", 400, "failedToTransferVideo"],
  ["input_unreadable", 400, "invalidInputsVideo"],
  ["object_not_found", 400, "mediaNotFound"],
  ["queue_full", 429, "rateLimitExceeded"],
  ["too_many_jobs", 429, "rateLimitExceeded"],
  ["rate_limited", 429, "rateLimitExceeded"],
  ["credits_exhausted", 402, "insufficientCredits"],
  ["unauthorized", 401, "invalidApiKey"],
];

test.each(calls)("%s is %i %s", (code, status, wireCode) => {
  expect(problemOf(new AppError(code, "It did not work."))).toMatchObject({
    status,
    code: wireCode,
    message: "It did not work.",
  });
});

/** Errors whose own words speak of this server's insides, or of jobs and commands. */
const hidden = [
  "input_not_found",
  "output_exists",
  "output_unwritable",
  "workspace_busy",
  "provider_unavailable",
  "model_invalid",
  "encode_failed",
  "out_of_memory",
  "verification_failed",
  "cancelled",
  "job_finished",
  "job_not_found",
  "internal",
] as const satisfies readonly ErrorCode[];

test.each(hidden)("%s is told in words for callers", (code) => {
  const message = "Nothing can be written to /srv/data; add --overwrite.";
  const told = [problemOf(new AppError(code, message)), failureEntry({ failure: { code, message, details: {} } }, "u")];
  for (const problem of told) {
    expect(problem.message).toMatch(/^[A-Z].{10,}\.$/);
    expect(problem.message).not.toContain("/srv");
  }
});

test("an error that is none of ours says nothing of itself", () => {
  const problem = problemOf(new Error("secret"));
  expect(problem).toMatchObject({ status: 500, code: "internalServerError" });
  expect(JSON.stringify(problem)).not.toContain("secret");
});

describe("a file that is brought to the store", () => {
  test.each([
    ["download_failed", "failedToTransferMedia"],
    ["object_not_found", "failedToTransferMedia"],
    ["upload_too_large", "failedToTransferMedia"],
    ["input_unreadable", "invalidMedia"],
    ["no_video", "invalidMedia"],
  ] as const)("%s is %s", (code, wireCode) => {
    expect(mediaProblemOf(new AppError(code, "No."), "media")).toMatchObject({ status: 400, code: wireCode, parameter: "media" });
  });

  test("other refusals stay as they are", () => {
    expect(mediaProblemOf(new AppError("rate_limited", "No."), "image")).toMatchObject({
      status: 429,
      code: "rateLimitExceeded",
    });
    expect(mediaProblemOf(new AppError("download_failed", "No."), "image")).toMatchObject({ code: "failedToTransferImage" });
  });
});
