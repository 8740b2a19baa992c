import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { type Accounts, createAccounts } from "../../src/accounts/accounts.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import type { Database } from "../../src/db/database.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import { signingKeyOf } from "../../src/delivery/signing-key.ts";
import { createIngest } from "../../src/ingest/ingest.ts";
import { changedJobs, lastChange } from "../../src/jobs/change-feed.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobService } from "../../src/jobs/job-service.ts";
import { pastWork } from "../../src/jobs/past-work.ts";
import { listWorkers } from "../../src/jobs/workers.ts";
import { adminRoutes } from "../../src/server/admin/routes.ts";
import { createControl } from "../../src/server/control.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { createLocalFiles } from "../../src/server/local-files.ts";
import { nativeRoutes } from "../../src/server/native/routes.ts";
import { createNativeWebhooks } from "../../src/server/native/webhook.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createSignedLinks } from "../../src/storage/signed-links.ts";
import { createTusStore } from "../../src/storage/tus-store.ts";
import { createViewer } from "../../src/worker/viewer.ts";
import { createTestDatabase } from "./databases.ts";
import { JobDriver } from "./job-driver.ts";
import { ManualClock } from "./manual-clock.ts";

export type NativeServer = AsyncDisposable & {
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  readonly accounts: Accounts;
  readonly jobs: JobService & JobRunner;
  readonly delivery: DeliveryService;
  /** Does a worker's part by hand. */
  readonly driver: JobDriver;
  readonly clock: ManualClock;
  readonly store: ObjectStore;
  readonly database: Database;
};

/** The native API on a listening server with real accounts, jobs, storage and deliveries, which `runDue` sends; only the
 *  work itself is done by hand. */
export async function startNativeServer(): Promise<NativeServer> {
  const clock = new ManualClock(new Date());
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  const made = await createTestDatabase("embedded");
  const { database } = made;
  const accounts = createAccounts({ database, clock, randomBytes, operatorSecret: new Uint8Array(32).fill(9) });
  const jobs = await createJobService({
    database,
    clock,
    logger: silentLogger,
    concurrencyLimit: () => Promise.resolve(100),
    runsWorker: true,
  });
  const store = createDiskStore({ folder: join(folder, "store") });
  const links = createSignedLinks({ secret: new Uint8Array(32).fill(7), clock: () => clock.now() });
  const signingKey = signingKeyOf(generateKeyPairSync("ed25519").privateKey);
  const resultLifetimeSeconds = 3600;
  const delivery = createDelivery({
    database,
    jobs,
    send: safeSend,
    encoders: { native: createNativeWebhooks({ signingKey, links, resultLifetimeSeconds, clock }) },
    clock,
    logger: silentLogger,
  });
  const viewer = createViewer();
  const localFiles = createLocalFiles({ store, folder: join(folder, "tmp") });
  const closing = new AbortController();
  const app = fastify();
  app.setErrorHandler(createErrorHandler(silentLogger));
  await app.register(
    nativeRoutes({
      version: "0.0.0",
      jobs,
      accounts,
      report: (jobId) => jobs.report(jobId),
      deliveries: delivery,
      store,
      links,
      ingest: createIngest({
        store,
        fetchOptions: { allow: ["127.0.0.0/8"], maxBytes: 1024 ** 2, timeoutMs: 30_000, maxRedirects: 5 },
        ownUrlToKey: () => undefined,
      }),
      tus: createTusStore({ folder: join(folder, "uploads") }),
      signingKey,
      clock,
      logger: silentLogger,
      publicBaseOf: ({ protocol, host }) => `${protocol}://${host}`,
      closing: closing.signal,
      limits: { maxUploadBytes: 8 * 1024 ** 2, resultLifetimeSeconds, inputLifetimeSeconds: 3600 },
      viewer,
      localFiles,
      feed: {
        changed: (accountId, after, limit) => changedJobs(database, accountId, { after, limit }),
        last: (accountId) => lastChange(database, accountId),
        onChange: (listener) => jobs.onChange(() => listener()),
      },
      balance: (accountId) => accounts.ledger.balance(accountId, database),
      queueCounts: () => jobs.counts(),
      pastWork: (tier, limit) => pastWork(database, tier, limit),
      sourcesInUse: () => jobs.sourcesInUse(),
      prices: { runwareSecondMicros: 0 },
      engineThreads: 1,
      temporaryFolder: join(folder, "tmp"),
    }),
  );
  await app.register(
    adminRoutes({
      control: createControl({ accounts, jobs, delivery }),
      accounts,
      clock,
      workers: () => listWorkers(database),
      queueCounts: () => jobs.counts(),
      deliveryCounts: () => delivery.counts(),
    }),
  );
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    base,
    accounts,
    jobs,
    delivery,
    driver: new JobDriver(jobs, store, randomUUID),
    clock,
    store,
    database,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      app.server.closeAllConnections();
      await app.close();
      await viewer[Symbol.asyncDispose]();
      await delivery.stop();
      await jobs[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
