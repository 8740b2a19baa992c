import type { Job } from "../../domain/job.ts";
import type { FalContext } from "./context.ts";
import { rejectedBody, statusBody } from "./encode.ts";
import type { RejectedRequest } from "./rejected-requests.ts";
import type { StatusBody } from "./wire.ts";

export type StreamQuestion = {
  readonly publicBase: string;
  readonly wantsLogs: boolean;
  /** Aborts when the caller leaves. */
  readonly signal: AbortSignal;
};

/** A request's states as server-sent events: at once, at every change, until it is completed.
 *  Each carries only the log lines that are new since the one before; callers add them up. */
export async function* statusEvents(
  subject: Job | RejectedRequest,
  question: StreamQuestion,
  context: FalContext,
): AsyncGenerator<string> {
  const { publicBase, wantsLogs, signal } = question;
  if ("problems" in subject) {
    yield eventOf(rejectedBody(subject, publicBase, wantsLogs), wantsLogs);
    return;
  }
  const stopped = new AbortController();
  const ended = AbortSignal.any([signal, stopped.signal]);
  const changes = context.jobs.watch(subject.id, ended)[Symbol.asyncIterator]();
  const news = newsOf(subject, question, context);
  try {
    // Asked for before the state is read, so that no change falls between the two.
    let change = changes.next();
    for (;;) {
      const body = await news();
      if (body !== undefined) yield eventOf(body, wantsLogs);
      if (body?.status === "COMPLETED" || ended.aborted) return;
      const outcome = await withinMs(change, context, ended);
      if (outcome === "quiet") yield ": keepalive\n\n";
      else if (outcome.done !== true) change = changes.next();
      else {
        // The end of the changes is the end of the job, which may have come after the look above.
        const last = await news();
        if (last !== undefined) yield eventOf(last, wantsLogs);
        return;
      }
    }
  } finally {
    stopped.abort();
    await changes.return?.();
  }
}

/** Each call gives the status with the log lines since the last; undefined where nothing is new. */
function newsOf(
  subject: Job,
  { publicBase, wantsLogs }: StreamQuestion,
  { jobs }: FalContext,
): () => Promise<StatusBody | undefined> {
  let lastLine = 0;
  let lastState = "";
  return async () => {
    const job = (await jobs.get(subject.accountId, subject.id)) ?? subject;
    const lines = wantsLogs && job.state !== "queued" ? await jobs.logs(job.id, lastLine) : [];
    lastLine = lines.at(-1)?.sequence ?? lastLine;
    const queuePosition = job.state === "queued" ? await jobs.queuePosition(job) : 0;
    const body = statusBody({ job, publicBase, queuePosition, logs: lines });
    const state = JSON.stringify({ ...body, logs: null });
    if (state === lastState && lines.length === 0) return undefined;
    lastState = state;
    return body;
  };
}

/** The next change, or "quiet" when nothing came for as long as a connection may be silent. */
async function withinMs<Change>(
  change: Promise<Change>,
  { clock, limits }: FalContext,
  ended: AbortSignal,
): Promise<Change | "quiet"> {
  const waited = new AbortController();
  try {
    const quiet = clock.sleep(limits.keepAliveMs, AbortSignal.any([waited.signal, ended])).then(() => "quiet" as const);
    return await Promise.race([change, quiet]);
  } finally {
    waited.abort();
  }
}

/** Clients take an event's `logs` as wanted when it is there. */
function eventOf(body: StatusBody, wantsLogs: boolean): string {
  const { logs, ...rest } = body;
  return `data: ${JSON.stringify(wantsLogs && logs !== undefined ? { ...rest, logs } : rest)}\n\n`;
}
