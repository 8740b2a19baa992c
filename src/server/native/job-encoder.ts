import type { FastifyRequest } from "fastify";
import type { Job } from "../../domain/job.ts";
import type { NativeParts } from "./parts.ts";
import { resultLinkOf } from "./result-link.ts";
import { encodeJob, type JobDocument } from "./wire.ts";

type EncoderParts = Pick<NativeParts, "jobs" | "clock" | "links" | "limits" | "publicBaseOf">;

/** Jobs as one caller is shown them, with links under the address that it came by. */
export function createJobEncoder(
  { jobs, clock, links, limits, publicBaseOf }: EncoderParts,
  request: FastifyRequest,
): (job: Job) => Promise<JobDocument> {
  const publicBase = publicBaseOf(request);
  return async (job) => {
    const queuePosition = job.state === "queued" ? await jobs.queuePosition(job) : undefined;
    const resultLink = resultLinkOf(job, publicBase, { links, resultLifetimeSeconds: limits.resultLifetimeSeconds });
    return encodeJob(job, { queuePosition, now: clock.now(), resultLink });
  };
}
