import type { JobFailure, JobResult } from "../../src/domain/job.ts";
import type { JobClaim, JobRunner } from "../../src/jobs/job-runner.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";

/** What stands in for a result: bytes that no player would take, but every reader can compare. */
export const resultBytes = Buffer.from("\0\0\0\x18ftypmp42 the bytes of a result");

/** Does with jobs what a worker does, one step at a time. */
export class JobDriver {
  readonly #jobs: JobRunner;
  readonly #store: ObjectStore;
  readonly #nextId: () => string;

  constructor(jobs: JobRunner, store: ObjectStore, nextId: () => string) {
    this.#jobs = jobs;
    this.#store = store;
    this.#nextId = nextId;
  }

  /** Starts the next job that waits; resolves once there is one. */
  async start(): Promise<JobClaim> {
    let changed = Promise.withResolvers<void>();
    const listening = this.#jobs.onChange(() => changed.resolve());
    try {
      for (;;) {
        const claim = await this.#jobs.claim();
        if (claim !== undefined) return claim;
        await changed.promise;
        changed = Promise.withResolvers<void>();
      }
    } finally {
      listening[Symbol.dispose]();
    }
  }

  async log(claim: JobClaim, message: string): Promise<void> {
    await this.#jobs.log(claim.job.id, "info", message);
  }

  async succeed(claim: JobClaim, changes: Partial<JobResult> = {}): Promise<void> {
    const objectKey = `results/${this.#nextId()}/out.mp4`;
    await this.#store.put(objectKey, bytes(resultBytes), { contentType: "video/mp4", fileName: "out.mp4" });
    const result: JobResult = {
      objectKey,
      fileName: "out.mp4",
      contentType: "video/mp4",
      sizeBytes: resultBytes.length,
      durationSeconds: 10,
      width: 1920,
      height: 1080,
      frames: 300,
      ...changes,
    };
    await this.#jobs.succeed(claim, result, {});
  }

  async fail(claim: JobClaim, failure: JobFailure): Promise<void> {
    await this.#jobs.fail(claim, failure);
  }

  /** Runs the next job to a good end, with two lines of log. */
  async workOnce(changes: Partial<JobResult> = {}): Promise<void> {
    const claim = await this.start();
    await this.log(claim, "planned");
    await this.log(claim, "done");
    await this.succeed(claim, changes);
  }
}

async function* bytes(whole: Uint8Array): AsyncGenerator<Uint8Array> {
  yield whole;
}
