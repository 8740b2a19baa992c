import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import { z } from "zod";
import type { Account } from "../../accounts/account.ts";
import { AppError } from "../../domain/errors.ts";
import { type Job, type JobSource, jobStates } from "../../domain/job.ts";
import { accountOf } from "../auth.ts";
import { eventStream } from "./events.ts";
import { findJob, jobNotFound } from "./find-job.ts";
import { ofTastes, TasteChoice } from "./job-facts.ts";
import { createJobEncoder } from "./job-encoder.ts";
import type { NativeParts } from "./parts.ts";
import { uploadKey } from "./uploads.ts";
import { CreateJob, type JobDocument, parseBody, toUpscaleRequest } from "./wire.ts";

const ListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  before: z.iso.datetime().optional(),
  cursor: z.uuid().optional(),
  state: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(jobStates)))
    .optional(),
  source: z.string().max(64).optional(),
  tastes: TasteChoice,
});
const LogQuery = z.object({ after: z.coerce.number().int().min(0).optional() });
const idempotencyKeyShape = /^[\x21-\x7e]{1,255}$/;

type WithId = { Params: { id: string } };

/** /api/jobs: submit, look, list, cancel, follow. */
export function jobRoutes(parts: NativeParts): FastifyPluginAsync {
  const { jobs, clock } = parts;

  const toDocument = (job: Job, request: FastifyRequest): Promise<JobDocument> => createJobEncoder(parts, request)(job);

  const find = (account: Account, id: string): Promise<Job> => findJob(jobs, account.id, id);

  const submit = async (request: FastifyRequest): Promise<Job> => {
    const account = await accountOf(request, parts.accounts);
    const body = parseBody(CreateJob, request.body);
    const { source, fileName } = await sourceOf(body, account, parts);
    const idempotencyKey = idempotencyKeyOf(request);
    return await jobs.submit({
      accountId: account.id,
      dialect: "native",
      request: toUpscaleRequest(body),
      source,
      priority: body.priority,
      reserveMicros: 0n,
      dialectData: { publicBase: parts.publicBaseOf(request), ...(fileName !== undefined && { fileName }) },
      ...(body.webhook_url !== undefined && { webhookUrl: body.webhook_url }),
      ...(body.start_within_seconds !== undefined && {
        startDeadline: new Date(clock.now().getTime() + body.start_within_seconds * 1000),
      }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    });
  };

  const cancel = async (request: FastifyRequest<WithId>): Promise<JobDocument> => {
    const account = await accountOf(request, parts.accounts);
    const job = await find(account, request.params.id);
    const outcome = await jobs.cancel(account.id, job.id);
    if (outcome === "not_found") throw jobNotFound(job.id);
    if (outcome === "already_finished")
      throw new AppError("job_finished", "The job has ended already.", { details: { id: job.id } });
    return await toDocument(await find(account, job.id), request);
  };

  return async (app) => {
    app.post("/api/jobs", async (request, reply) => {
      const job = await submit(request);
      reply.code(202).header("location", `/api/jobs/${job.id}`);
      return await toDocument(job, request);
    });

    app.get("/api/jobs", async (request) => {
      const account = await accountOf(request, parts.accounts);
      const { limit, before, cursor, state, source, tastes } = parseBody(ListQuery, request.query);
      const found = await jobs.list(account.id, {
        limit,
        ...(before !== undefined && { createdBefore: new Date(before) }),
        ...(cursor !== undefined && { after: cursor }),
        ...(state !== undefined && { states: state }),
        ...(source !== undefined && { sourceId: source }),
        ...ofTastes(tastes),
      });
      const documents: JobDocument[] = [];
      for (const job of found) documents.push(await toDocument(job, request));
      const last = found.length === limit ? found.at(-1) : undefined;
      return { jobs: documents, next_before: last?.createdAt.toISOString() ?? null, next_cursor: last?.id ?? null };
    });

    app.get<WithId>("/api/jobs/:id", async (request) => {
      const account = await accountOf(request, parts.accounts);
      return await toDocument(await find(account, request.params.id), request);
    });

    app.delete<WithId>("/api/jobs/:id", cancel);
    app.post<WithId>("/api/jobs/:id/cancel", cancel);

    app.get<WithId>("/api/jobs/:id/logs", async (request) => {
      const account = await accountOf(request, parts.accounts);
      const { after } = parseBody(LogQuery, request.query);
      const job = await find(account, request.params.id);
      const lines = await jobs.logs(job.id, after);
      return { lines: lines.map((line) => ({ ...line, at: line.at.toISOString() })) };
    });

    app.get<WithId>("/api/jobs/:id/events", async (request, reply) => {
      const account = await accountOf(request, parts.accounts);
      const job = await find(account, request.params.id);
      const left = new AbortController();
      reply.raw.once("close", () => left.abort());
      const signal = AbortSignal.any([left.signal, parts.closing]);
      reply.headers({ "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" });
      const encode = async (changed: Job): Promise<JobDocument> => await toDocument(changed, request);
      return await reply.send(eventStream({ jobs, clock, accountId: account.id, jobId: job.id, encode, signal }));
    });
  };
}

type NamedSource = { readonly source: JobSource; readonly fileName: string | undefined };

async function sourceOf(body: CreateJob, account: Account, { store }: NativeParts): Promise<NamedSource> {
  const { video_url: url, upload_id: uploadId } = body;
  if (url !== undefined && uploadId === undefined) return { source: { kind: "url", url }, fileName: undefined };
  if (uploadId === undefined || url !== undefined) {
    throw new AppError("bad_request", "Give either `video_url` or `upload_id`, which say what to upscale.");
  }
  const key = uploadKey(account.id, uploadId);
  const object = await store.head(key);
  if (object === undefined) {
    throw new AppError("upload_not_found", "There is no such upload, or it is no longer kept.", { details: { id: uploadId } });
  }
  return { source: { kind: "object", key }, fileName: object.fileName };
}

function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key === "string" && idempotencyKeyShape.test(key)) return key;
  throw new AppError("bad_request", "The Idempotency-Key takes 1 to 255 visible characters.");
}
