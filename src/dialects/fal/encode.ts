import type { Job, JobFailure, JobLogLine } from "../../domain/job.ts";
import { failureSummary, statusPhrase } from "./errors.ts";
import { baseOf } from "./hosts.ts";
import { appId, requestIdHeader } from "./names.ts";
import { type FalReply, json } from "./reply.ts";
import type { LogEntry, Problem, StatusBody } from "./wire.ts";

/** Where a signed file is found for callers of that base. */
export function fileUrl(publicBase: string, token: string, fileName: string): string {
  return `${baseOf(publicBase, "cdn")}/files/${token}/${encodeURIComponent(fileName)}`;
}

export function requestUrls(publicBase: string, id: string): Pick<StatusBody, "response_url" | "status_url" | "cancel_url"> {
  const url = `${baseOf(publicBase, "queue")}/${appId}/requests/${id}`;
  return { response_url: url, status_url: `${url}/status`, cancel_url: `${url}/cancel` };
}

export function submitReply(publicBase: string, id: string, queuePosition: number): FalReply {
  const body = { status: "IN_QUEUE", request_id: id, gateway_request_id: id, queue_position: queuePosition };
  return json(200, { ...body, ...requestUrls(publicBase, id) }, { [requestIdHeader]: id });
}

type CommonBody = Pick<StatusBody, "request_id" | "response_url" | "status_url" | "cancel_url">;

export type StatusQuestion = {
  readonly job: Job;
  readonly publicBase: string;
  readonly queuePosition: number;
  /** Undefined: the caller wants none. */
  readonly logs: readonly JobLogLine[] | undefined;
};

/** A job's state in the three words of the wire; failure and cancel are COMPLETED. */
export function statusBody({ job, publicBase, queuePosition, logs }: StatusQuestion): StatusBody {
  const common = { request_id: job.id, ...requestUrls(publicBase, job.id) };
  if (job.state === "queued") return { status: "IN_QUEUE", ...common, queue_position: queuePosition };
  const entries = logs?.map(logEntry) ?? null;
  if (job.state === "running") return { status: "IN_PROGRESS", ...common, logs: entries };
  const failure = job.state === "succeeded" ? undefined : (job.failure ?? cancelled);
  return completedBody(common, { logs: entries, seconds: inferenceSeconds(job), failure: failure && failureSummary(failure) });
}

const cancelled: JobFailure = { code: "cancelled", message: "The job was cancelled.", details: {} };

type Completion = {
  readonly logs: StatusBody["logs"];
  readonly seconds: number;
  readonly failure: { readonly error: string; readonly errorType: string } | undefined;
};

function completedBody(common: CommonBody, { logs = null, seconds, failure }: Completion): StatusBody {
  return {
    status: "COMPLETED",
    ...common,
    logs,
    metrics: { inference_time: seconds },
    ...(failure !== undefined && { error: failure.error, error_type: failure.errorType }),
  };
}

/** The status of a request that no job runs for: over from the start. */
export function rejectedBody(
  { id, problems }: { readonly id: string; readonly problems: readonly Problem[] },
  publicBase: string,
  wantsLogs: boolean,
): StatusBody {
  const failure = { error: statusPhrase(422), errorType: problems[0]?.type ?? "value_error" };
  return completedBody({ request_id: id, ...requestUrls(publicBase, id) }, { logs: wantsLogs ? [] : null, seconds: 0, failure });
}

function inferenceSeconds({ startedAt, finishedAt }: Job): number {
  return startedAt === undefined || finishedAt === undefined ? 0 : (finishedAt.getTime() - startedAt.getTime()) / 1000;
}

/** Only a completed job answers 200: one client goes by the status code alone. */
export function statusCode({ status }: Pick<StatusBody, "status">): number {
  return status === "COMPLETED" ? 200 : 202;
}

const levels = { info: "INFO", warn: "WARN", error: "ERROR" } as const;

function logEntry({ message, level, at }: JobLogLine): LogEntry {
  return { message, level: levels[level], source: "USER", timestamp: at.toISOString() };
}
