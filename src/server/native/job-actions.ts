import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import { type Job, type JobState, jobStates } from "../../domain/job.ts";
import { sourceIdOf } from "../../jobs/listing.ts";
import { accountOf } from "../auth.ts";
import { findJob } from "./find-job.ts";
import { describeSource, ofTastes, TasteChoice, tasteGroup, tasteOf, uploadIdOf } from "./job-facts.ts";
import { createJobEncoder } from "./job-encoder.ts";
import type { NativeParts } from "./parts.ts";
import type { JobCountsDocument, RemovedDocument } from "./page-wire.ts";
import { type JobDocument, parseBody } from "./wire.ts";

const CountQuery = z.object({ tastes: TasteChoice });

type WithId = { Params: { id: string } };

/** What is done with jobs that are there: submit the same again, remove with their files, count. */
export function jobActionRoutes(parts: NativeParts): FastifyPluginAsync {
  const { jobs, store } = parts;

  const retry = async (job: Job, publicBase: string): Promise<Job> => {
    if (job.source.kind === "object" && (await store.head(job.source.key)) === undefined) {
      throw new AppError("upload_not_found", "The source of this job is no longer kept; upload it again.", {
        details: { id: job.id },
      });
    }
    const taste = tasteOf(job);
    return await jobs.submit({
      accountId: job.accountId,
      dialect: "native",
      request: job.request,
      source: job.source,
      priority: job.priority,
      reserveMicros: 0n,
      dialectData: { publicBase, fileName: describeSource(job).file_name, ...(taste !== null && { taste }) },
      ...(taste !== null && { isFree: true, group: tasteGroup }),
      ...(job.dialect === "native" && job.webhookUrl !== undefined && { webhookUrl: job.webhookUrl }),
    });
  };

  /** Files of the job that nothing else needs.  Shape: how many were deleted. */
  const removeFiles = async (job: Job): Promise<number> => {
    const keys = job.result === undefined ? [] : [job.result.objectKey];
    const others = await jobs.list(job.accountId, { sourceId: sourceIdOf(job.source), limit: 1 });
    if (uploadIdOf(job) !== undefined && job.source.kind === "object" && others.length === 0) keys.push(job.source.key);
    // A job that takes this result as its source still reads it: the clean-up takes it away later.
    const inUse = await parts.sourcesInUse();
    let removed = 0;
    for (const key of keys) {
      if (inUse.has(key) || (await store.head(key)) === undefined) continue;
      await store.delete(key);
      removed += 1;
    }
    return removed;
  };

  return async (app) => {
    app.post<WithId>("/api/jobs/:id/retry", async (request, reply): Promise<JobDocument> => {
      const account = await accountOf(request, parts.accounts);
      const job = await findJob(jobs, account.id, request.params.id);
      const again = await retry(job, parts.publicBaseOf(request));
      reply.code(202).header("location", `/api/jobs/${again.id}`);
      return await createJobEncoder(parts, request)(again);
    });

    app.post<WithId>("/api/jobs/:id/remove", async (request): Promise<RemovedDocument> => {
      const account = await accountOf(request, parts.accounts);
      const job = await findJob(jobs, account.id, request.params.id);
      const removed = await jobs.remove(account.id, job.id);
      return { id: job.id, removed: true, files: removed === undefined ? 0 : await removeFiles(removed) };
    });

    app.get("/api/jobs/counts", async (request): Promise<JobCountsDocument> => {
      const account = await accountOf(request, parts.accounts);
      const { tastes } = parseBody(CountQuery, request.query);
      const counts: Record<JobState, number> = { queued: 0, running: 0, succeeded: 0, failed: 0, cancelled: 0 };
      for (const state of jobStates) counts[state] = await jobs.count(account.id, { states: [state], ...ofTastes(tastes) });
      return counts;
    });
  };
}
