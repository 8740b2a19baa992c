import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fastify, { type FastifyInstance } from "fastify";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { safeSend } from "../../src/core/safe-send.ts";
import { createDelivery, type DeliveryService } from "../../src/delivery/create-delivery.ts";
import { signingKeyOf } from "../../src/delivery/signing-key.ts";
import type { FalLimits } from "../../src/dialects/fal/context.ts";
import { falHostRewrite } from "../../src/dialects/fal/hosts.ts";
import { falRoutes } from "../../src/dialects/fal/routes.ts";
import { createFalWebhooks } from "../../src/dialects/fal/webhook.ts";
import type { SigningKey } from "../../src/domain/webhook.ts";
import { createJobService } from "../../src/jobs/create-job-service.ts";
import type { JobRunner } from "../../src/jobs/job-runner.ts";
import type { JobService } from "../../src/jobs/job-service.ts";
import { createErrorHandler } from "../../src/server/errors.ts";
import { fileRoutes } from "../../src/server/files.ts";
import { createDiskStore } from "../../src/storage/disk-store.ts";
import type { ObjectStore } from "../../src/storage/object-store.ts";
import { createSignedLinks } from "../../src/storage/signed-links.ts";
import { createTestDatabase } from "./databases.ts";
import { JobDriver } from "./job-driver.ts";

export type FalServer = AsyncDisposable & {
  /** `http://127.0.0.1:port`. */
  readonly base: string;
  readonly app: FastifyInstance;
  readonly jobs: JobService & JobRunner;
  readonly store: ObjectStore;
  readonly delivery: DeliveryService;
  readonly signingKey: SigningKey;
  /** Does a worker's part by hand. */
  readonly driver: JobDriver;
  /** Every request so far, as `METHOD url` with its headers. */
  readonly seen: { readonly line: string; readonly headers: Readonly<Record<string, string | string[] | undefined>> }[];
  /** What happens to the next calls before they are looked at. */
  readonly front: { mishaps: ("503" | "429" | "drop")[] };
};

export const accounts = { "alice:secret": "alice", "bob:secret": "bob" } as const;

/** The fal dialect on a listening server with real jobs, storage and deliveries; only the work itself is done by hand. */
export async function startFalServer(
  options: { readonly clock?: Clock; readonly limits?: Partial<FalLimits> } = {},
): Promise<FalServer> {
  const { clock = systemClock, limits = {} } = options;
  const folder = await mkdtemp(join(tmpdir(), "upres-test-"));
  const made = await createTestDatabase("embedded");
  const { database } = made;
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
    encoders: { fal: createFalWebhooks({ links, signingKey, resultLifetimeSeconds }) },
    clock,
    logger: silentLogger,
  });
  const seen: FalServer["seen"] = [];
  const front: FalServer["front"] = { mishaps: [] };
  const app = fastify({
    routerOptions: { maxParamLength: 4096 },
    rewriteUrl: (request) => falHostRewrite(request.headers, request.url ?? "/"),
  });
  app.addHook("onRequest", async (request, reply) => {
    seen.push({ line: `${request.method} ${request.originalUrl}`, headers: request.headers });
    const mishap = front.mishaps.shift();
    if (mishap === "drop") {
      reply.hijack();
      request.raw.socket.destroy();
    } else if (mishap !== undefined) await reply.code(Number(mishap)).send({ detail: "busy" });
  });
  app.setErrorHandler(createErrorHandler(silentLogger));
  await app.register(fileRoutes({ store, links, clock }));
  await app.register(
    falRoutes({
      jobs,
      database,
      authenticate: (credential) => {
        const accountId = credential === undefined || !Object.hasOwn(accounts, credential) ? undefined : credential.split(":")[0];
        return Promise.resolve(accountId === undefined ? undefined : { accountId });
      },
      store,
      links,
      publicBaseOf: (request) => `${request.protocol}://${request.host}`,
      signingKey,
      tell: (transaction, told) => delivery.enqueue(transaction, told),
      clock,
      logger: silentLogger,
      limits: { resultLifetimeSeconds, reattachMs: 50, ...limits },
    }),
  );
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    base,
    app,
    jobs,
    store,
    delivery,
    signingKey,
    driver: new JobDriver(jobs, store, randomUUID),
    seen,
    front,
    [Symbol.asyncDispose]: async () => {
      app.server.closeAllConnections();
      await app.close();
      await delivery.stop();
      await jobs[Symbol.asyncDispose]();
      await made[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
