import type { FastifyPluginAsync } from "fastify";
import { accountEventRoutes } from "./account-events.ts";
import { deliveryRoutes } from "./deliveries.ts";
import { docsPage } from "./docs-page.ts";
import { estimateRoutes } from "./estimates.ts";
import { frameRoutes } from "./frames.ts";
import { jobActionRoutes } from "./job-actions.ts";
import { jobRoutes } from "./jobs.ts";
import { openApiDocument } from "./openapi.ts";
import type { NativeParts } from "./parts.ts";
import { planRoutes } from "./plan.ts";
import { reportRoutes } from "./reports.ts";
import { resumableUploadRoutes } from "./resumable-uploads.ts";
import { sessionRoutes } from "./session.ts";
import { sourceRoutes } from "./sources.ts";
import { tasteRoutes } from "./tastes.ts";
import { uploadRoutes } from "./uploads.ts";

/** The native API, below /api. */
export function nativeRoutes(parts: NativeParts): FastifyPluginAsync {
  return async (app) => {
    await app.register(jobRoutes(parts));
    await app.register(reportRoutes(parts));
    await app.register(deliveryRoutes(parts));
    await app.register(uploadRoutes(parts));
    await app.register(resumableUploadRoutes(parts, parts.tus));
    await app.register(planRoutes(parts));
    await app.register(sessionRoutes(parts));
    await app.register(sourceRoutes(parts));
    await app.register(estimateRoutes(parts));
    await app.register(tasteRoutes(parts));
    await app.register(jobActionRoutes(parts));
    await app.register(accountEventRoutes(parts));
    await app.register(frameRoutes(parts));
    app.get("/api/openapi.json", async (request) => openApiDocument(parts.version, parts.publicBaseOf(request)));
    app.get("/api/webhook-key", async () => ({
      keys: [{ kty: "OKP", crv: "Ed25519", use: "sig", kid: parts.signingKey.keyId, x: parts.signingKey.publicKey }],
    }));
    app.get("/api/docs", async (request, reply) => {
      reply.header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'");
      return await reply.type("text/html; charset=utf-8").send(docsPage(parts.version, parts.publicBaseOf(request)));
    });
  };
}
