import type { FastifyPluginAsync } from "fastify";
import type { Accounts } from "../../accounts/accounts.ts";
import { AppError } from "../../domain/errors.ts";
import { isFinished, type Job } from "../../domain/job.ts";
import type { JobService } from "../../jobs/job-service.ts";
import { accountOf } from "../auth.ts";
import { findJob } from "./find-job.ts";

export type ReportParts = {
  readonly accounts: Accounts;
  readonly jobs: Pick<JobService, "get">;
  /** What was measured of a job's result; undefined while there is none. */
  readonly report: (jobId: string) => Promise<unknown>;
};

/** GET /api/jobs/:id/report: what `upres --report` writes. */
export function reportRoutes({ accounts, jobs, report }: ReportParts): FastifyPluginAsync {
  return async (app) => {
    app.get<{ Params: { id: string } }>("/api/jobs/:id/report", async (request) => {
      const account = await accountOf(request, accounts);
      const job = await findJob(jobs, account.id, request.params.id);
      const found = await report(job.id);
      if (found === undefined)
        throw new AppError("object_not_found", whyNone(job), { details: { id: job.id, state: job.state } });
      return found;
    });
  };
}

function whyNone({ state }: Job): string {
  if (!isFinished(state)) return "The job has no report yet; it gets one when it succeeds.";
  return state === "succeeded"
    ? "The report of this job was not kept: the server ended just then."
    : `The job is ${state} and has no report.`;
}
