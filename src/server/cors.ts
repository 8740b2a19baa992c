import cors from "@fastify/cors";
import type { FastifyPluginAsync } from "fastify";

/** Lets web pages of any site call these routes: what they may do there, their key says, and no cookie is looked at. */
export function withCors(routes: readonly FastifyPluginAsync[]): FastifyPluginAsync {
  return async (app) => {
    await app.register(cors, {
      origin: "*",
      methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
      exposedHeaders: ["Location", "Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Request-Id"],
      maxAge: 600,
    });
    for (const plugin of routes) await app.register(plugin);
  };
}
