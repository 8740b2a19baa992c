import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { errorFacts } from "../../core/logger.ts";
import { type FalParts, type FalRequest, defaultFalLimits } from "./context.ts";
import { replyToError } from "./errors.ts";
import { createDispatcher } from "./dispatch.ts";
import { type RoutedPath, routePath, routeTarget } from "./hosts.ts";
import { requestIdHeader } from "./names.ts";
import { type FalReply, json } from "./reply.ts";

const corsHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-fal-request-id, x-fal-error-type, x-fal-request-timeout-type, x-fal-billable-units, etag",
};

/** Everything below `/fal/`: the mounts, the proxy endpoint, and what `falHostRewrite` sends there. */
export function falRoutes(parts: FalParts): FastifyPluginAsync {
  const context = { ...parts, limits: { ...defaultFalLimits, ...parts.limits } };
  const dispatch = createDispatcher(context);

  const answer = async (request: FastifyRequest, path: RoutedPath, disconnected: AbortSignal): Promise<FalReply> => {
    const falRequest: FalRequest = {
      ...path,
      method: request.method,
      headers: request.headers,
      body: request.raw,
      publicBase: parts.publicBaseOf(request),
      disconnected,
    };
    try {
      return await dispatch(falRequest);
    } catch (error) {
      const reply = replyToError(error, randomUUID());
      if (reply.status >= 500)
        parts.logger.error("request failed", { dialect: "fal", method: request.method, ...errorFacts(error) });
      return reply;
    }
  };

  return async (app) => {
    app.removeAllContentTypeParsers();
    // Bodies are read by the handlers: after authentication, and uploads as streams.
    app.addContentTypeParser("*", (_request, _payload, done) => done(null, undefined));
    app.route({
      method: ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"],
      url: "/fal/*",
      config: { rateLimit: false },
      handler: async (request, reply) => {
        const path = pathOf(request);
        if (request.method === "OPTIONS") return await send(reply, preflight(request));
        if (path === undefined) return await send(reply, isProxy(request) ? json(400, "Invalid request") : notFound());
        return await send(reply, await answer(request, path, disconnection(reply)));
      },
    });
    await Promise.resolve();
  };
}

function isProxy({ url }: FastifyRequest): boolean {
  return routePath(url) === "proxy";
}

function pathOf(request: FastifyRequest): RoutedPath | undefined {
  const path = routePath(request.url);
  if (path !== "proxy") return path;
  const target = request.headers["x-fal-target-url"];
  return routeTarget(typeof target === "string" ? target : undefined);
}

function notFound(): FalReply {
  return json(404, { detail: "Not Found" });
}

function preflight(request: FastifyRequest): FalReply {
  const wanted = request.headers["access-control-request-headers"];
  return {
    status: 204,
    headers: {
      "access-control-allow-methods": "GET, POST, PUT, DELETE, OPTIONS",
      "access-control-allow-headers": wanted ?? "*",
      "access-control-max-age": "86400",
      vary: "access-control-request-headers",
    },
    body: { kind: "none" },
  };
}

function disconnection(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

async function send(reply: FastifyReply, { status, headers = {}, body }: FalReply): Promise<FastifyReply> {
  reply.code(status).headers({ ...corsHeaders, [requestIdHeader]: randomUUID(), ...headers });
  switch (body.kind) {
    case "json":
      return await reply.type("application/json").send(JSON.stringify(body.value));
    case "events":
      return await reply.type("text/event-stream").header("cache-control", "no-cache").send(Readable.from(body.events));
    case "none":
      return await reply.send();
  }
}
