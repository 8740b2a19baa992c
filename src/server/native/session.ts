import type { FastifyPluginAsync } from "fastify";
import { boxes, containers, presets, tiers } from "../../domain/upscale-request.ts";
import { accountOf } from "../auth.ts";
import type { NativeParts } from "./parts.ts";
import type { SessionDocument } from "./page-wire.ts";

/** GET /api/session: who the caller is, and what there is to choose from. */
export function sessionRoutes(parts: NativeParts): FastifyPluginAsync {
  return async (app) => {
    app.get("/api/session", async (request): Promise<SessionDocument> => {
      const account = await accountOf(request, parts.accounts);
      const publicUrl = parts.publicBaseOf(request).replace(/\/+$/, "");
      const balance = account.hasCreditLimit ? await parts.balance(account.id) : undefined;
      return {
        version: parts.version,
        public_url: publicUrl,
        account: {
          id: account.id,
          name: account.name,
          is_admin: account.isAdmin,
          balance_micros: balance === undefined ? null : String(balance),
        },
        limits: {
          max_upload_bytes: parts.limits.maxUploadBytes,
          result_lifetime_seconds: parts.limits.resultLifetimeSeconds,
          input_lifetime_seconds: parts.limits.inputLifetimeSeconds,
        },
        tiers: [...tiers],
        presets: [...presets],
        boxes: [...boxes],
        containers: [...containers],
        dialects: describeDialects(publicUrl),
      };
    });
  };
}

/** As docs/migrate.md says them. */
function describeDialects(publicUrl: string): SessionDocument["dialects"] {
  return [
    { name: "native", title: "Upres", base_url: `${publicUrl}/api`, model: null, authorization: "Bearer" },
    {
      name: "fal",
      title: "fal",
      base_url: `${publicUrl}/fal/queue`,
      model: "fal-ai/bytedance-upscaler/upscale/video",
      authorization: "Key",
    },
    { name: "runware", title: "Runware", base_url: `${publicUrl}/v1`, model: "bytedance:50@1", authorization: "Bearer" },
    { name: "runway", title: "Runway", base_url: publicUrl, model: "upscale_v1", authorization: "Bearer" },
    { name: "useapi", title: "useapi.net", base_url: `${publicUrl}/v1/runwayml`, model: null, authorization: "Bearer" },
    { name: "wavespeed", title: "WaveSpeed", base_url: publicUrl, model: "runwayml/upscale-v1", authorization: "Bearer" },
  ];
}
