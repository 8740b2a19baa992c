import type { Job, JobResult } from "../../domain/job.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { type Answer, data, type Item } from "./answer.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { failureEntry } from "./errors.ts";
import { toDollars } from "./price.ts";

/** Where a signed file is found. */
export function fileUrl(publicBase: string, token: string, fileName: string): string {
  return `${publicBase}/files/${token}/${encodeURIComponent(fileName)}`;
}

/** Exactly these two: some clients take anything more for a result. */
export function acknowledgment(taskUUID: string): Item {
  return { taskType: "upscale", taskUUID };
}

export type EncodeParts = {
  readonly links: SignedLinks;
  readonly resultLifetimeSeconds: number;
  readonly publicBase: string;
};

/** What a task is answered with that was asked for now: it goes on, its result, or why it has none. */
export function jobAnswer(job: Job, taskUUID: string, parts: EncodeParts): Answer {
  switch (job.state) {
    case "queued":
      return data({ taskType: "upscale", taskUUID, status: "processing" });
    case "running":
      return data({ taskType: "upscale", taskUUID, status: "processing", progress: Math.floor(job.progress * 100) });
    case "succeeded":
      if (job.result !== undefined)
        return data(successItem(job, job.result, { ...parts, taskUUID, costMicros: job.priceMicros }));
      break;
    case "failed":
    case "cancelled":
  }
  return { kind: "error", status: 200, entry: failureEntry(job, taskUUID) };
}

type SuccessParts = EncodeParts & { readonly taskUUID: string; readonly costMicros: bigint };

export function successItem(job: Job, result: JobResult, parts: SuccessParts): Item {
  const { resultId, includeCost } = dialectDataOf(job);
  const token = parts.links.sign({ key: result.objectKey, purpose: "read", expiresAt: resultExpiry(job, parts) });
  const url = fileUrl(parts.publicBase, token, `${resultId}.${job.request.container}`);
  return {
    taskType: "upscale",
    taskUUID: parts.taskUUID,
    status: "success",
    videoUUID: resultId,
    videoURL: url,
    mediaUUID: resultId,
    mediaURL: url,
    ...(includeCost && { cost: toDollars(parts.costMicros) }),
  };
}

/** When the result is removed. */
function resultExpiry(job: Job, { resultLifetimeSeconds }: Pick<EncodeParts, "resultLifetimeSeconds">): Date {
  const seconds = job.resultLifetimeSeconds ?? resultLifetimeSeconds;
  return new Date((job.finishedAt ?? job.createdAt).getTime() + seconds * 1000);
}
