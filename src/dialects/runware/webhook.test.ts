import { expect, test } from "vitest";
import type { Job } from "../../domain/job.ts";
import { defaultRequest } from "../../domain/upscale-request.ts";
import { createSignedLinks } from "../../storage/signed-links.ts";
import { jobAnswer } from "./encode.ts";
import { createRunwareWebhooks } from "./webhook.ts";

const taskUUID = "11111111-1111-4111-8111-111111111111";
const resultId = "22222222-2222-4222-8222-222222222222";
const finishedAt = new Date("2026-01-01T00:01:00Z");
const links = createSignedLinks({ secret: new Uint8Array(32), clock: () => finishedAt });

const job: Job = {
  id: "33333333-3333-4333-8333-333333333333",
  accountId: "alice",
  dialect: "runware",
  request: defaultRequest,
  source: { kind: "url", url: "https://example.com/clip.mp4" },
  priority: "normal",
  state: "succeeded",
  progress: 1,
  framesDone: 0,
  framesTotal: 0,
  createdAt: new Date("2026-01-01T00:00:00Z"),
  startedAt: new Date("2026-01-01T00:00:10Z"),
  finishedAt,
  startDeadline: undefined,
  result: {
    objectKey: "results/1/out.mp4",
    fileName: "out.mp4",
    contentType: "video/mp4",
    sizeBytes: 1,
    durationSeconds: 10.02,
    width: 1920,
    height: 1080,
    frames: 250,
  },
  failure: undefined,
  priceMicros: 128_500n,
  webhookUrl: "https://example.com/hook",
  dialectData: { taskUUID, resultId, includeCost: true, publicBase: "https://upres.example.com", original: {} },
  planned: { durationSeconds: 10, width: 1920, height: 1080 },
  maxSourceSeconds: undefined,
  uploadUrl: undefined,
  isFree: false,
  group: taskUUID,
  resultLifetimeSeconds: 60,
};
const parts = { links, resultLifetimeSeconds: 3600 };
const webhooks = createRunwareWebhooks({ ...parts, secondMicros: 12_850 });

function bodyOf(of: Job): unknown {
  return JSON.parse(webhooks.encode(of)?.body ?? "null");
}

test("success is told as the item that a poll gives, with the price by the source's length", () => {
  const answer = jobAnswer(job, taskUUID, { ...parts, publicBase: "https://upres.example.com" });
  expect(answer).toMatchObject({ kind: "data", item: { status: "success", videoUUID: resultId, cost: 0.1285 } });
  expect(bodyOf(job)).toEqual(answer.kind === "data" ? answer.item : undefined);
});

test("the link ends with the time to live, counted from the end", () => {
  const answer = jobAnswer(job, taskUUID, { ...parts, publicBase: "https://upres.example.com" });
  const [, , , , token = ""] = answer.kind === "data" ? String(answer.item["videoURL"]).split("/") : [];
  expect(links.verify(token, "read").expiresAt).toEqual(new Date("2026-01-01T00:02:00Z"));
});

test("nobody who did not ask hears of cost, and what is free costs nothing", () => {
  const silent = { ...job, dialectData: { ...job.dialectData, includeCost: false } };
  expect(bodyOf(silent)).not.toHaveProperty("cost");
  expect(bodyOf({ ...job, isFree: true })).toHaveProperty("cost", 0);
});

test("failure is told to readers of the flat object and of the envelope, without what our encoder says", () => {
  const message = "The video could not be processed; the server's log says why.";
  const failed: Job = {
    ...job,
    state: "failed",
    result: undefined,
    failure: { code: "encode_failed", message: "x265 stopped.", details: {} },
  };
  const entry = { code: "processingFailed", status: "error", message, taskUUID, taskType: "upscale" };
  expect(bodyOf(failed)).toEqual({
    taskType: "upscale",
    taskUUID,
    status: "error",
    error: { code: "processingFailed", message },
    errors: [entry],
  });
  expect(bodyOf({ ...failed, state: "cancelled", failure: undefined })).toMatchObject({ error: { code: "taskFailed" } });
});

test("ten attempts wait twice as long each, at most 8 seconds", () => {
  expect(webhooks.retry).toEqual({ delaysSeconds: [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8], timeoutMs: 5000 });
  expect(webhooks.headers({ body: "", contentType: "application/json", facts: {} }, finishedAt)).toEqual({});
});
