import { isFinished, type Job, type JobFailure } from "../../domain/job.ts";
import { falBillableUnits } from "../../domain/pricing.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { fileUrl } from "./encode.ts";
import { failureReply } from "./errors.ts";
import { billableUnitsHeader, requestIdHeader } from "./names.ts";
import { type FalReply, json } from "./reply.ts";
import type { Output } from "./wire.ts";

export type ResultParts = { readonly links: SignedLinks; readonly resultLifetimeSeconds: number };

/** The answer that a finished job has for good: its output, or its error. Undefined while it is not finished. */
export function resultReply(job: Job, publicBase: string, parts: ResultParts): FalReply | undefined {
  if (!isFinished(job.state)) return undefined;
  if (job.result === undefined) {
    return failureReply(failureOf(job), { request: job.request, videoUrl: dialectDataOf(job).videoUrl }, job.id);
  }
  const { objectKey, fileName, contentType, sizeBytes, durationSeconds } = job.result;
  const token = parts.links.sign({ key: objectKey, purpose: "read", expiresAt: resultExpiry(job, parts) });
  const output: Output = {
    video: {
      url: fileUrl(publicBase, token, fileName),
      content_type: contentType,
      file_name: fileName,
      file_size: sizeBytes,
    },
    duration: Math.round(durationSeconds * 1000) / 1000,
  };
  const units = falBillableUnits(job.request, job.result);
  return json(200, output, { [requestIdHeader]: job.id, [billableUnitsHeader]: String(units) });
}

/** What a job failed of; a cancelled one of that. */
export function failureOf({ failure }: Job): JobFailure {
  return failure ?? { code: "cancelled", message: "The job was cancelled.", details: {} };
}

/** When the result is removed: a request is unknown from then on. */
export function resultExpiry(job: Job, { resultLifetimeSeconds }: Pick<ResultParts, "resultLifetimeSeconds">): Date {
  const seconds = job.resultLifetimeSeconds ?? resultLifetimeSeconds;
  return new Date((job.finishedAt ?? job.createdAt).getTime() + seconds * 1000);
}
