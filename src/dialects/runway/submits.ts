import { createHash, randomUUID } from "node:crypto";
import type { Job } from "../../domain/job.ts";
import type { RunwayContext } from "./context.ts";
import type { RunwayReply } from "./reply.ts";

export type Outcome = { readonly kind: "job"; readonly job: Job } | { readonly kind: "refused"; readonly reply: RunwayReply };

export type SubmitCall = {
  readonly accountId: string;
  readonly text: string;
  /** The sender says that it sends this again. */
  readonly isRepeated: boolean;
};

/** For how long a create may come again and mean the same task. */
const rememberedMs = 5 * 60_000;

/** Creates that are sent again because nobody waited for the first answer give the task of the first.
 *  What is asked for is written down before the work on it begins: whoever takes it up again, in whatever process, uses the
 *  same name for it, which makes one job of both. */
export class Submits {
  readonly #context: Pick<RunwayContext, "database" | "clock" | "jobs">;
  readonly #underWay = new Map<string, Promise<Outcome>>();

  constructor(context: Pick<RunwayContext, "database" | "clock" | "jobs">) {
    this.#context = context;
  }

  /** `make` submits the job under the key it is given. */
  async once(call: SubmitCall, make: (idempotencyKey: string) => Promise<Outcome>): Promise<Outcome> {
    const fingerprint = createHash("sha256").update(`${call.accountId}\n${call.text}`).digest("hex");
    const first = call.isRepeated ? this.#underWay.get(fingerprint) : undefined;
    if (first !== undefined) return await first;
    const outcome = this.#make(call, fingerprint, make);
    this.#underWay.set(fingerprint, outcome);
    try {
      return await outcome;
    } finally {
      if (this.#underWay.get(fingerprint) === outcome) this.#underWay.delete(fingerprint);
    }
  }

  async #make(
    { accountId, isRepeated }: SubmitCall,
    fingerprint: string,
    make: (idempotencyKey: string) => Promise<Outcome>,
  ): Promise<Outcome> {
    const { database, jobs } = this.#context;
    const earlier = isRepeated ? await this.#find(fingerprint) : undefined;
    const made = earlier?.jobId === undefined ? undefined : await jobs.get(accountId, earlier.jobId);
    if (made !== undefined) return { kind: "job", job: made };
    // A task that is gone again is not brought back.
    const id = earlier !== undefined && earlier.jobId === undefined ? earlier.id : await this.#remember(fingerprint);
    const outcome = await make(id);
    if (outcome.kind === "job") {
      await database.query("update runway_submits set job_id = $2 where id = $1", [id, outcome.job.id]);
    }
    return outcome;
  }

  async #find(fingerprint: string): Promise<{ readonly id: string; readonly jobId: string | undefined } | undefined> {
    const [row] = await this.#context.database.query<{ id: string; job_id: string | null }>(
      `select id, job_id from runway_submits where fingerprint = $1 and created_at > $2
       order by created_at desc, sequence desc limit 1`,
      [fingerprint, this.#rememberedSince()],
    );
    return row === undefined ? undefined : { id: row.id, jobId: row.job_id ?? undefined };
  }

  async #remember(fingerprint: string): Promise<string> {
    const { database, clock } = this.#context;
    const id = randomUUID();
    await database.query("delete from runway_submits where created_at <= $1", [this.#rememberedSince()]);
    await database.query("insert into runway_submits (id, fingerprint, created_at) values ($1, $2, $3)", [
      id,
      fingerprint,
      clock.now(),
    ]);
    return id;
  }

  #rememberedSince(): Date {
    return new Date(this.#context.clock.now().getTime() - rememberedMs);
  }
}
