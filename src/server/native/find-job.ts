import { z } from "zod";
import { AppError } from "../../domain/errors.ts";
import type { Job } from "../../domain/job.ts";
import type { JobService } from "../../jobs/job-service.ts";

/** An account's own job.  Throws: AppError `job_not_found`, for what is no id and for other accounts' jobs too. */
export async function findJob(jobs: Pick<JobService, "get">, accountId: string, id: string): Promise<Job> {
  const job = z.uuid().safeParse(id).success ? await jobs.get(accountId, id) : undefined;
  if (job === undefined) throw jobNotFound(id);
  return job;
}

export function jobNotFound(id: string): AppError {
  return new AppError("job_not_found", "There is no such job.", { details: { id } });
}
