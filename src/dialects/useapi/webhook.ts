import type { Job } from "../../domain/job.ts";
import type { ProgressTold, WebhookEncoder, WebhookMessage } from "../../domain/webhook.ts";
import { encodeTask, type EncodeParts, shareDone, statusOf } from "./encode-task.ts";
import { taskDataOf } from "./task-data.ts";

const leastSecondsBetween = 5;
const retry = { delaysSeconds: [5, 30, 120], timeoutMs: 10_000 };

/** Callbacks of the useapi.net dialect: the whole task, unsigned; once for each status and each tenth, and at the end. */
export function createUseapiWebhooks(parts: EncodeParts): WebhookEncoder {
  return {
    encode: (job) => messageOf(job, parts),
    encodeProgress: (job, told, now) => (isNews(job, told, now) ? messageOf(job, parts) : undefined),
    retry,
    headers: () => ({}),
  };
}

function isNews(job: Job, told: ProgressTold | undefined, now: Date): boolean {
  if (told === undefined || told.facts["status"] !== wireStatus(job)) return true;
  const isFurther = tenthsOf(job) > Number(told.facts["tenths"]);
  return isFurther && now.getTime() - told.at.getTime() >= leastSecondsBetween * 1000;
}

function messageOf(job: Job, parts: EncodeParts): WebhookMessage {
  const view = { job, isNext: false, hasArtifact: true, publicBase: taskDataOf(job).publicBase };
  return {
    body: JSON.stringify(encodeTask(view, parts)),
    contentType: "application/json",
    facts: { status: wireStatus(job), tenths: String(tenthsOf(job)) },
  };
}

function wireStatus(job: Job): string {
  return statusOf({ job, isNext: false });
}

function tenthsOf({ progress }: Job): number {
  return shareDone(progress, 10);
}
