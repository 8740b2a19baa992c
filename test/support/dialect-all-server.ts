import type { FastifyPluginAsync } from "fastify";
import { createAddressGuard } from "../../src/core/address.ts";
import type { DialectParts } from "../../src/dialects/dialect-parts.ts";
import { falHostRewrite } from "../../src/dialects/fal/hosts.ts";
import { falRoutes } from "../../src/dialects/fal/routes.ts";
import { createFalWebhooks } from "../../src/dialects/fal/webhook.ts";
import { runwareRoutes } from "../../src/dialects/runware/routes.ts";
import { createRunwareWebhooks } from "../../src/dialects/runware/webhook.ts";
import { runwayRoutes } from "../../src/dialects/runway/routes.ts";
import { useapiRoutes } from "../../src/dialects/useapi/routes.ts";
import { createUseapiWebhooks } from "../../src/dialects/useapi/webhook.ts";
import { wavespeedRoutes } from "../../src/dialects/wavespeed/routes.ts";
import { createWavespeedWebhooks } from "../../src/dialects/wavespeed/webhook.ts";
import type { DeliveryService } from "../../src/delivery/create-delivery.ts";
import { AppError } from "../../src/domain/errors.ts";
import { resolveOutputSize } from "../../src/domain/output-size.ts";
import { type DialectServer, startDialectServer } from "./dialect-server.ts";

/** What a second of Runware output costs on the server of all dialects. */
export const runwareSecondMicros = 5_000;

/** The five dialects on one server, mounted as the app mounts them; sources and callbacks may lie on this machine. */
export async function startAllDialects(): Promise<DialectServer> {
  return await startDialectServer({
    dialect: "fal",
    runwareSecondMicros,
    routes: allRoutes,
    rewriteUrl: falHostRewrite,
    encoders: (parts) => ({
      fal: createFalWebhooks(parts),
      runware: createRunwareWebhooks({ ...parts, secondMicros: runwareSecondMicros }),
      useapi: createUseapiWebhooks(parts),
      wavespeed: createWavespeedWebhooks(parts),
    }),
  });
}

function allRoutes(parts: DialectParts, delivery: DeliveryService): FastifyPluginAsync {
  const { maxUploadBytes, inputLifetimeSeconds, resultLifetimeSeconds } = parts;
  const plugins = [
    falRoutes({
      ...parts,
      tell: (transaction, message) => delivery.enqueue(transaction, message),
      limits: { maxUploadBytes, uploadLifetimeSeconds: inputLifetimeSeconds, resultLifetimeSeconds },
    }),
    runwayRoutes({
      ...parts,
      maxSeconds: 40,
      versionHeader: "auto",
      hostedLimits: true,
      allowsHttp: true,
      dailyLimit: undefined,
      allowAddress: createAddressGuard(["127.0.0.0/8"]),
      // The machine that tests run on may be slow.
      sourceTimeoutMs: 60_000,
    }),
    wavespeedRoutes({ ...parts, maxSeconds: 600, syncSeconds: 90, hostedLimits: true, allowsHttp: true }),
    useapiRoutes({ ...parts, maxSeconds: 40 }),
    runwareRoutes({ ...parts, target: "1080p", secondMicros: runwareSecondMicros }),
  ];
  return async (app) => {
    for (const plugin of plugins) await app.register(plugin);
  };
}

/** Does what a worker does with the next job, up to the result's bytes: fetches and looks at its video, plans, ends. */
export async function workByHand({ driver, parts, jobs, store }: DialectServer): Promise<void> {
  const claim = await driver.start();
  const { source, request } = claim.job;
  try {
    const { facts, key } = await parts.inspectSource(source, { timeoutMs: 60_000 });
    if (source.kind === "url") await store.delete(key);
    const { kind, size, durationSeconds } = facts;
    if (kind !== "video" || size === undefined) throw new AppError("no_video", "The file holds no video.");
    const { width, height } = resolveOutputSize(size, request.target);
    await jobs.recordPlan(claim, { durationSeconds, width, height });
    await driver.succeed(claim, { durationSeconds, width, height });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    await driver.fail(claim, { code: error.code, message: error.message, details: error.details });
  }
}
