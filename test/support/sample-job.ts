import type { Job } from "../../src/domain/job.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";

/** A job that waits, of an account "local" through the native API. */
export const sampleJob: Job = {
  id: "4f3a1f9e-55cf-4d4f-8e1b-2b5f7d9f0c11",
  accountId: "local",
  dialect: "native",
  request: defaultRequest,
  source: { kind: "url", url: "https://example.com/clip.mp4" },
  priority: "normal",
  state: "queued",
  progress: 0,
  framesDone: 0,
  framesTotal: 0,
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
