import type { Command } from "commander";

/** The commands of the service, each loaded only when it is called. */
export type ServiceHandlers = {
  readonly serve: (options: unknown) => Promise<void>;
  readonly worker: (options: unknown) => Promise<void>;
  readonly createKey: (options: unknown) => Promise<void>;
  readonly listKeys: (options: unknown) => Promise<void>;
  readonly revokeKey: (id: string, options: unknown) => Promise<void>;
  readonly grantCredits: (id: string, dollars: string, options: unknown) => Promise<void>;
  readonly listJobs: (options: unknown) => Promise<void>;
  readonly listDeliveries: (options: unknown) => Promise<void>;
  readonly resendDelivery: (id: string, options: unknown) => Promise<void>;
};

/** Adds the commands of the service; every UPRES_… setting can also come from the environment. */
export function addServiceCommands(program: Command, handlers: ServiceHandlers): readonly Command[] {
  const serve = program
    .command("serve")
    .description("serve the APIs and work on their jobs; docs/configuration.md has all settings");
  serve
    .optionsGroup("Server:")
    .option("--host <address>", "address to listen on, 127.0.0.1 by default")
    .option("--port <number>", "port to listen on, 7878 by default")
    .option("--public-url <url>", "how callers reach it from outside")
    .option("--role <role>", "all (default), or api to leave the work to `upres worker`")
    .option("--force-open", "let others use it without a key");
  serve.action((options: unknown) => handlers.serve(options));
  const worker = program.command("worker").description("work on the jobs of a shared database (UPRES_DATABASE_URL)");
  worker.action((options: unknown) => handlers.worker(options));

  const keys = program.command("keys").description("make, list and revoke API keys, and grant credits");
  const createKey = keys.command("create").description("make a key and show it once");
  createKey
    .optionsGroup("Key:")
    .option("--name <text>", "what it is called in lists")
    .option("--admin", "may also see and change everyone's keys, limits, jobs and callbacks")
    .option("--account <id>", "an existing account; a new one by default")
    .option("--credits <dollars>", "what may be spent; no limit by default")
    .option("--concurrent <number>", "jobs at the same time")
    .option("--queue <number>", "jobs that may wait")
    .option("--rate <number>", "requests a minute");
  createKey.action((options: unknown) => handlers.createKey(options));
  const listKeys = keys.command("list").description("list the keys");
  listKeys.action((options: unknown) => handlers.listKeys(options));
  const revokeKey = keys.command("revoke <key>").description("end a key's validity");
  revokeKey.action((id: string, options: unknown) => handlers.revokeKey(id, options));
  const grant = keys.command("grant <account-or-key> <dollars>").description("add to what an account may spend");
  grant.action((id: string, dollars: string, options: unknown) => handlers.grantCredits(id, dollars, options));

  const jobs = program.command("jobs").description("look at jobs and their callbacks");
  const listJobs = jobs.command("list").description("list the latest jobs");
  listJobs.action((options: unknown) => handlers.listJobs(options));
  const listDeliveries = jobs.command("deliveries").description("list the latest callbacks");
  listDeliveries.action((options: unknown) => handlers.listDeliveries(options));
  const resend = jobs.command("resend <delivery>").description("send a callback again");
  resend.action((id: string, options: unknown) => handlers.resendDelivery(id, options));

  const runnable = [serve, worker, createKey, listKeys, revokeKey, grant, listJobs, listDeliveries, resend];
  for (const command of runnable) {
    command
      .optionsGroup("Server:")
      .option("--data <folder>", "where everything is kept, ./upres-data by default")
      .option("--log-level <level>", "debug, info (default), warn, error or silent");
  }
  return [keys, jobs, ...runnable];
}
