import type { FalContext, FalRequest } from "./context.ts";
import { rejectedBody, statusBody, statusCode, submitReply } from "./encode.ts";
import { problemsReply, tooLarge } from "./errors.ts";
import { decodeLogs } from "./decode.ts";
import { requestIdHeader } from "./names.ts";
import { readText } from "../read-text.ts";
import { findRejected, recordRejected, type RejectedRequest } from "./rejected-requests.ts";
import { type FalReply, json } from "./reply.ts";
import { resultExpiry, resultReply } from "./result.ts";
import { statusEvents } from "./status-stream.ts";
import { submit } from "./submit.ts";
import { webhookMessage } from "./webhook.ts";
import { isFinished, type Job } from "../../domain/job.ts";
import type { Problem } from "./wire.ts";

/** Accepts a request; wrong input is accepted too and is the request's result. */
export async function submitToQueue(request: FalRequest, accountId: string, context: FalContext): Promise<FalReply> {
  const text = await readText(request.body, context.limits.maxBodyBytes);
  if (text === undefined) return tooLarge();
  const submitted = await submit(text, request, accountId, context);
  if (submitted.kind === "job") {
    const position = await context.jobs.queuePosition(submitted.job);
    return submitReply(request.publicBase, submitted.job.id, position);
  }
  const rejected = await reject(submitted, accountId, context);
  return submitReply(request.publicBase, rejected.id, 0);
}

type Wrong = { readonly problems: readonly Problem[]; readonly webhookUrl: string | undefined };

async function reject({ problems, webhookUrl }: Wrong, accountId: string, context: FalContext): Promise<RejectedRequest> {
  return await context.database.transaction(async (transaction) => {
    const rejected = await recordRejected(transaction, { accountId, problems, now: context.clock.now() });
    if (webhookUrl !== undefined) {
      const message = webhookMessage(rejected.id, accountId, problemsReply(422, problems, rejected.id));
      await context.tell(transaction, { jobId: rejected.id, accountId, dialect: "fal", url: webhookUrl, message });
    }
    return rejected;
  });
}

type Found = { readonly kind: "job"; readonly job: Job } | { readonly kind: "rejected"; readonly rejected: RejectedRequest };

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A request of this account that is still kept. */
async function find(id: string, accountId: string, context: FalContext): Promise<Found | undefined> {
  if (!uuid.test(id)) return undefined;
  const job = await context.jobs.get(accountId, id);
  if (job === undefined) {
    const rejected = await findRejected(context.database, accountId, id);
    return rejected === undefined ? undefined : { kind: "rejected", rejected };
  }
  const isKept = !isFinished(job.state) || resultExpiry(job, context.limits) > context.clock.now();
  return job.dialect === "fal" && isKept ? { kind: "job", job } : undefined;
}

function notFound(id: string): FalReply {
  return json(404, { status: "NOT_FOUND" }, { [requestIdHeader]: id });
}

export type RequestCall = { readonly id: string; readonly accountId: string; readonly request: FalRequest };

export async function readStatus({ id, accountId, request }: RequestCall, context: FalContext): Promise<FalReply> {
  const found = await find(id, accountId, context);
  if (found === undefined) return notFound(id);
  const wantsLogs = decodeLogs(request.query);
  const { publicBase } = request;
  if (found.kind === "rejected") {
    return json(200, rejectedBody(found.rejected, publicBase, wantsLogs), { [requestIdHeader]: id });
  }
  const { job } = found;
  const body = statusBody({
    job,
    publicBase,
    queuePosition: job.state === "queued" ? await context.jobs.queuePosition(job) : 0,
    logs: wantsLogs && job.state !== "queued" ? await context.jobs.logs(id) : undefined,
  });
  return json(statusCode(body), body, { [requestIdHeader]: id });
}

export async function streamStatus({ id, accountId, request }: RequestCall, context: FalContext): Promise<FalReply> {
  const found = await find(id, accountId, context);
  if (found === undefined) return notFound(id);
  const question = { publicBase: request.publicBase, wantsLogs: decodeLogs(request.query), signal: request.disconnected };
  const events = statusEvents(found.kind === "job" ? found.job : found.rejected, question, context);
  return { status: 200, headers: { [requestIdHeader]: id }, body: { kind: "events", events } };
}

export async function readResult({ id, accountId, request }: RequestCall, context: FalContext): Promise<FalReply> {
  const found = await find(id, accountId, context);
  if (found === undefined) return notFound(id);
  if (found.kind === "rejected") return problemsReply(422, found.rejected.problems, id);
  const { links, limits } = context;
  const reply = resultReply(found.job, request.publicBase, { links, resultLifetimeSeconds: limits.resultLifetimeSeconds });
  return reply ?? json(400, { detail: "Request is still in progress" }, { [requestIdHeader]: id });
}

export async function cancel({ id, accountId }: RequestCall, context: FalContext): Promise<FalReply> {
  const found = await find(id, accountId, context);
  const outcome =
    found === undefined ? "not_found" : found.kind === "rejected" ? "already_finished" : await context.jobs.cancel(accountId, id);
  switch (outcome) {
    case "cancelled":
      return json(202, { status: "CANCELLATION_REQUESTED" }, { [requestIdHeader]: id });
    case "already_finished":
      return json(400, { status: "ALREADY_COMPLETED" }, { [requestIdHeader]: id });
    case "not_found":
      return notFound(id);
  }
}
