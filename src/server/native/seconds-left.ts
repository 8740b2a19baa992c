import type { Job } from "../../domain/job.ts";

/** Guesses too early are worse than none. */
const surestProgress = 0.02;

/** How long a running job probably takes yet, by its average speed since its start, waits and restarts included: slow to
 *  change, and never better than what was seen.  Shape: whole seconds from 1 on; null while nothing can be said, also
 *  between the last frame and the end. */
export function estimateSecondsLeft(job: Pick<Job, "state" | "progress" | "startedAt">, now: Date): number | null {
  const { state, progress, startedAt } = job;
  if (state !== "running" || startedAt === undefined || progress < surestProgress || progress >= 1) return null;
  const spentSeconds = (now.getTime() - startedAt.getTime()) / 1000;
  if (spentSeconds <= 0) return null; // the clock of the machine that works on it is ahead of ours
  return Math.max(1, Math.round((spentSeconds * (1 - progress)) / progress));
}

/** How fast a job gets on or got on, from its start to its end or to now.  Shape: null before the first frame. */
export function averageFramesPerSecond(
  { framesDone, result, startedAt, finishedAt }: Pick<Job, "framesDone" | "result" | "startedAt" | "finishedAt">,
  now: Date,
): number | null {
  const frames = result?.frames ?? framesDone;
  if (startedAt === undefined || frames === 0) return null;
  const seconds = ((finishedAt ?? now).getTime() - startedAt.getTime()) / 1000;
  return seconds > 0 ? Math.round((frames / seconds) * 100) / 100 : null;
}
