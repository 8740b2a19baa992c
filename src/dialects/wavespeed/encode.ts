import { isFinished, type Job, type JobFailure } from "../../domain/job.ts";
import type { SignedLinks } from "../../storage/signed-links.ts";
import { predictionIdOf } from "./decode.ts";
import { taskErrorOf } from "./errors.ts";
import { modelId } from "./names.ts";
import type { Prediction } from "./wire.ts";

export type EncodeParts = { readonly links: SignedLinks; readonly resultLifetimeSeconds: number };

/** A job in the four states of the wire: one that was cancelled has failed, since older clients know no other end. */
export function toPrediction(job: Job, publicBase: string, parts: EncodeParts): Prediction {
  const id = predictionIdOf(job.id);
  const failure = failureOf(job);
  const task = failure === undefined ? undefined : taskErrorOf(job, failure);
  const outputs = job.state === "succeeded" ? outputsOf(job, publicBase, parts) : [];
  const inference = job.state === "succeeded" ? elapsedMs(job) : 0;
  return {
    id,
    model: modelId,
    outputs,
    urls: { get: `${publicBase}/api/v3/predictions/${id}/result` },
    has_nsfw_contents: outputs.map(() => false),
    status: statusOf[job.state],
    created_at: job.createdAt.toISOString(),
    error: task?.error ?? "",
    ...(task !== undefined && { code: task.code }),
    executionTime: inference,
    timings: { inference },
  };
}

const statusOf = {
  queued: "created",
  running: "processing",
  succeeded: "completed",
  failed: "failed",
  cancelled: "failed",
} as const satisfies Record<Job["state"], Prediction["status"]>;

const cancelled: JobFailure = { code: "cancelled", message: "The job was cancelled.", details: {} };

function failureOf({ state, failure }: Job): JobFailure | undefined {
  return isFinished(state) && state !== "succeeded" ? (failure ?? cancelled) : undefined;
}

function outputsOf(job: Job, publicBase: string, { links, resultLifetimeSeconds }: EncodeParts): readonly string[] {
  if (job.result === undefined) return [];
  const { objectKey, fileName } = job.result;
  const lifetimeMs = (job.resultLifetimeSeconds ?? resultLifetimeSeconds) * 1000;
  const expiresAt = new Date((job.finishedAt ?? job.createdAt).getTime() + lifetimeMs);
  const token = links.sign({ key: objectKey, purpose: "read", expiresAt });
  const extension = /\.\w{2,5}$/.exec(fileName)?.[0] ?? ".mp4";
  return [`${publicBase}/files/${token}/${predictionIdOf(job.id)}${extension}`];
}

function elapsedMs({ startedAt, finishedAt }: Job): number {
  return startedAt === undefined || finishedAt === undefined ? 0 : finishedAt.getTime() - startedAt.getTime();
}

/** The answer to a submit whose task outlasted the wait.  Source: clients go by the code or by the first four words. */
export function stillProcessing(prediction: Prediction, waitedSeconds: number): Prediction {
  return {
    ...prediction,
    status: "processing",
    code: 5004,
    error: `Sync mode timed out after ${waitedSeconds} seconds. The prediction is still processing asynchronously.`,
  };
}
