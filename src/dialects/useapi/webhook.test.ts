import { expect, test } from "vitest";
import type { Job } from "../../domain/job.ts";
import { upscaleRequest } from "./decode.ts";
import { progressRatio } from "./encode-task.ts";
import { createUseapiWebhooks } from "./webhook.ts";

const links = { sign: () => "token", verify: () => ({ key: "", purpose: "read" as const, expiresAt: new Date() }) };
const encoder = createUseapiWebhooks({ links, resultLifetimeSeconds: 60 });

const job: Job = {
  id: "17f20503-6c24-4c16-946b-35dbbce2af2f",
  accountId: "local",
  dialect: "useapi",
  request: upscaleRequest,
  source: { kind: "object", key: "media/useapi/a" },
  priority: "normal",
  state: "running",
  progress: 0,
  framesDone: 0,
  framesTotal: 0,
  createdAt: new Date(0),
  startedAt: new Date(1000),
  finishedAt: undefined,
  startDeadline: undefined,
  result: undefined,
  failure: undefined,
  priceMicros: 0n,
  webhookUrl: "https://a.b/c",
  dialectData: {
    userId: 1,
    email: "me@example.com",
    exploreMode: false,
    source: { id: "17f20503-6c24-4c16-946b-35dbbce2af2e", name: "clip.mp4", frameRate: 25, hasAudio: true },
    groupId: "17f20503-6c24-4c16-946b-35dbbce2af2d",
    publicBase: "http://127.0.0.1",
  },
  planned: undefined,
  maxSourceSeconds: undefined,
  uploadUrl: undefined,
  isFree: false,
  group: "me@example.com",
  resultLifetimeSeconds: undefined,
};

const now = new Date(100_000);
const secondsAgo = (seconds: number): Date => new Date(now.getTime() - seconds * 1000);

test.each([
  ["nothing was told yet", 0, undefined, true],
  ["another status was told", 0, { facts: { status: "THROTTLED", tenths: "0" }, at: secondsAgo(0) }, true],
  ["a tenth more is done after 5 s", 0.3, { facts: { status: "RUNNING", tenths: "2" }, at: secondsAgo(5) }, true],
  ["a tenth more is done sooner", 0.3, { facts: { status: "RUNNING", tenths: "2" }, at: secondsAgo(4.9) }, false],
  ["less than a tenth more is done", 0.29, { facts: { status: "RUNNING", tenths: "2" }, at: secondsAgo(500) }, false],
  ["work began anew and less is done", 0.1, { facts: { status: "RUNNING", tenths: "2" }, at: secondsAgo(500) }, false],
])("when %s, progress of %d is told or not", (_when, progress, told, isTold) => {
  expect(encoder.encodeProgress?.({ ...job, progress }, told, now) !== undefined).toBe(isTold);
});

test("messages are not signed", () => {
  const message = encoder.encode({ ...job, state: "cancelled" });
  expect(message).toMatchObject({ contentType: "application/json", facts: { status: "CANCELLED" } });
  expect(message === undefined ? undefined : encoder.headers(message, now)).toEqual({});
});

test.each([
  [{ state: "queued", startedAt: undefined }, 0, "0"],
  [{ state: "running" }, 0, "0.00"],
  [{ state: "running" }, 0.58, "0.58"],
  [{ state: "running" }, 0.999, "0.99"],
  [{ state: "running" }, 1, "0.99"],
  [{ state: "succeeded" }, 1, "1"],
  [{ state: "failed" }, 0.42, "0.42"],
  [{ state: "cancelled", startedAt: undefined }, 0, "0"],
] as const)("the ratio of %j at %d is the string %s", (changes, progress, ratio) => {
  expect(progressRatio({ ...job, ...changes, progress })).toBe(ratio);
});
