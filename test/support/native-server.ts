import { generateKeyPairSync, randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify from "fastify";
import { type Accounts, createAccounts } from "../../src/accounts/accounts.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import { signingKeyOf } from "../../src/delivery/signing-key.ts";
import { createIngest } from "../../src/ingest/ingest.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobService } from "../../src/jobs/job-service.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { nativeRoutes } from "../../src/server/native/routes.ts";
import { createNativeWebhooks } from "../../src/server/native/webhook.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import { createSignedLinks } from "../../src/storage/signed-links.ts";
import { createTusStore } from "../../src/storage/tus-store.ts";
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
};

/** The native API on a listening server with real accounts, jobs, storage and deliveries, which `runDue` sends; only the
 *  work itself is done by hand. */
export async function startNativeServer(): Promise<NativeServer> {
  const clock = new ManualClock(new Date());
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  const made = await createTestDatabase("embedded");
  const { database } = made;
  const accounts = createAccounts({ database, clock, randomBytes });
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
      limits: { maxUploadBytes: 1024 ** 2, resultLifetimeSeconds, inputLifetimeSeconds: 3600 },
      engineThreads: 1,
      temporaryFolder: join(folder, "tmp"),
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
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      app.server.closeAllConnections();
      await app.close();
      await delivery.stop();
      await jobs[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
