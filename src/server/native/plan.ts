import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { stringifyJson } from "../../core/json.ts";
import { AppError } from "../../domain/errors.ts";
import { inspect, type Inspection } from "../../engine/inspect.ts";
import { bundledModels } from "../../models/registry.ts";
import { accountOf } from "../auth.ts";
import type { NativeParts } from "./parts.ts";
import { uploadKey } from "./uploads.ts";
import { parseBody, PlanQuestion, toUpscaleRequest } from "./wire.ts";

/** Looking at videos is work for this process: so many at a time, and the others are told to come again. */
const mostAtOnce = 2;

/** POST /api/plan and /api/quote: what would be done with an upload, without doing it; GET /api/models. */
export function planRoutes(parts: NativeParts): FastifyPluginAsync {
  let running = 0;

  const look = async (request: FastifyRequest, reply: FastifyReply): Promise<Inspection> => {
    const account = await accountOf(request, parts.accounts);
    const { upload_id: uploadId, ...picture } = parseBody(PlanQuestion, request.body);
    const key = uploadKey(account.id, uploadId);
    if ((await parts.store.head(key)) === undefined) {
      throw new AppError("upload_not_found", "There is no such upload, or it is no longer kept.", { details: { id: uploadId } });
    }
    if (running >= mostAtOnce) {
      throw new AppError("rate_limited", "The server is looking at other videos; try again in a moment.", {
        details: { retryAfterSeconds: 2 },
        retryable: true,
      });
    }
    running += 1;
    const path = join(parts.temporaryFolder, `plan-${randomUUID()}`);
    const left = new AbortController();
    reply.raw.once("close", () => left.abort(new AppError("cancelled", "The caller has gone.")));
    const signal = AbortSignal.any([left.signal, parts.closing]);
    try {
      await parts.ingest.fetchSource({ kind: "object", key }, path, signal);
      return await inspect(path, toUpscaleRequest(picture), parts.engineThreads, signal);
    } finally {
      running -= 1;
      await rm(path, { force: true });
    }
  };

  return async (app) => {
    app.post("/api/plan", async (request, reply) => {
      const { plan } = await look(request, reply);
      reply.type("application/json; charset=utf-8");
      return stringifyJson(plan);
    });

    app.post("/api/quote", async (request, reply) => {
      const { plan } = await look(request, reply);
      return {
        output: { width: plan.outputSize.width, height: plan.outputSize.height, frames: plan.time.frames },
        duration_seconds: plan.time.durationSeconds,
        segments: plan.segments.length,
        multiply_adds: plan.macsPerFrame * plan.time.frames,
        price_micros: "0",
        decisions: plan.decisions,
      };
    });

    app.get("/api/models", async (request) => {
      await accountOf(request, parts.accounts);
      return {
        models: bundledModels.map(({ id, tier, preset, scale, parameters, licence }) => ({
          id,
          tier,
          preset,
          scale,
          parameters,
          licence,
        })),
      };
    });
  };
}
