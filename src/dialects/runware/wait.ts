import { isFinished, type Job } from "../../domain/job.ts";
import type { RunwareContext } from "./context.ts";

export type WaitOptions = { readonly waitMs: number; readonly signal: AbortSignal };

/** The job once it has ended; undefined where that takes too long, or nobody waits any more. */
export async function waitForEnd(
  { id, accountId }: Job,
  { waitMs, signal }: WaitOptions,
  { jobs, clock, closing }: Pick<RunwareContext, "jobs" | "clock" | "closing">,
): Promise<Job | undefined> {
  const over = new AbortController();
  const timer = clock.sleep(waitMs, over.signal).then(() => over.abort());
  try {
    const events = jobs.watch(id, AbortSignal.any([over.signal, signal, closing]));
    for await (const event of events) if (event.type === "state" && isFinished(event.job.state)) break;
  } finally {
    over.abort();
    await timer;
  }
  const job = await jobs.get(accountId, id);
  return job !== undefined && isFinished(job.state) ? job : undefined;
}
