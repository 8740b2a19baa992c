import type { Database } from "../db/database.ts";
import type { DialectName, Job, JobFailure, PlannedFacts, JobLogLine, JobResult, JobSource, JobState } from "../domain/job.ts";
import type { UpscaleRequest } from "../domain/upscale-request.ts";

export type JobRow = {
  readonly id: string;
  readonly sequence: bigint;
  readonly account_id: string;
  readonly dialect: DialectName;
  readonly request: UpscaleRequest;
  readonly source: JobSource;
  readonly priority: number;
  readonly state: JobState;
  readonly progress: number;
  readonly frames_done: number;
  readonly frames_total: number;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly start_deadline: Date | null;
  readonly result: JobResult | null;
  readonly failure: JobFailure | null;
  readonly price_micros: bigint;
  readonly webhook_url: string | null;
  readonly dialect_data: Readonly<Record<string, unknown>>;
  readonly result_lifetime_seconds: number | null;
  readonly attempt: number;
  readonly crashes: number;
  readonly retries: number;
  readonly interruptions: number;
  readonly handed_back: boolean;
  readonly max_source_seconds: number | null;
  readonly planned: PlannedFacts | null;
  readonly upload_url: string | null;
  readonly is_free: boolean;
  readonly group_name: string | null;
  readonly removed_at: Date | null;
  readonly fingerprint: string | null;
  readonly plan_threads: number | null;
  readonly change: bigint;
};

export const jobColumns = `id, sequence, account_id, dialect, request, source, priority, state, progress, frames_done,
  frames_total, created_at, started_at, finished_at, start_deadline, result, failure, price_micros, webhook_url,
  dialect_data, result_lifetime_seconds, attempt, crashes, retries, interruptions, handed_back,
  max_source_seconds, planned, upload_url, is_free, group_name, removed_at, fingerprint, plan_threads, change`;

export const priorityNumbers = { low: 0, normal: 1 } as const;

export function toJob(row: JobRow): Job {
  return {
    id: row.id,
    accountId: row.account_id,
    dialect: row.dialect,
    request: row.request,
    source: row.source,
    priority: row.priority === priorityNumbers.low ? "low" : "normal",
    state: row.state,
    progress: row.progress,
    framesDone: row.frames_done,
    framesTotal: row.frames_total,
    createdAt: row.created_at,
    startedAt: row.started_at ?? undefined,
    finishedAt: row.finished_at ?? undefined,
    startDeadline: row.start_deadline ?? undefined,
    result: row.result ?? undefined,
    failure: row.failure ?? undefined,
    priceMicros: row.price_micros,
    webhookUrl: row.webhook_url ?? undefined,
    dialectData: row.dialect_data,
    resultLifetimeSeconds: row.result_lifetime_seconds ?? undefined,
    planned: row.planned ?? undefined,
    maxSourceSeconds: row.max_source_seconds ?? undefined,
    uploadUrl: row.upload_url ?? undefined,
    isFree: row.is_free,
    group: row.group_name ?? undefined,
  };
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A job's row, locked until the transaction ends where `lock` says so; an id that cannot be one finds nothing. */
export async function findRow(database: Database, id: string, lock: "lock" | "read" = "read"): Promise<JobRow | undefined> {
  if (!uuid.test(id)) return undefined;
  const suffix = lock === "lock" ? " for update" : "";
  const [row] = await database.query<JobRow>(`select ${jobColumns} from jobs where id = $1${suffix}`, [id]);
  return row;
}

type LogRow = { readonly sequence: bigint; readonly at: Date; readonly level: JobLogLine["level"]; readonly message: string };

export async function readLogs(database: Database, jobId: string, after: number): Promise<readonly JobLogLine[]> {
  if (!uuid.test(jobId)) return [];
  const rows = await database.query<LogRow>(
    "select sequence, at, level, message from job_logs where job_id = $1 and sequence > $2 order by sequence",
    [jobId, after],
  );
  return rows.map(({ sequence, ...line }) => ({ sequence: Number(sequence), ...line }));
}
