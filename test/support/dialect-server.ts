import { generateKeyPairSync, randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance, type FastifyPluginAsync } from "fastify";
import { createAccounts, type Accounts } from "../../src/accounts/accounts.ts";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { createAddressGuard } from "../../src/core/address.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import type { Database } from "../../src/db/database.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import { signingKeyOf } from "../../src/delivery/signing-key.ts";
import type { DialectParts } from "../../src/dialects/dialect-parts.ts";
import type { DialectName } from "../../src/domain/job.ts";
import type { WebhookEncoder } from "../../src/domain/webhook.ts";
import { createIngest } from "../../src/ingest/ingest.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobService } from "../../src/jobs/job-service.ts";
import { createCharge, createHoldByPlan } from "../../src/server/charge.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { fileRoutes } from "../../src/server/files.ts";
import { createOwnUrlToKey } from "../../src/server/own-url.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createSignedLinks } from "../../src/storage/signed-links.ts";
import { createInspectSource } from "../../src/worker/inspect-source.ts";
import { createTestDatabase } from "./databases.ts";
import { JobDriver } from "./job-driver.ts";

export type DialectServer = AsyncDisposable & {
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  readonly app: FastifyInstance;
  readonly database: Database;
  readonly accounts: Accounts;
  readonly jobs: JobService & JobRunner;
  readonly store: ObjectStore;
  readonly delivery: DeliveryService;
  readonly parts: DialectParts;
  /** Does a worker's part by hand. */
  readonly driver: JobDriver;
  /** Every request so far, as `METHOD url` with its headers. */
  readonly seen: { readonly line: string; readonly headers: Readonly<Record<string, string | string[] | undefined>> }[];
};

export type DialectServerOptions = {
  readonly dialect: DialectName;
  readonly routes: (parts: DialectParts, delivery: DeliveryService) => FastifyPluginAsync;
  readonly webhooks?: (parts: DialectParts) => WebhookEncoder;
  /** For a server of several dialects. */
  readonly encoders?: (parts: DialectParts) => Partial<Record<DialectName, WebhookEncoder>>;
  /** Price of a second of Runware output, in millionths of a US dollar. */
  readonly runwareSecondMicros?: number;
  /** What a request is routed by instead of its own path. */
  readonly rewriteUrl?: (headers: IncomingHttpHeaders, url: string) => string;
  readonly clock?: Clock;
  /** Jobs of one account at the same time. */
  readonly concurrency?: number;
};

/** One dialect, or several, on a listening server, with real accounts, jobs, storage, ingest from this machine and
 *  deliveries; only the work itself is done by hand. Without a key in its accounts it is open. */
export async function startDialectServer(options: DialectServerOptions): Promise<DialectServer> {
  const { clock = systemClock, concurrency = 100, runwareSecondMicros = 0 } = options;
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  const made = await createTestDatabase(process.env["UPRES_TEST_DIALECT_DATABASE"] === "postgres" ? "postgres" : "embedded");
  const { database } = made;
  const accounts = createAccounts({
    database,
    clock,
    randomBytes: (count) => Buffer.from(crypto.getRandomValues(new Uint8Array(count))),
  });
  const jobs = await createJobService({
    database,
    clock,
    logger: silentLogger,
    concurrencyLimit: () => Promise.resolve(concurrency),
    reserveCredits: (job, transaction) => accounts.ledger.reserve(job.accountId, job.id, job.priceMicros, transaction),
    runsWorker: true,
  });
  const prices = { runwareSecondMicros };
  jobs.onPlanned(createHoldByPlan({ ledger: accounts.ledger, prices }));
  jobs.onFinished(createCharge({ ledger: accounts.ledger, jobs, prices }));
  const store = createDiskStore({ folder: join(folder, "store") });
  const links = createSignedLinks({ secret: new Uint8Array(32).fill(7), clock: () => clock.now() });
  const ownUrlToKey = createOwnUrlToKey(links);
  const allow = ["127.0.0.0/8"];
  const ingest = createIngest({
    store,
    fetchOptions: { allow, maxBytes: 1024 ** 3, timeoutMs: 30_000, maxRedirects: 5 },
    ownUrlToKey,
  });
  const closing = new AbortController();
  const parts: DialectParts = {
    jobs,
    database,
    authenticate: async (credential, { counts }) => {
      const account = await accounts.identify(credential, { counts });
      return account === undefined ? undefined : { accountId: account.id };
    },
    accountFacts: async (accountId) => {
      const account = await accounts.get(accountId);
      const balanceMicros = account?.hasCreditLimit === true ? await accounts.ledger.balance(accountId, database) : undefined;
      return { accountId, maxConcurrentJobs: concurrency, balanceMicros };
    },
    store,
    ingest,
    inspectSource: createInspectSource({ ingest, store, temporaryFolder: join(folder, "tmp"), closing: closing.signal }),
    ownUrlToKey,
    links,
    publicBaseOf: ({ protocol, host }) => `${protocol}://${host}`,
    signingKey: signingKeyOf(generateKeyPairSync("ed25519").privateKey),
    clock,
    logger: silentLogger,
    closing: closing.signal,
    maxUploadBytes: 1024 ** 3,
    inputLifetimeSeconds: 86_400,
    resultLifetimeSeconds: 3600,
  };
  const allowAddress = createAddressGuard(allow);
  const delivery = createDelivery({
    database,
    jobs,
    send: (url, sendOptions) => safeSend(url, { ...sendOptions, allowAddress }),
    encoders: {
      ...options.encoders?.(parts),
      ...(options.webhooks !== undefined && { [options.dialect]: options.webhooks(parts) }),
    },
    clock,
    logger: silentLogger,
  });
  const seen: DialectServer["seen"] = [];
  const { rewriteUrl = (_headers, url) => url } = options;
  const app = fastify({
    routerOptions: { maxParamLength: 4096 },
    rewriteUrl: (request) => rewriteUrl(request.headers, request.url ?? "/"),
  });
  app.addHook("onRequest", async (request) => {
    seen.push({ line: `${request.method} ${request.originalUrl}`, headers: request.headers });
    await Promise.resolve();
  });
  app.setErrorHandler(createErrorHandler(silentLogger));
  await app.register(fileRoutes({ store, links, clock }));
  await app.register(options.routes(parts, delivery));
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    base,
    app,
    database,
    accounts,
    jobs,
    store,
    delivery,
    parts,
    driver: new JobDriver(jobs, store, randomUUID),
    seen,
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
