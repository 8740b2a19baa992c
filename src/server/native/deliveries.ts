import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import type { Accounts } from "../../accounts/accounts.ts";
import type { DeliveryService } from "../../delivery/create-delivery.ts";
import type { Delivery } from "../../delivery/delivery.ts";
import { AppError } from "../../domain/errors.ts";
import type { JobService } from "../../jobs/job-service.ts";
import { accountOf } from "../auth.ts";
import { findJob } from "./find-job.ts";

export type DeliveryRouteParts = {
  readonly accounts: Accounts;
  readonly jobs: Pick<JobService, "get">;
  readonly deliveries: Pick<DeliveryService, "list" | "resend">;
};

export const DeliveryDocument = z.object({
  id: z.uuid(),
  job_id: z.uuid(),
  url: z.string().describe("Where it goes, without the query."),
  state: z.enum(["waiting", "delivered", "failed"]),
  attempts: z.int(),
  created_at: z.iso.datetime(),
  next_attempt_at: z.iso.datetime().nullable(),
  delivered_at: z.iso.datetime().nullable(),
  last_status: z.int().nullable().describe("The HTTP status of the last attempt; null where there was no answer."),
  last_error: z.string().nullable(),
});
export type DeliveryDocument = z.infer<typeof DeliveryDocument>;
export const DeliveryList = z.object({ deliveries: z.array(DeliveryDocument) });
export const ResentDocument = z.object({ id: z.uuid(), state: z.literal("waiting") });

type WithId = { Params: { id: string } };

/** GET /api/jobs/:id/deliveries: a job's callbacks; POST /api/deliveries/:id/resend. */
export function deliveryRoutes({ accounts, jobs, deliveries }: DeliveryRouteParts): FastifyPluginAsync {
  return async (app) => {
    app.get<WithId>("/api/jobs/:id/deliveries", async (request) => {
      const account = await accountOf(request, accounts);
      const job = await findJob(jobs, account.id, request.params.id);
      const found = await deliveries.list(account.id, { jobId: job.id });
      return { deliveries: found.map(encodeDelivery) } satisfies z.infer<typeof DeliveryList>;
    });

    app.post<WithId>("/api/deliveries/:id/resend", async (request, reply) => {
      const account = await accountOf(request, accounts);
      const { id } = request.params;
      if (!z.uuid().safeParse(id).success || !(await deliveries.resend(account.id, id))) {
        throw new AppError("object_not_found", "There is no such delivery.", { details: { id } });
      }
      reply.code(202);
      return { id, state: "waiting" } satisfies z.infer<typeof ResentDocument>;
    });
  };
}

function encodeDelivery(delivery: Delivery): DeliveryDocument {
  const url = URL.parse(delivery.url);
  return {
    id: delivery.id,
    job_id: delivery.jobId,
    url: url === null ? "" : `${url.origin}${url.pathname}`,
    state: delivery.state,
    attempts: delivery.attempts,
    created_at: delivery.createdAt.toISOString(),
    next_attempt_at: delivery.nextAttemptAt?.toISOString() ?? null,
    delivered_at: delivery.deliveredAt?.toISOString() ?? null,
    last_status: delivery.lastStatus ?? null,
    last_error: delivery.lastError ?? null,
  };
}
