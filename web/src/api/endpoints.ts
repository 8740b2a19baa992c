import { getJson, inTurn, sendJson } from "./http.ts";
import type {
  AdminAccount,
  AdminDelivery,
  AdminKey,
  AdminQueue,
  AdminWorker,
  Box,
  Container,
  CreatedKey,
  Estimate,
  Job,
  JobCounts,
  JobList,
  JobState,
  JobView,
  LogLine,
  Model,
  Preset,
  Report,
  Session,
  Taste,
  Tier,
  Times,
  Upload,
} from "./types.ts";

/** What a job is to become; the source is said beside it. */
export type Choices = {
  readonly to?: Box;
  readonly scale?: number;
  readonly fps?: "keep" | 30 | 60;
  readonly preset?: Preset;
  readonly fidelity?: "high" | "medium";
  readonly format?: Container;
  readonly quality?: number;
};

export type JobQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly states?: readonly JobState[];
  readonly source?: string;
  readonly tastes?: "hide" | "show" | "only";
};

const at = (id: string): string => encodeURIComponent(id);

export const api = {
  health: (signal?: AbortSignal) => getJson<{ status: string; version: string; open: boolean }>("/api/health", signal),
  session: (signal?: AbortSignal) => getJson<Session>("/api/session", signal),
  models: (signal?: AbortSignal) => getJson<{ models: Model[] }>("/api/models", signal),

  upload: (id: string, signal?: AbortSignal) => getJson<Upload>(`/api/uploads/${at(id)}`, signal),
  fetchUpload: (url: string, signal: AbortSignal) => sendJson<Upload>("/api/uploads/fetch", { body: { video_url: url }, signal }),
  estimate: (uploadId: string, choices: Choices, signal: AbortSignal) =>
    inTurn(() => sendJson<Estimate>("/api/estimates", { body: { upload_id: uploadId, ...choices }, signal }), signal),
  taste: (uploadId: string, choices: Choices) => sendJson<Taste>("/api/tastes", { body: { upload_id: uploadId, ...choices } }),

  submit: (uploadId: string, tier: Tier, choices: Choices, onceKey: string) =>
    sendJson<Job>("/api/jobs", { body: { upload_id: uploadId, tier, ...choices }, headers: { "idempotency-key": onceKey } }),
  jobs: (query: JobQuery, signal?: AbortSignal) => getJson<JobList>(`/api/jobs?${searchOf(query)}`, signal),
  counts: (signal?: AbortSignal) => getJson<JobCounts>("/api/jobs/counts?tastes=hide", signal),
  job: (id: string, signal?: AbortSignal) => getJson<Job>(`/api/jobs/${at(id)}`, signal),
  cancel: (id: string) => sendJson<Job>(`/api/jobs/${at(id)}/cancel`),
  retry: (id: string) => sendJson<Job>(`/api/jobs/${at(id)}/retry`),
  remove: (id: string) => sendJson<{ id: string }>(`/api/jobs/${at(id)}/remove`),
  logs: (id: string, after: number, signal?: AbortSignal) =>
    getJson<{ lines: LogLine[] }>(`/api/jobs/${at(id)}/logs?after=${after}`, signal),
  report: (id: string, signal?: AbortSignal) => getJson<Report>(`/api/jobs/${at(id)}/report`, signal),
  view: (id: string, signal?: AbortSignal) => getJson<JobView>(`/api/jobs/${at(id)}/view`, signal),
  times: (id: string, of: "result" | "source", signal?: AbortSignal) => allTimes(id, of, signal),

  admin: {
    accounts: (signal?: AbortSignal) => getJson<{ accounts: AdminAccount[] }>("/api/admin/accounts", signal),
    changeAccount: (id: string, limits: Record<string, number | null>) =>
      sendJson<AdminAccount>(`/api/admin/accounts/${at(id)}`, { method: "PATCH", body: limits }),
    keys: (signal?: AbortSignal) => getJson<{ keys: AdminKey[] }>("/api/admin/keys", signal),
    createKey: (body: object) => sendJson<CreatedKey>("/api/admin/keys", { body }),
    revokeKey: (id: string) => sendJson<{ revoked: boolean }>(`/api/admin/keys/${at(id)}`, { method: "DELETE" }),
    grant: (id: string, micros: string) =>
      sendJson<{ balance_micros: string }>("/api/admin/grants", { body: { account_or_key_id: id, micros } }),
    deliveries: (signal?: AbortSignal) => getJson<{ deliveries: AdminDelivery[] }>("/api/admin/deliveries?limit=200", signal),
    resend: (id: string) => sendJson<{ sent: boolean }>(`/api/admin/deliveries/${at(id)}/resend`),
    workers: (signal?: AbortSignal) => getJson<{ workers: AdminWorker[] }>("/api/admin/workers", signal),
    queue: (signal?: AbortSignal) => getJson<AdminQueue>("/api/admin/queue", signal),
  },
};

const timesAtOnce = 5000;

async function allTimes(id: string, of: string, signal?: AbortSignal): Promise<Float64Array> {
  let times = new Float64Array(0);
  for (let from = 0; ; from += timesAtOnce) {
    const path = `/api/jobs/${at(id)}/times?of=${of}&from=${from}&count=${timesAtOnce}`;
    const { total, seconds } = await getJson<Times>(path, signal);
    if (times.length !== total) times = new Float64Array(total);
    times.set(seconds.slice(0, total - from), from);
    if (seconds.length === 0 || from + seconds.length >= total) return times;
  }
}

function searchOf({ limit, cursor, states, source, tastes }: JobQuery): string {
  const search = new URLSearchParams({ limit: String(limit) });
  if (cursor !== undefined) search.set("cursor", cursor);
  if (states !== undefined && states.length > 0) search.set("state", states.join(","));
  if (source !== undefined) search.set("source", source);
  if (tastes !== undefined) search.set("tastes", tastes);
  return search.toString();
}
