import type { Job } from "../../domain/job.ts";
import type { RetrySchedule, WebhookEncoder } from "../../domain/webhook.ts";
import type { Item } from "./answer.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { type EncodeParts, successItem } from "./encode.ts";
import { failureEntry } from "./errors.ts";
import { jobQuoteMicros } from "./price.ts";

/** Ten attempts, each after twice the wait before, at most 8 seconds. */
const retry: RetrySchedule = { delaysSeconds: [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8], timeoutMs: 5_000 };

export type RunwareWebhookParts = Omit<EncodeParts, "publicBase"> & { readonly secondMicros?: number };

/** Callbacks of the runware dialect: the task's own object, in no envelope, without signature. */
export function createRunwareWebhooks(parts: RunwareWebhookParts): WebhookEncoder {
  return {
    encode: (job) => ({ body: JSON.stringify(webhookBody(job, parts)), contentType: "application/json", facts: {} }),
    retry,
    headers: () => ({}),
  };
}

function webhookBody(job: Job, { secondMicros = 0, ...parts }: RunwareWebhookParts): Item {
  const { taskUUID, publicBase } = dialectDataOf(job);
  if (job.state === "succeeded" && job.result !== undefined) {
    return successItem(job, job.result, { ...parts, publicBase, taskUUID, costMicros: jobQuoteMicros(job, secondMicros) });
  }
  const entry = failureEntry(job, taskUUID);
  const error = { code: entry.code, message: entry.message };
  // Readers of the flat object and of the envelope both find what they look for.
  return { taskType: "upscale", taskUUID, status: "error", error, errors: [entry] };
}
