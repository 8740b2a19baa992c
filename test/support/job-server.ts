import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/core/clock.ts";
import type { Logger } from "../../src/core/logger.ts";
import { migrate } from "../../src/db/migrate.ts";
import { openDatabase } from "../../src/db/open-database.ts";
import { defaultRequest } from "../../src/domain/upscale-request.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { createWorker } from "../../src/worker/create-worker.ts";
import type { ServerCommand, ServerEvent, ServerOptions } from "./job-server-process.ts";

// Database, jobs and a worker in a process of its own, for tests that end it. Commands come and events go over the channel
// to its parent.

const options = JSON.parse(process.argv[2] ?? "{}") as ServerOptions; // written by job-server-process.ts
const { dataFolder, url, inputPath } = options;

const database = await openDatabase({ dataFolder, url });
await migrate(database);
await database.query("create table if not exists ends (job_id uuid not null, state text not null)");
const logger: Logger = {
  debug: () => undefined,
  info: (message, facts) => say({ type: "logged", message, facts }),
  warn: (message, facts) => say({ type: "logged", message, facts }),
  error: (message, facts) => say({ type: "logged", message, facts }),
  child: () => logger,
};
const jobs = await createJobService({
  database,
  clock: systemClock,
  logger,
  concurrencyLimit: () => Promise.resolve(options.accountLimit ?? 100),
  runsWorker: true,
});
jobs.onFinished(async ({ job }, transaction) => {
  await transaction.query("insert into ends (job_id, state) values ($1, $2)", [job.id, job.state]);
});
const worker = createWorker({
  jobs,
  store: createDiskStore({ folder: options.storeFolder ?? join(dataFolder, "objects") }),
  dataFolder,
  // The time is part of what a run knows its input by.
  fetchSource: (_source, path) => copyFile(inputPath, path),
  putResult: () => Promise.resolve(),
  upkeep: () => Promise.resolve(),
  hasPeers: url !== undefined,
  engineThreads: 2,
  concurrency: options.concurrency ?? 1,
  provider: "cpu",
  resultLifetimeSeconds: 3600,
  inputLifetimeSeconds: 3600,
  forgetDeliveries: () => Promise.resolve(0),
  logger,
  clock: systemClock,
});

process.on("message", (command) => void obey(command as ServerCommand)); // sent by job-server-process.ts
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
worker.start();
say({ type: "ready" });

async function obey(command: ServerCommand): Promise<void> {
  switch (command.type) {
    case "submit": {
      const request = { ...defaultRequest, tier: "fast", target: { kind: "scale", factor: 2 } } as const;
      const source = { kind: "url", url: "https://example.com/clip.mp4" } as const;
      const job = await jobs.submit({ accountId: "a", dialect: "native", request, source, reserveMicros: 0n });
      say({ type: "submitted", id: job.id });
      return;
    }
    case "watch":
      for await (const event of jobs.watch(command.id, new AbortController().signal)) {
        if (event.type === "log") say({ type: "line", id: command.id, message: event.line.message });
        else if (event.type === "progress") say({ type: "progress", id: command.id, framesDone: event.framesDone });
        else say({ type: "state", id: command.id, state: event.job.state });
      }
      // A job that had ended before has no events any more.
      say({ type: "state", id: command.id, state: (await jobs.get("a", command.id))?.state ?? "failed" });
      return;
    case "cancel":
      say({ type: "cancel", outcome: await jobs.cancel("a", command.id) });
      return;
    case "stop":
      await worker.stop();
      await jobs[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      process.exit(0);
  }
}

function say(event: ServerEvent): void {
  if (process.connected) process.send?.(event);
}
