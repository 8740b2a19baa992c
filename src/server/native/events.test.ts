import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../test/support/manual-clock.ts";
import type { Job } from "../../domain/job.ts";
import type { JobEvent } from "../../jobs/job-service.ts";
import { eventStream } from "./events.ts";
import { encodeJob } from "./wire.ts";
import { sampleJob } from "../../../test/support/sample-job.ts";

const job = sampleJob;
const cancelled: Job = { ...job, state: "cancelled", finishedAt: new Date(5) };

/** A job whose events a test sends one after the other. */
class WatchedJob {
  readonly clock = new ManualClock();
  readonly closing = new AbortController();
  isWatched = false;
  now: Job | undefined = job;
  #next = Promise.withResolvers<JobEvent>();

  send(event: JobEvent): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve(event);
  }

  open(): AsyncIterator<Buffer> {
    const events = async function* (this: WatchedJob, signal: AbortSignal): AsyncGenerator<JobEvent> {
      this.isWatched = true;
      const ended = new Promise<undefined>((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
      try {
        for (;;) {
          const event = await Promise.race([this.#next.promise, ended]);
          if (event === undefined) return;
          yield event;
        }
      } finally {
        this.isWatched = false;
      }
    };
    const stream = eventStream({
      jobs: { get: async () => this.now, watch: (_id, signal) => events.call(this, signal) },
      clock: this.clock,
      accountId: "local",
      jobId: job.id,
      encode: async (changed) => encodeJob(changed, { queuePosition: undefined, now: this.clock.now(), resultLink: undefined }),
      signal: this.closing.signal,
    });
    return stream[Symbol.asyncIterator]();
  }
}

async function readNext(stream: AsyncIterator<Buffer>): Promise<string | undefined> {
  const { done, value } = await stream.next();
  return done === true ? undefined : String(value);
}

describe("the event stream of a job", () => {
  it("begins with the state now and ends after the last one", async () => {
    const watched = new WatchedJob();
    const stream = watched.open();
    expect(await readNext(stream)).toMatch(/^event: state\ndata: \{.*"state":"queued".*\}\n\n$/);
    expect(watched.isWatched).toBe(true);
    const line = { sequence: 4, at: new Date(9), level: "info", message: "one\ntwo" } as const;
    const log = readNext(stream);
    watched.send({ type: "log", jobId: job.id, line });
    expect(await log).toBe(
      'event: log\ndata: {"sequence":4,"at":"1970-01-01T00:00:00.009Z","level":"info","message":"one\\ntwo"}\n\n',
    );
    const last = readNext(stream);
    watched.send({ type: "state", job: cancelled });
    expect(await last).toMatch(/"state":"cancelled"/);
    expect(await readNext(stream)).toBeUndefined();
  });

  it("ends at once for a job that has ended", async () => {
    const watched = new WatchedJob();
    watched.now = cancelled;
    const stream = watched.open();
    expect(await readNext(stream)).toMatch(/"state":"cancelled"/);
    expect(await readNext(stream)).toBeUndefined();
    expect(watched.isWatched).toBe(false);
  });

  it("says something every 15 seconds, so that the connection stays open", async () => {
    const watched = new WatchedJob();
    const stream = watched.open();
    await readNext(stream);
    const first = readNext(stream);
    await new Promise(setImmediate); // the stream waits now
    watched.clock.advance(14_999);
    watched.clock.advance(1);
    expect(await first).toBe(": still here\n\n");
    const last = readNext(stream);
    watched.send({ type: "state", job: cancelled });
    expect(await last).toMatch(/"state":"cancelled"/);
  });

  it("ends when the server closes", async () => {
    const watched = new WatchedJob();
    const stream = watched.open();
    await readNext(stream);
    const end = readNext(stream);
    await new Promise(setImmediate); // the stream waits now
    watched.closing.abort();
    expect(await end).toBeUndefined();
    expect(watched.isWatched).toBe(false);
  });
});
