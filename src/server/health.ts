import type { FastifyPluginAsync } from "fastify";
import type { Accounts } from "../accounts/accounts.ts";
import { accountOf } from "./auth.ts";
import type { Metrics } from "./metrics.ts";

export type HealthParts = {
  readonly version: string;
  readonly accounts: Accounts;
  readonly metrics: Metrics;
  /** Rejects when the server cannot do its work: the database is away, say. */
  readonly checkReady: () => Promise<void>;
  readonly closing: AbortSignal;
};

/** /healthz (the process lives), /readyz (it can work), /metrics, and /api/health for people's programs. */
export function healthRoutes({ version, accounts, metrics, checkReady, closing }: HealthParts): FastifyPluginAsync {
  const isReady = async (): Promise<boolean> => {
    if (closing.aborted) return false;
    return await checkReady().then(
      () => true,
      () => false, // told to whoever asks; the log has the reason from where it happened
    );
  };

  return async (app) => {
    app.get("/healthz", async () => ({ status: "ok" }));
    app.get("/readyz", async (_request, reply) => {
      const ready = await isReady();
      return await reply.code(ready ? 200 : 503).send({ status: ready ? "ready" : "not ready" });
    });
    app.get("/api/health", async (_request, reply) => {
      const ready = await isReady();
      return await reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? "ready" : "not ready", version, open: await accounts.isOpen() });
    });
    // Figures tell of everyone's jobs, not of what is in them: any valid key may read them.
    app.get("/metrics", async (request, reply) => {
      await accountOf(request, accounts);
      const { contentType, text } = await metrics.render();
      return await reply.type(contentType).send(text);
    });
  };
}
