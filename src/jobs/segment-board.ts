import { randomUUID } from "node:crypto";
import { stringifyJson } from "../core/json.ts";
import type { Database, OpenDatabase } from "../db/database.ts";
import type { Job, JobFailure } from "../domain/job.ts";
import { findRow, jobColumns, type JobRow, toJob } from "./job-rows.ts";

export type PlannedSegments = {
  /** The same for every run whose segments go together. */
  readonly fingerprint: string;
  readonly encoderThreads: number;
  /** Of each segment, in order. */
  readonly frames: readonly number[];
};

export type SegmentState = {
  readonly index: number;
  readonly state: "waiting" | "leased" | "done" | "failed";
  readonly frames: number;
  readonly framesDone: number;
  readonly failure: JobFailure | undefined;
};

/** One start of a job; later ones have a higher attempt. */
type JobStart = { readonly job: Job; readonly attempt: number };

/** The right to make one segment. */
export type SegmentClaim = { readonly jobId: string; readonly index: number; readonly of: number; readonly lease: string };

/** What a worker has to know to help with another one's job. */
export type HelpClaim = {
  readonly segment: SegmentClaim;
  readonly job: Job;
  readonly fingerprint: string;
  readonly encoderThreads: number;
};

const leaseSeconds = 10;
const isFree = "(s.state = 'waiting' or (s.state = 'leased' and s.leased_until < clock_timestamp()))";

/** The segments of running jobs, as the workers share them. */
export class SegmentBoard {
  readonly #database: OpenDatabase;

  constructor(database: OpenDatabase) {
    this.#database = database;
  }

  /** Puts up a job's segments; what another fingerprint's runs have made is forgotten, what this job's earlier starts had
   *  leased is free again. The segments as they stand; none for a claim that is not held any more. */
  plan(start: JobStart, planned: PlannedSegments): Promise<readonly SegmentState[]> {
    const { id } = start.job;
    const { fingerprint, encoderThreads, frames } = planned;
    return this.#database.transaction(async (transaction) => {
      const row = await findRow(transaction, id, "lock");
      if (row?.state !== "running" || row.attempt !== start.attempt) return [];
      if (row.fingerprint !== fingerprint) await transaction.query("delete from job_segments where job_id = $1", [id]);
      await transaction.query("update jobs set fingerprint = $2, plan_threads = $3 where id = $1", [
        id,
        fingerprint,
        encoderThreads,
      ]);
      await transaction.query(
        `insert into job_segments (job_id, index, frames)
         select $1, position - 1, frames from unnest($2::integer[]) with ordinality as planned (frames, position)
         on conflict do nothing`,
        [id, frames],
      );
      await transaction.query(
        "update job_segments set state = 'waiting', lease = null where job_id = $1 and state = 'leased' and lease_attempt < $2",
        [id, start.attempt],
      );
      return await listSegments(transaction, id);
    });
  }

  list(jobId: string): Promise<readonly SegmentState[]> {
    return listSegments(this.#database, jobId);
  }

  /** Takes the next segment of the caller's own job. */
  async claim({ job, attempt }: JobStart): Promise<SegmentClaim | undefined> {
    const lease = randomUUID();
    const [row] = await this.#database.query<ClaimedRow>(
      `${claimFirst(`select s.job_id, s.index from job_segments s where s.job_id = $3 and ${isFree} order by s.index`)}
       returning job_id, index, (select count(*) from job_segments o where o.job_id = s.job_id)::integer as of`,
      [lease, attempt, job.id],
    );
    return row === undefined ? undefined : toClaim(row, lease);
  }

  /** Takes a segment of a job that another worker runs; none of `except`. */
  async claimHelp(except: readonly string[]): Promise<HelpClaim | undefined> {
    const lease = randomUUID();
    const candidates = `select s.job_id, s.index from job_segments s join jobs j on j.id = s.job_id
      where j.state = 'running' and ${isFree} and not s.job_id::text = any($3::text[])
      order by j.priority desc, j.sequence, s.index`;
    const [row] = await this.#database.query<ClaimedRow>(
      `${claimFirst(candidates)}
       returning job_id, index, (select count(*) from job_segments o where o.job_id = s.job_id)::integer as of`,
      [lease, null, except],
    );
    if (row === undefined) return undefined;
    const [jobRow] = await this.#database.query<JobRow>(`select ${jobColumns} from jobs where id = $1`, [row.job_id]);
    if (jobRow === undefined || jobRow.fingerprint === null || jobRow.plan_threads === null) return undefined;
    const { fingerprint, plan_threads: encoderThreads } = jobRow;
    return { segment: toClaim(row, lease), job: toJob(jobRow), fingerprint, encoderThreads };
  }

  /** Takes another segment of the job that is being helped with. */
  async claimMore({ job, fingerprint }: HelpClaim): Promise<SegmentClaim | undefined> {
    const lease = randomUUID();
    const candidates = `select s.job_id, s.index from job_segments s join jobs j on j.id = s.job_id
      where s.job_id = $3 and j.state = 'running' and j.fingerprint = $4 and ${isFree} order by s.index`;
    const [row] = await this.#database.query<ClaimedRow>(
      `${claimFirst(candidates)}
       returning job_id, index, (select count(*) from job_segments o where o.job_id = s.job_id)::integer as of`,
      [lease, null, job.id, fingerprint],
    );
    return row === undefined ? undefined : toClaim(row, lease);
  }

  /** To be called about every second; false when the segment is not the caller's any more. */
  renew(claim: SegmentClaim, framesDone: number): Promise<boolean> {
    return this.#change(
      claim,
      `frames_done = $3, leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})`,
      framesDone,
    );
  }

  finish(claim: SegmentClaim): Promise<boolean> {
    return this.#change(claim, "state = 'done', frames_done = frames, lease = null");
  }

  /** Leaves the segment to others. */
  release(claim: SegmentClaim): Promise<boolean> {
    return this.#change(claim, "state = 'waiting', frames_done = 0, lease = null");
  }

  /** Leaves a segment whose engine crashed to be tried again; how often that happened. */
  async recordCrash({ jobId, index, lease }: SegmentClaim): Promise<number> {
    const [row] = await this.#database.query<{ crashes: number }>(
      `update job_segments set crashes = crashes + 1, state = 'waiting', frames_done = 0, lease = null
       where job_id = $1 and index = $2 and lease = $3 returning crashes`,
      [jobId, index, lease],
    );
    return row?.crashes ?? 0;
  }

  /** Ends a segment, and with it its job: the job's own worker sees to that. */
  async fail({ jobId, index }: SegmentClaim, failure: JobFailure): Promise<void> {
    await this.#database.query(
      "update job_segments set state = 'failed', failure = $3, lease = null where job_id = $1 and index = $2 and state <> 'done'",
      [jobId, index, stringifyJson(failure)],
    );
  }

  /** Has a segment made again whose files are lost. */
  async reopen(jobId: string, index: number): Promise<void> {
    await this.#database.query(
      "update job_segments set state = 'waiting', frames_done = 0 where job_id = $1 and index = $2 and state = 'done'",
      [jobId, index],
    );
  }

  async #change({ jobId, index, lease }: SegmentClaim, change: string, ...values: readonly unknown[]): Promise<boolean> {
    const where = `where job_id = $1 and index = $2 and lease = $${values.length + 3}`;
    const rows = await this.#database.query(`update job_segments set ${change} ${where} returning index`, [
      jobId,
      index,
      ...values,
      lease,
    ]);
    return rows.length === 1;
  }
}

type ClaimedRow = { readonly job_id: string; readonly index: number; readonly of: number };

/** Values: $1 the lease, $2 the job's start or null. */
function claimFirst(candidates: string): string {
  return `update job_segments s set state = 'leased', lease = $1::uuid, lease_attempt = $2::integer, frames_done = 0,
    leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds})
    where (s.job_id, s.index) in (${candidates} limit 1 for update of s skip locked)`;
}

function toClaim({ job_id: jobId, index, of }: ClaimedRow, lease: string): SegmentClaim {
  return { jobId, index, of, lease };
}

async function listSegments(database: Database, jobId: string): Promise<readonly SegmentState[]> {
  const rows = await database.query<
    Omit<SegmentState, "framesDone" | "failure"> & { frames_done: number; failure: JobFailure | null }
  >("select index, state, frames, frames_done, failure from job_segments where job_id = $1 order by index", [jobId]);
  return rows.map(({ frames_done: framesDone, failure, ...row }) => ({ ...row, framesDone, failure: failure ?? undefined }));
}
