import type { FastifyPluginAsync } from "fastify";
import { deliveryRoutes } from "./deliveries.ts";
import { docsPage } from "./docs-page.ts";
import { jobRoutes } from "./jobs.ts";
import { openApiDocument } from "./openapi.ts";
import type { NativeParts } from "./parts.ts";
import { planRoutes } from "./plan.ts";
import { reportRoutes } from "./reports.ts";
import { resumableUploadRoutes } from "./resumable-uploads.ts";
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
