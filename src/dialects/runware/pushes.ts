import { errorFacts } from "../../core/logger.ts";
import { isFinished, type Job } from "../../domain/job.ts";
import type { Answer } from "./answer.ts";
import type { RunwareContext } from "./context.ts";
import { dialectDataOf } from "./dialect-data.ts";
import { jobAnswer } from "./encode.ts";

/** Tasks of one connection whose end is looked out for at the same time. */
const mostAtOnce = 20;

type PushParts = { readonly context: RunwareContext; readonly publicBase: string };

/** Tells a connection unasked of the success of tasks that it polls: some clients look again only much later. */
export class Pushes {
  readonly #parts: PushParts;
  readonly #closed: AbortSignal;
  readonly #watched = new Map<string, AbortController>();

  constructor(parts: PushParts, closed: AbortSignal) {
    this.#parts = parts;
    this.#closed = closed;
  }

  /** Called after each answer to a poll: a job that goes on is watched, one that has ended is told already. */
  polled(job: Job, send: (answer: Answer) => Promise<void>): void {
    const watched = this.#watched.get(job.id);
    if (isFinished(job.state)) watched?.abort();
    else if (watched === undefined && this.#watched.size < mostAtOnce && !this.#closed.aborted) void this.#watch(job, send);
  }

  async #watch(job: Job, send: (answer: Answer) => Promise<void>): Promise<void> {
    const { context, publicBase } = this.#parts;
    const told = new AbortController();
    this.#watched.set(job.id, told);
    try {
      const signal = AbortSignal.any([told.signal, this.#closed, context.closing]);
      for await (const event of context.jobs.watch(job.id, signal))
        if (event.type === "state" && isFinished(event.job.state)) break;
      if (signal.aborted) return;
      const ended = await context.jobs.get(job.accountId, job.id);
      if (ended?.state !== "succeeded" || signal.aborted) return;
      await send(jobAnswer(ended, dialectDataOf(ended).taskUUID, { ...context, publicBase }));
    } catch (error) {
      context.logger.error("task cannot be watched", { dialect: "runware", jobId: job.id, ...errorFacts(error) });
    } finally {
      this.#watched.delete(job.id);
    }
  }
}
