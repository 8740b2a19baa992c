import type { FastifyPluginAsync } from "fastify";
import { z } from "zod";
import type { Accounts } from "../../accounts/accounts.ts";
import type { Clock } from "../../core/clock.ts";
import type { Delivery } from "../../delivery/delivery.ts";
import { AppError } from "../../domain/errors.ts";
import type { JobCounts } from "../../jobs/job-runner.ts";
import type { WorkerFacts } from "../../jobs/workers.ts";
import { adminOf } from "../auth.ts";
import type { Control } from "../control.ts";
import {
  encodeDelivery,
  encodeGrant,
  encodeJobLine,
  encodeKey,
  NewGrantDocument,
  NewKeyDocument,
  toNewKey,
} from "../control-wire.ts";
import { parseBody } from "../native/wire.ts";
import { encodeAccount, encodeWorker, NewLimits, type QueueDocument } from "./wire.ts";

export type AdminParts = {
  readonly control: Control;
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly workers: () => Promise<readonly WorkerFacts[]>;
  readonly queueCounts: () => Promise<JobCounts>;
  readonly deliveryCounts: () => Promise<Readonly<Record<Delivery["state"], number>>>;
};

const ListQuery = z.object({ limit: z.coerce.number().int().min(1).max(1000).default(200) });
type WithId = { Params: { id: string } };

/** /api/admin: everyone's keys, limits, jobs and callbacks, for admin keys only and never for pages of other sites. */
export function adminRoutes({ control, accounts, clock, ...parts }: AdminParts): FastifyPluginAsync {
  return async (app) => {
    app.addHook("onRequest", async (request) => void (await adminOf(request, accounts)));

    app.get("/api/admin/accounts", async () => ({ accounts: (await accounts.overview()).map(encodeAccount) }));
    app.patch<WithId>("/api/admin/accounts/:id", async (request) => {
      const limits = parseBody(NewLimits, request.body);
      const { id } = request.params;
      const changed = await accounts.setLimits(id, {
        ...(limits.max_concurrent_jobs !== undefined && { maxConcurrentJobs: limits.max_concurrent_jobs }),
        ...(limits.max_queue_length !== undefined && { maxQueueLength: limits.max_queue_length }),
        ...(limits.requests_per_minute !== undefined && { requestsPerMinute: limits.requests_per_minute }),
      });
      const overview = (await accounts.overview()).find(({ account }) => account.id === changed?.id);
      if (overview === undefined) throw notThere("account", id);
      return encodeAccount(overview);
    });

    app.get("/api/admin/keys", async () => ({ keys: (await control.listKeys()).map(encodeKey) }));
    app.post("/api/admin/keys", async (request, reply) => {
      const { key, credential } = await control.createKey(toNewKey(parseBody(NewKeyDocument, request.body)));
      reply.code(201).header("cache-control", "no-store");
      return { id: key.id, account_id: key.accountId, name: key.name, key: credential };
    });
    app.delete<WithId>("/api/admin/keys/:id", async (request) => {
      if (!(await control.revokeKey(request.params.id))) throw notThere("key", request.params.id);
      return { revoked: true };
    });
    app.post("/api/admin/grants", async (request) => {
      const { account_or_key_id: id, micros } = parseBody(NewGrantDocument, request.body);
      const granted = await control.grantCredits(id, BigInt(micros));
      if (granted === undefined) throw notThere("account or key", id);
      return encodeGrant(granted);
    });

    app.get("/api/admin/jobs", async (request) => {
      const { limit } = parseBody(ListQuery, request.query);
      return { jobs: (await control.listJobs(limit)).map(encodeJobLine) };
    });
    app.get("/api/admin/deliveries", async (request) => {
      const { limit } = parseBody(ListQuery, request.query);
      return { deliveries: (await control.listDeliveries(limit)).map(encodeDelivery) };
    });
    app.post<WithId>("/api/admin/deliveries/:id/resend", async (request) => {
      if (!(await control.resendDelivery(request.params.id))) throw notThere("delivery", request.params.id);
      return { sent: true };
    });

    app.get("/api/admin/workers", async () => ({
      workers: (await parts.workers()).map((worker) => encodeWorker(worker, clock.now())),
    }));
    app.get("/api/admin/queue", async (): Promise<QueueDocument> => {
      const { queued, running, oldestQueuedAt } = await parts.queueCounts();
      const deliveries = { ...(await parts.deliveryCounts()) };
      return { queued, running, oldest_queued_at: oldestQueuedAt?.toISOString() ?? null, deliveries };
    });
  };
}

function notThere(what: string, id: string): AppError {
  return new AppError("object_not_found", `There is no such ${what}.`, { details: { id } });
}
