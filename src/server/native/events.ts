import { Readable } from "node:stream";
import type { Clock } from "../../core/clock.ts";
import { isFinished, type Job } from "../../domain/job.ts";
import type { JobEvent, JobService } from "../../jobs/job-service.ts";
import type { JobDocument } from "./wire.ts";

export type EventStreamOptions = {
  readonly jobs: Pick<JobService, "get" | "watch">;
  readonly clock: Clock;
  readonly accountId: string;
  readonly jobId: string;
  readonly encode: (job: Job) => Promise<JobDocument>;
  /** Aborted when the caller goes or the server closes. */
  readonly signal: AbortSignal;
};

/** Proxies close connections on which nothing comes. */
const keepAliveMs = 15_000;

/** A job's life as server-sent events: its state now, then every change, ending after the last. */
export function eventStream(options: EventStreamOptions): Readable {
  return Readable.from(renderEvents(options), { objectMode: false });
}

async function* renderEvents({ jobs, clock, accountId, jobId, encode, signal }: EventStreamOptions): AsyncGenerator<string> {
  const done = new AbortController();
  const watched = jobs.watch(jobId, AbortSignal.any([signal, done.signal]))[Symbol.asyncIterator]();
  try {
    // Watching begins before the state is read, so that nothing falls between the two.
    let next = watched.next();
    next.catch(() => undefined); // met below, unless the stream ends first
    const job = await jobs.get(accountId, jobId);
    if (job === undefined) return;
    yield formatEvent("state", await encode(job));
    if (isFinished(job.state)) return;
    for (;;) {
      const result = await nextOrTick(next, clock, signal);
      if (result === "tick") {
        yield ": still here\n\n";
        continue;
      }
      if (result === undefined || result.done === true) return;
      yield await renderEvent(result.value, encode);
      if (result.value.type === "state" && isFinished(result.value.job.state)) return;
      next = watched.next();
    }
  } finally {
    done.abort();
    await watched.return?.();
  }
}

/** The next event, "tick" when none came for a while, undefined when the stream is to end. */
async function nextOrTick(
  next: Promise<IteratorResult<JobEvent>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<IteratorResult<JobEvent> | "tick" | undefined> {
  const waiting = new AbortController();
  try {
    const timer = clock.sleep(keepAliveMs, AbortSignal.any([signal, waiting.signal]));
    const first = await Promise.race([next, timer.then(() => "tick" as const)]);
    return first === "tick" && signal.aborted ? undefined : first;
  } finally {
    waiting.abort();
  }
}

async function renderEvent(event: JobEvent, encode: (job: Job) => Promise<JobDocument>): Promise<string> {
  switch (event.type) {
    case "state":
      return formatEvent("state", await encode(event.job));
    case "progress": {
      const { progress, seconds_left } = await encode(event.job);
      return formatEvent("progress", {
        progress,
        seconds_left,
        frames_done: event.framesDone,
        frames_total: event.framesTotal,
      });
    }
    case "log":
      return formatEvent("log", { ...event.line, at: event.line.at.toISOString() });
  }
}

function formatEvent(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
