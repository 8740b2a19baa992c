import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { Job, JobFailure } from "../../domain/job.ts";
import { upscaleRequest } from "./decode.ts";
import { toPrediction } from "./encode.ts";
import { foreignRefusal, refusalOf } from "./errors.ts";

const base = "https://host.example";
const links = {
  sign: () => "token",
  verify: () => {
    throw new Error("not asked");
  },
};

const job: Job = {
  id: "b1946ac9-2492-d234-7c62-35b4d2611184",
  accountId: "a",
  dialect: "wavespeed",
  request: upscaleRequest,
  source: { kind: "url", url: "https://fetch.example/connection/timeout.mp4" },
  priority: "normal",
  state: "failed",
  progress: 0,
  framesDone: 0,
  framesTotal: 0,
  createdAt: new Date("2026-01-01T00:00:00Z"),
  startedAt: new Date("2026-01-01T00:00:01Z"),
  finishedAt: new Date("2026-01-01T00:00:02Z"),
  startDeadline: undefined,
  result: undefined,
  failure: undefined,
  priceMicros: 0n,
  webhookUrl: undefined,
  dialectData: { publicBase: base, input: { video: "https://fetch.example/connection/timeout.mp4" } },
  planned: undefined,
  maxSourceSeconds: 600.05,
  uploadUrl: undefined,
  isFree: false,
  group: undefined,
  resultLifetimeSeconds: undefined,
};

function taskOf(failure: Partial<JobFailure>) {
  const whole = { code: "internal", message: "Inner words.", details: {}, ...failure } as const;
  return toPrediction({ ...job, failure: whole }, base, { links, resultLifetimeSeconds: 3600 });
}

describe("a failed task", () => {
  test.each<[ErrorCode, number]>([
    ["bad_request", 1401],
    ["not_available", 1401],
    ["input_not_found", 1402],
    ["input_unreadable", 1401],
    ["no_video", 1401],
    ["unsupported_input", 1401],
    ["size_limit", 1401],
    ["input_too_long", 1401],
    ["download_failed", 1402],
    ["output_exists", 5000],
    ["output_unwritable", 5000],
    ["workspace_busy", 5003],
    ["provider_unavailable", 5003],
    ["model_invalid", 5000],
    ["decode_failed", 1401],
    ["encode_failed", 1405],
    ["out_of_memory", 1405],
    ["verification_failed", 1405],
    ["cancelled", 1405],
    ["start_timeout", 5004],
    ["credits_exhausted", 1403],
    ["object_not_found", 1402],
    ["upload_too_large", 1401],
    ["upload_refused", 1405],
    ["internal", 5000],
  ])("of %s has code %i, and a text that no client takes for a broken line", (code, expected) => {
    const prediction = taskOf({ code });
    expect(prediction).toMatchObject({ status: "failed", code: expected, outputs: [], has_nsfw_contents: [], executionTime: 0 });
    expect(prediction.error).not.toBe("");
    expect(prediction.error).not.toMatch(/fetch|connection|timeout|timed out|http 5/i);
  });

  test("says how long is too long", () => {
    const details = { durationSeconds: 612.4, maxSourceSeconds: 600.05 };
    expect(taskOf({ code: "input_too_long", details }).error).toBe("video duration 612.40s exceeds the maximum of 600s");
  });

  test.each([
    [{ failure: "status", status: 404 }, "the server answered with status 404"],
    [{ failure: "bad_url" }, "the URL is not valid"],
    [{ failure: "refused_address" }, "the address is not public"],
    [{ failure: "redirects" }, "the server redirects too often"],
    [{ failure: "timeout" }, "the server took too long"],
    [{ failure: "network" }, "the server cannot be reached"],
    [{}, "the file is no longer kept"],
  ])("for %j says that %s", (details, reason) => {
    expect(taskOf({ code: "download_failed", details }).error).toBe(`media URL cannot be loaded: ${reason}`);
  });
});

describe("a refused request", () => {
  test.each<[ErrorCode, number, string]>([
    ["bad_request", 400, "As said."],
    ["unauthorized", 401, "Unauthorized"],
    ["credits_exhausted", 402, "insufficient balance"],
    ["job_not_found", 404, "prediction not found"],
    ["object_not_found", 404, "file not found"],
    ["upload_not_found", 404, "upload not found"],
    ["upload_too_large", 413, "file too large"],
    ["rate_limited", 429, "Too many requests"],
    ["queue_full", 429, "Too many requests"],
    ["too_many_jobs", 429, "Too many requests"],
    ["internal", 500, "internal server error"],
    ["output_unwritable", 500, "internal server error"],
    ["provider_unavailable", 503, "service unavailable"],
  ])("for %s is %i %s", (code, status, message) => {
    expect(refusalOf(new AppError(code, "As said.")).body).toEqual({ code: status, message });
  });

  test("says when to come again", () => {
    const busy = new AppError("rate_limited", "x", { details: { retryAfterSeconds: 7 } });
    expect(refusalOf(busy).headers).toEqual({ "retry-after": "7" });
    expect(refusalOf(new AppError("queue_full", "x")).headers).toEqual({ "retry-after": "5" });
  });

  test("of the HTTP server's own is one of the request, and nobody's is none", () => {
    const withStatus = (statusCode: unknown): Error => Object.assign(new Error("inner"), { statusCode });
    expect(foreignRefusal(withStatus(415))?.body).toEqual({ code: 400, message: "invalid request body" });
    expect(foreignRefusal(withStatus(413))?.body).toEqual({ code: 413, message: "file too large" });
    expect(foreignRefusal(withStatus(500))).toBeUndefined();
    expect(foreignRefusal(new Error("inner"))).toBeUndefined();
    expect(foreignRefusal("inner")).toBeUndefined();
  });
});
