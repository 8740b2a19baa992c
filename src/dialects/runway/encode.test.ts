import { describe, expect, test } from "vitest";
import { AppError, type ErrorCode } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import { runwayCreditMicros, runwayCredits } from "../../domain/pricing.ts";
import { upscaleRequest } from "./decode.ts";
import { creditsOf, organizationBody, taskBody, usageBody } from "./encode.ts";
import { failureOf, replyToError } from "./errors.ts";

const job: Job = {
  id: "17f20503-6c24-4c16-946b-35dbbce2af2f",
  accountId: "a",
  dialect: "runway",
  request: upscaleRequest,
  source: { kind: "object", key: "inputs/a" },
  priority: "normal",
  state: "queued",
  progress: 0.5,
  framesDone: 0,
  framesTotal: 0,
  createdAt: new Date("2026-01-01T00:00:00Z"),
  startedAt: undefined,
  finishedAt: undefined,
  startDeadline: undefined,
  result: undefined,
  failure: undefined,
  priceMicros: 160_000n,
  webhookUrl: undefined,
  dialectData: { ownsSource: true },
  planned: undefined,
  maxSourceSeconds: 40,
  uploadUrl: undefined,
  isFree: false,
  group: undefined,
  resultLifetimeSeconds: undefined,
};
const common = { id: job.id, createdAt: "2026-01-01T00:00:00.000Z" };
const question = { isThrottled: false, outputUrl: undefined };

test("each state has its own members and no others", () => {
  const estimatedCost = { credits: 16 };
  expect(taskBody(job, question)).toEqual({ ...common, status: "PENDING", estimatedCost });
  expect(taskBody(job, { ...question, isThrottled: true })).toEqual({ ...common, status: "THROTTLED", estimatedCost });
  expect(taskBody({ ...job, state: "running" }, question)).toEqual({
    ...common,
    status: "RUNNING",
    progress: 0.5,
    estimatedCost,
  });
  expect(taskBody({ ...job, state: "succeeded" }, { ...question, outputUrl: "https://a/b.mp4" })).toEqual({
    ...common,
    status: "SUCCEEDED",
    output: ["https://a/b.mp4"],
    cost: { credits: 16 },
  });
  expect(taskBody({ ...job, state: "failed", priceMicros: 0n }, question)).toEqual({
    ...common,
    status: "FAILED",
    failure: "The upscaler stopped unexpectedly.",
    failureCode: "INTERNAL",
    cost: { credits: 0 },
  });
  expect(taskBody({ ...job, state: "cancelled", priceMicros: 0n }, question)).toEqual({
    ...common,
    status: "CANCELLED",
    cost: { credits: 0 },
  });
});

test.each([
  [0.2, 1],
  [5, 10],
  [5.2, 11],
  [8, 16],
  [40, 80],
])("%d seconds cost %i credits", (seconds, credits) => {
  expect(creditsOf(runwayCredits(seconds) * runwayCreditMicros)).toBe(credits);
});

describe("a failure", () => {
  test.each([
    ["out_of_memory", "INTERNAL"],
    ["internal", "INTERNAL"],
    ["encode_failed", "INTERNAL"],
    ["provider_unavailable", "INTERNAL"],
    ["verification_failed", "INTERNAL.BAD_OUTPUT.VERIFICATION"],
    ["decode_failed", "ASSET.INVALID"],
    ["input_unreadable", "ASSET.INVALID"],
    ["input_too_long", "ASSET.INVALID"],
    ["download_failed", "INPUT_PREPROCESSING.INTERNAL"],
    ["object_not_found", "INPUT_PREPROCESSING.INTERNAL"],
    ["credits_exhausted", undefined],
  ] as const satisfies readonly (readonly [ErrorCode, string | undefined])[])("%s is %s", (code, failureCode) => {
    const shown = failureOf({ code, message: "Why.", details: {} });
    expect(shown.failureCode).toBe(failureCode);
    expect(shown.failure).not.toBe("");
    expect(failureOf({ code, message: " ", details: {} }).failure.trim()).not.toBe("");
  });

  test("of a request never shows what is inside", () => {
    expect(replyToError(new Error("secret"))).toMatchObject({ status: 500, json: { error: "Internal server error" } });
    expect(replyToError(new AppError("rate_limited", "x", { details: { retryAfterSeconds: 1.2 } }))).toMatchObject({
      status: 429,
      headers: { "retry-after": "2" },
    });
  });
});

test("an account without a limit, and one that owes, have a balance that every client can read", () => {
  const facts = { dailyLimit: undefined, tasksOfDay: 0 };
  const balanceOf = (balanceMicros: bigint | undefined) =>
    organizationBody({ ...facts, account: { accountId: "a", maxConcurrentJobs: 1, balanceMicros } }).creditBalance;
  expect([balanceOf(undefined), balanceOf(19_999n), balanceOf(-1_000_000n)]).toEqual([1_000_000_000, 1, 0]);
});

test("days without cost are not listed", () => {
  const day = { day: "2026-01-01", dialect: "runway", jobs: 1 } as const;
  expect(usageBody([{ ...day, micros: 0n }])).toEqual({ models: [], results: [] });
});
