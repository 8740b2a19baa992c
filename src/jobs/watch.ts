import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/database.ts";
import { isFinished } from "../domain/job.ts";
import type { Changes } from "./changes.ts";
import { findRow, type JobRow, readLogs, toJob } from "./job-rows.ts";
import type { JobEvent } from "./job-service.ts";

/** How often a job is looked at when another process runs it; changes made in this one are seen at once. */
const lookEveryMs = 1000;

export type WatchContext = { readonly database: Database; readonly changes: Changes; readonly clock: Clock };

/** The events of a job from now on: the difference between what is in the database at one look and the next. */
export async function* watchJob(
  id: string,
  { database, changes, clock }: WatchContext,
  signal: AbortSignal,
): AsyncGenerator<JobEvent> {
  let changed = new AbortController();
  using owned = new DisposableStack();
  owned.use(changes.listen((jobId) => jobId === id && changed.abort()));
  let before = await findRow(database, id);
  if (before === undefined) return;
  let lastLine = (await readLogs(database, id, 0)).at(-1)?.sequence ?? 0;
  while (!signal.aborted && !isFinished(before.state)) {
    await clock.sleep(lookEveryMs, AbortSignal.any([signal, changed.signal]));
    if (signal.aborted) return;
    // Renewed before looking: a change during the look leads to another look.
    changed = new AbortController();
    const row = await findRow(database, id);
    if (row === undefined) return;
    // After the row, so that the lines written before the last state are there.
    for (const line of await readLogs(database, id, lastLine)) {
      lastLine = line.sequence;
      yield { type: "log", jobId: id, line };
    }
    yield* difference(before, row);
    before = row;
  }
}

function* difference(before: JobRow, row: JobRow): Generator<JobEvent> {
  const job = toJob(row);
  if (row.frames_done !== before.frames_done || row.frames_total !== before.frames_total) {
    yield { type: "progress", job, framesDone: row.frames_done, framesTotal: row.frames_total };
  }
  if (row.state !== before.state) yield { type: "state", job };
}
