import { createHash, randomUUID } from "node:crypto";
import { isFinished, type Job } from "../../domain/job.ts";
import { readText } from "../read-text.ts";
import type { FalContext, FalRequest } from "./context.ts";
import { problemsReply, requestError, tooLarge } from "./errors.ts";
import type { FalReply } from "./reply.ts";
import { resultReply } from "./result.ts";
import { submit } from "./submit.ts";

/** Synchronous calls: the answer comes on the connection that asked.
 *  A caller who leaves has the job cancelled, unless the same call comes again soon: clients that give up on a long
 *  silence repeat themselves. */
export class SynchronousRuns {
  readonly #context: FalContext;
  /** Jobs whose caller left, by what was asked. */
  readonly #abandoned = new Map<string, { readonly job: Job; readonly taken: AbortController }>();

  constructor(context: FalContext) {
    this.#context = context;
  }

  async run(request: FalRequest, accountId: string): Promise<FalReply> {
    const { limits, links } = this.#context;
    const text = await readText(request.body, limits.maxBodyBytes);
    if (text === undefined) return tooLarge();
    const call = createHash("sha256").update(`${accountId}\n${text}`).digest("hex");
    const again = this.#take(call);
    const submitted =
      again === undefined ? await submit(text, request, accountId, this.#context) : { kind: "job" as const, job: again };
    if (submitted.kind === "problems") return problemsReply(422, submitted.problems, randomUUID());
    const { job } = submitted;
    const finished = await this.#finish(job, request.disconnected);
    if (finished === undefined) {
      this.#abandon(call, job);
      return requestError(499, "client_disconnected", "The client disconnected", job.id);
    }
    const reply = resultReply(finished, request.publicBase, { links, resultLifetimeSeconds: limits.resultLifetimeSeconds });
    return reply ?? requestError(500, "internal_error", "Internal Server Error", job.id);
  }

  /** The job in its last state; undefined where the caller left first. */
  async #finish(job: Job, disconnected: AbortSignal): Promise<Job | undefined> {
    const { jobs } = this.#context;
    for await (const event of jobs.watch(job.id, disconnected)) {
      if (event.type === "state" && isFinished(event.job.state)) return event.job;
    }
    const last = await jobs.get(job.accountId, job.id);
    return last !== undefined && isFinished(last.state) ? last : undefined;
  }

  #abandon(call: string, job: Job): void {
    const { clock, limits, jobs, logger } = this.#context;
    const taken = new AbortController();
    this.#abandoned.set(call, { job, taken });
    const end = async (): Promise<void> => {
      await clock.sleep(limits.reattachMs, taken.signal);
      if (taken.signal.aborted) return;
      this.#abandoned.delete(call);
      await jobs.cancel(job.accountId, job.id);
    };
    end().catch((error: unknown) =>
      logger.error("job of a caller who left was not cancelled", { jobId: job.id, error: String(error) }),
    );
  }

  #take(call: string): Job | undefined {
    const found = this.#abandoned.get(call);
    found?.taken.abort();
    this.#abandoned.delete(call);
    return found?.job;
  }
}
