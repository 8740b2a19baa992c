import { errorFacts, type Logger } from "../core/logger.ts";
import type { JobLogLine } from "../domain/job.ts";
import type { JobRunner } from "../jobs/job-runner.ts";
import type { EnginePlan, EngineStep } from "./engine-messages.ts";

/** Writes a job's log lines one after the other, without making the work wait for them. */
export class JobLog {
  readonly #jobs: JobRunner;
  readonly #jobId: string;
  readonly #logger: Logger;
  #written: Promise<void> = Promise.resolve();

  constructor(jobs: JobRunner, jobId: string, logger: Logger) {
    this.#jobs = jobs;
    this.#jobId = jobId;
    this.#logger = logger;
  }

  write(message: string, level: JobLogLine["level"] = "info"): void {
    this.#written = this.#written
      .then(() => this.#jobs.log(this.#jobId, level, message))
      .catch((error: unknown) => this.#logger.warn("job log line lost", errorFacts(error)));
  }

  planned({ summary, damage }: EnginePlan): void {
    this.write(summary);
    for (const found of damage) this.write(`damaged input: ${found}`, "warn");
  }

  step(step: EngineStep): void {
    switch (step.type) {
      case "assembling":
        this.write("joining picture, sound and the rest");
        return;
      case "verifying":
        this.write("checking the result against the source");
        return;
      case "progress":
    }
  }

  /** Resolves when every line is written. */
  settled(): Promise<void> {
    return this.#written;
  }
}
