import { randomBytes, randomUUID } from "node:crypto";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { type Accounts, createAccounts } from "./accounts/accounts.ts";
import type { Config } from "./config.ts";
import { createAddressGuard } from "./core/address.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import type { Logger } from "./core/logger.ts";
import { safeSend } from "./core/safe-send.ts";
import type { Database } from "./db/database.ts";
import { migrate } from "./db/migrate.ts";
import { openDatabase } from "./db/open-database.ts";
import { defaultRetrySchedule } from "./delivery/delivery.ts";
import { createDelivery } from "./delivery/create-delivery.ts";
import { signingKeyOf } from "./delivery/signing-key.ts";
import type { AccountFacts, DialectParts } from "./dialects/dialect-parts.ts";
import { falHostRewrite, hasHostedName } from "./dialects/fal/hosts.ts";
import { falRoutes } from "./dialects/fal/routes.ts";
import { createFalWebhooks } from "./dialects/fal/webhook.ts";
import { runwareRoutes } from "./dialects/runware/routes.ts";
import { runwayRoutes } from "./dialects/runway/routes.ts";
import { useapiRoutes } from "./dialects/useapi/routes.ts";
import { createUseapiWebhooks } from "./dialects/useapi/webhook.ts";
import { wavespeedRoutes } from "./dialects/wavespeed/routes.ts";
import { createWavespeedWebhooks } from "./dialects/wavespeed/webhook.ts";
import { createRunwareWebhooks } from "./dialects/runware/webhook.ts";
import { AppError } from "./domain/errors.ts";
import { version } from "./engine/version.ts";
import { createIngest } from "./ingest/ingest.ts";
import { changedJobs, lastChange } from "./jobs/change-feed.ts";
import { createJobService } from "./jobs/create-job-service.ts";
import { pastWork } from "./jobs/past-work.ts";
import { announceWorker, listWorkers, removeWorker } from "./jobs/workers.ts";
import { adminRoutes } from "./server/admin/routes.ts";
import { createCharge, createHoldByPlan } from "./server/charge.ts";
import { type Control, createControl } from "./server/control.ts";
import { newControlToken, removeControlFile, writeControlFile } from "./server/control-file.ts";
import { controlRoutes } from "./server/control-routes.ts";
import { withCors } from "./server/cors.ts";
import { createServer } from "./server/create-server.ts";
import { ownNames, refuseOpenToOthers } from "./server/exposure.ts";
import { fileRoutes } from "./server/files.ts";
import { healthRoutes } from "./server/health.ts";
import { loadInstallationKey } from "./server/installation-key.ts";
import { limitQueue } from "./server/limit-queue.ts";
import { createLocalFiles } from "./server/local-files.ts";
import { createLogger } from "./server/logger.ts";
import { createMetrics } from "./server/metrics.ts";
import { nativeRoutes } from "./server/native/routes.ts";
import { createNativeWebhooks } from "./server/native/webhook.ts";
import { openStore } from "./server/open-store.ts";
import { pageRoutes } from "./server/page.ts";
import { PollBudget } from "./server/poll-budget.ts";
import { createPutResult } from "./server/put-result.ts";
import { createOwnUrlToKey } from "./server/own-url.ts";
import { createSignedLinks } from "./storage/signed-links.ts";
import { createTusStore } from "./storage/tus-store.ts";
import { createViewer } from "./worker/viewer.ts";
import { createInspectSource } from "./worker/inspect-source.ts";
import { createWorker } from "./worker/create-worker.ts";

/** "control": neither serves nor works; for commands that look at the database. */
export type AppRole = "all" | "api" | "worker" | "control";

export type AppOverrides = { readonly role?: AppRole; readonly clock?: Clock; readonly logger?: Logger };

export type Listening = {
  readonly url: string | undefined;
  readonly isOpen: boolean;
  /** The page with this installation's own key, for whoever started the server and nobody else. */
  readonly pageUrl: string | undefined;
};

/** Everything that runs in one process.  Owns: the database, the queue, engines, the port. */
export interface App extends AsyncDisposable {
  readonly control: Control;
  /** Begins to serve and to work; the address, unless this role has none. */
  listen(): Promise<Listening>;
  /** Ends requests and hands unfinished work back to the queue. */
  close(): Promise<void>;
}

/** Builds every part in order, each from the ones before.
 *  Throws: AppError `bad_request` for a role that the settings do not allow, `workspace_busy` when the data is in use. */
export async function createApp(config: Config, overrides: AppOverrides = {}): Promise<App> {
  const { role = config.server.role, clock = systemClock, logger = createLogger(config.server.logLevel) } = overrides;
  refuseLoneWorker(role, config);
  await using building = new AsyncDisposableStack();
  const dataFolder = config.data.folder;
  const database = building.use(await openDatabase({ url: config.database.url?.reveal(), dataFolder }));
  await migrate(database);

  const signingKey = signingKeyOf(await loadInstallationKey(database, clock));
  const accounts = createAccounts({
    database,
    clock,
    randomBytes,
    open: config.accounts.open,
    isSoleWriter: database.kind === "embedded",
    operatorSecret: signingKey.deriveSecret("page"),
  });
  const links = createSignedLinks({ secret: signingKey.deriveSecret("links"), clock: () => clock.now() });
  const store = openStore(config.storage, dataFolder);
  const ingest = createIngest({
    store,
    fetchOptions: { ...config.fetch, maxRedirects },
    ownUrlToKey: createOwnUrlToKey(links),
  });

  const runsWorker = role === "all" || role === "worker";
  const runner = building.use(
    await createJobService({
      database,
      clock,
      logger,
      concurrencyLimit: async (accountId, transaction) =>
        (await accounts.get(accountId, transaction))?.maxConcurrentJobs ?? config.jobs.perAccountConcurrency,
      reserveCredits: (job, transaction) => accounts.ledger.reserve(job.accountId, job.id, job.priceMicros, transaction),
      runsWorker,
    }),
  );
  const jobs = limitQueue(runner, accounts, config.jobs.maxQueueLength);
  const prices = { runwareSecondMicros: config.hosted.runware.priceMicros };
  jobs.onPlanned(createHoldByPlan({ ledger: accounts.ledger, prices }));
  jobs.onFinished(createCharge({ ledger: accounts.ledger, jobs: runner, prices }));

  const { resultLifetimeSeconds, inputLifetimeSeconds } = config.jobs;
  const allowAddress = createAddressGuard(config.webhooks.allow);
  const delivery = createDelivery({
    database,
    jobs,
    send: (url, options) => safeSend(url, { ...options, allowAddress }),
    retry: { ...defaultRetrySchedule, timeoutMs: config.webhooks.timeoutMs },
    encoders: {
      native: createNativeWebhooks({ signingKey, links, resultLifetimeSeconds, clock }),
      fal: createFalWebhooks({ signingKey, links, resultLifetimeSeconds }),
      wavespeed: createWavespeedWebhooks({ signingKey, links, resultLifetimeSeconds }),
      useapi: createUseapiWebhooks({ links, resultLifetimeSeconds }),
      runware: createRunwareWebhooks({ links, resultLifetimeSeconds, secondMicros: config.hosted.runware.priceMicros }),
    },
    clock,
    logger,
  });

  const metrics = createMetrics({
    jobCounts: () => runner.counts(),
    deliveryCounts: () => delivery.counts(),
    now: () => clock.now(),
  });
  jobs.onFinished(async (finished) => metrics.jobFinished(finished));

  const announce = createAnnounce({ database, clock, concurrency: config.jobs.concurrency });
  const engineThreads = config.engine.threads ?? Math.max(1, Math.floor(availableParallelism() / config.jobs.concurrency));
  const worker = runsWorker
    ? createWorker({
        jobs: runner,
        store,
        dataFolder,
        fetchSource: (source, path, signal) => ingest.fetchSource(source, path, signal),
        forgetDeliveries: (before) => delivery.removeOld(before),
        putResult: createPutResult({ store, allowAddress, clock }),
        upkeep: async () => {
          // A server of its own does this by itself.
          if (database.kind === "embedded") await database.query("vacuum (analyze)");
        },
        hasPeers: config.database.url !== undefined,
        announce,
        engineThreads,
        concurrency: config.jobs.concurrency,
        // Nobody else writes to the embedded database, and submits in this process wake the worker themselves.
        pollMs: config.database.url === undefined ? 2_500 : 1_000,
        provider: config.engine.provider,
        resultLifetimeSeconds,
        inputLifetimeSeconds,
        logger,
        clock,
      })
    : undefined;

  const viewer = building.use(createViewer());
  const localFiles = building.use(createLocalFiles({ store, folder: join(dataFolder, "tmp") }));
  const control = createControl({ accounts, jobs, delivery });
  const controlToken = newControlToken();
  const closing = new AbortController();
  const publicBaseOf = ({ protocol, host }: { readonly protocol: string; readonly host: string }): string =>
    config.server.publicUrl ?? `${protocol}://${host}`;
  const limits = { maxUploadBytes: config.fetch.maxBytes, resultLifetimeSeconds, inputLifetimeSeconds };
  const common = { jobs, store, links, clock, logger, publicBaseOf, signingKey };
  const dialectParts: DialectParts = {
    ...common,
    ...limits,
    database,
    authenticate: async (credential, { counts }) => {
      const account = await accounts.identify(credential, { counts });
      return account === undefined ? undefined : { accountId: account.id };
    },
    accountFacts: async (accountId) => await accountFacts(accounts, accountId, database, config.jobs.perAccountConcurrency),
    ingest,
    ownUrlToKey: createOwnUrlToKey(links),
    inspectSource: createInspectSource({
      ingest,
      store,
      temporaryFolder: join(dataFolder, "tmp"),
      closing: closing.signal,
    }),
    closing: closing.signal,
  };
  const routes = [
    withCors([
      healthRoutes({
        version,
        accounts,
        metrics,
        checkReady: async () => void (await database.query("select 1")),
        closing: closing.signal,
      }),
      fileRoutes({ store, links, clock }),
      nativeRoutes({
        ...common,
        version,
        accounts,
        report: (jobId) => runner.report(jobId),
        deliveries: delivery,
        ingest,
        tus: createTusStore({ folder: join(dataFolder, "uploads"), expiresAfterMs: inputLifetimeSeconds * 1000 }),
        closing: closing.signal,
        limits,
        viewer,
        localFiles,
        feed: {
          changed: (accountId, after, limit) => changedJobs(database, accountId, { after, limit }),
          last: (accountId) => lastChange(database, accountId),
          onChange: (listener) => runner.onChange(() => listener()),
        },
        balance: (accountId) => accounts.ledger.balance(accountId, database),
        queueCounts: () => runner.counts(),
        pastWork: (tier, limit) => pastWork(database, tier, limit),
        sourcesInUse: () => runner.sourcesInUse(),
        prices,
        engineThreads,
        temporaryFolder: join(dataFolder, "tmp"),
      }),
    ]),
    pageRoutes(),
    adminRoutes({
      control,
      accounts,
      clock,
      workers: () => listWorkers(database),
      queueCounts: () => runner.counts(),
      deliveryCounts: () => delivery.counts(),
    }),
    controlRoutes(control, controlToken),
    falRoutes({
      ...dialectParts,
      tell: (transaction, message) => delivery.enqueue(transaction, message),
      limits: { maxUploadBytes: limits.maxUploadBytes, uploadLifetimeSeconds: inputLifetimeSeconds, resultLifetimeSeconds },
    }),
    runwayRoutes({
      ...dialectParts,
      ...config.hosted.runway,
      hostedLimits: config.hosted.holds,
      allowsHttp: !config.hosted.holds,
      dailyLimit: undefined,
      allowAddress: createAddressGuard(config.fetch.allow),
    }),
    wavespeedRoutes({
      ...dialectParts,
      ...config.hosted.wavespeed,
      hostedLimits: config.hosted.holds,
      allowsHttp: !config.hosted.holds,
    }),
    useapiRoutes({ ...dialectParts, maxSeconds: config.hosted.useapi.maxSeconds }),
    runwareRoutes({ ...dialectParts, target: config.hosted.runware.target, secondMicros: config.hosted.runware.priceMicros }),
  ];
  const serves = role === "all" || role === "api";
  const server = serves
    ? await createServer({
        ...config.server,
        isOwnName: ownNames(config.server, hasHostedName),
        accounts,
        logger,
        rewriteUrl: falHostRewrite,
        closing,
        pollBudget:
          worker === undefined ? undefined : new PollBudget({ isWorking: () => worker.isBusy, cores: pollCores(), clock }),
        routes,
      })
    : undefined;

  const resources = building.move();
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await server?.close();
    await removeControlFile(dataFolder, controlToken);
    await Promise.all([worker?.stop(), serves ? delivery.stop() : undefined]);
    await resources.disposeAsync();
  };
  const close = (): Promise<void> => (closed ??= end());
  const listen = async (): Promise<Listening> => {
    const isOpen = await accounts.isOpen();
    if (serves) refuseOpenToOthers({ ...config.server, isOpen, isForced: config.accounts.open === "always" });
    const url = await server?.listen();
    if (url !== undefined) await writeControlFile(dataFolder, { url, token: controlToken });
    if (serves) delivery.start();
    worker?.start();
    const key = accounts.operatorCredential;
    return { url, isOpen, pageUrl: url === undefined || key === undefined ? undefined : `${url}/#key=${key}` };
  };
  return { control, listen, close, [Symbol.asyncDispose]: close };
}

/** A twentieth of the machine for polls while it works: what they cost the work stays well under a tenth. */
function pollCores(): number {
  return availableParallelism() / 20;
}

/** Keeps the list of workers up to date with this process's. */
function createAnnounce({
  database,
  clock,
  concurrency,
}: {
  readonly database: Database;
  readonly clock: Clock;
  readonly concurrency: number;
}) {
  const facts = { id: randomUUID(), host: hostname(), version, startedAt: clock.now(), concurrency };
  return async (running: number | undefined): Promise<void> => {
    if (running === undefined) await removeWorker(database, facts.id);
    else await announceWorker(database, { ...facts, seenAt: clock.now(), running });
  };
}

const maxRedirects = 5;

async function accountFacts(
  accounts: Accounts,
  accountId: string,
  database: Database,
  defaultConcurrency: number,
): Promise<AccountFacts> {
  const account = await accounts.get(accountId);
  const isLimited = account?.hasCreditLimit === true;
  return {
    accountId,
    maxConcurrentJobs: account?.maxConcurrentJobs ?? defaultConcurrency,
    balanceMicros: isLimited ? await accounts.ledger.balance(accountId, database) : undefined,
  };
}

function refuseLoneWorker(role: AppRole, config: Config): void {
  if (role !== "worker" || config.database.url !== undefined) return;
  throw new AppError(
    "bad_request",
    "A worker on its own needs a database that it shares with the server: set UPRES_DATABASE_URL; `upres serve` works on jobs itself.",
  );
}
